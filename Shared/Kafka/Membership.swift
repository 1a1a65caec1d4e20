internal import CRdKafka

/// A consumer's part in its group: which partitions it has, and whom to ask and tell.
///
/// librdkafka calls in while it is polled, on the polling thread, and goes on only when the
/// handler has returned: a checkpoint written in `onRevoke` is written before another member is
/// given the partition.
final class Membership: Reports {
    typealias OnAssign = ([TopicPartition]) throws -> [Start]
    typealias OnRevoke = (_ partitions: [TopicPartition], _ lost: Bool) throws -> Void

    let gate = FetchGate()
    private(set) var assigned: Set<TopicPartition> = []
    /// Partitions taken away during this poll. Their records may have been fetched before, and
    /// must not be handed out after.
    private(set) var revokedInPoll: Set<TopicPartition> = []
    /// Partitions given back during the same poll, with where to start.
    private var takenBackInPoll: [TopicPartition: Int64] = [:]
    private var onAssign: OnAssign?
    private var onRevoke: OnRevoke?
    private var failure: (any Error)?

    func handle(assign: @escaping OnAssign, revoke: @escaping OnRevoke) {
        onAssign = assign
        onRevoke = revoke
    }

    func forgetHandlers() {
        onAssign = nil
        onRevoke = nil
    }

    func replaceAssigned(_ partitions: Set<TopicPartition>) { assigned = partitions }

    func beginPoll() {
        guard !revokedInPoll.isEmpty else { return }
        revokedInPoll = []
        takenBackInPoll = [:]
    }

    func takeFailure() -> (any Error)? {
        defer { failure = nil }
        return failure
    }

    /// Records of a partition that came back within one poll were dropped with the old ones:
    /// reads it again from where the handler said.
    func rereadTakenBack(_ client: OpaquePointer) -> KafkaError? {
        guard !takenBackInPoll.isEmpty else { return nil }
        defer { takenBackInPoll = [:] }
        let list = PartitionList(takenBackInPoll.map { ($0.key, $0.value) })
        let error = rd_kafka_seek_partitions(client, list.pointer, Membership.seekWaitMs)
        return error.map { KafkaError(taking: $0, "seek partitions that came back at once") }
    }

    fileprivate func assign(
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>, _ client: OpaquePointer,
        cooperative: Bool
    ) {
        let named = partitions(of: list)
        do {
            let starts = try onAssign?(named) ?? named.map { _ in .beginning }
            precondition(starts.count == named.count, "one start for each assigned partition")
            for (index, start) in starts.enumerated() {
                list.pointee.elems[index].offset = start.offset
                if revokedInPoll.contains(named[index]) {
                    takenBackInPoll[named[index]] = start.offset
                }
            }
        } catch {
            failure = failure ?? error
            // The group waits for an answer: take nothing.
            list.pointee.cnt = 0
        }
        if cooperative {
            if let error = rd_kafka_incremental_assign(client, list) {
                append(KafkaError(taking: error, "take on partitions"))
            }
        } else {
            assigned = []
            let code = rd_kafka_assign(client, list)
            if code != RD_KAFKA_RESP_ERR_NO_ERROR { append(KafkaError(code, "take on partitions")) }
        }
        if list.pointee.cnt > 0 { assigned.formUnion(named) }
        list.pointee.cnt = Int32(named.count)
    }

    fileprivate func revoke(
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>, _ client: OpaquePointer,
        cooperative: Bool
    ) {
        let named = partitions(of: list)
        let lost = rd_kafka_assignment_lost(client) != 0
        // What a failed `onAssign` never took on is not there to be given up.
        let held = named.filter { assigned.contains($0) }
        do { if !held.isEmpty { try onRevoke?(held, lost) } } catch { failure = failure ?? error }
        assigned.subtract(held)
        revokedInPoll.formUnion(held)
        for partition in held { takenBackInPoll[partition] = nil }
        if cooperative {
            if let error = rd_kafka_incremental_unassign(client, list) {
                append(KafkaError(taking: error, "give up partitions"))
            }
        } else {
            let code = rd_kafka_assign(client, nil)
            if code != RD_KAFKA_RESP_ERR_NO_ERROR { append(KafkaError(code, "give up partitions")) }
        }
    }

    private static let seekWaitMs: Int32 = 5_000
}

func rebalance(
    _ client: OpaquePointer?, _ code: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let client, let list, let opaque else { return }
    let membership = Unmanaged<Membership>.fromOpaque(opaque).takeUnretainedValue()
    membership.gate.open()
    let cooperative =
        rd_kafka_rebalance_protocol(client).map { String(cString: $0) } == "COOPERATIVE"
    if code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
        membership.assign(list, client, cooperative: cooperative)
    } else {
        membership.revoke(list, client, cooperative: cooperative)
    }
}
