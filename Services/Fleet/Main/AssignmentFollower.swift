internal import Kafka
internal import Runtime
internal import Telemetry
internal import Topics
internal import Workload

/// Reads `assignments` as they come: where the fleet runs what.
final class AssignmentFollower {
    private let consumer: BatchConsumer
    private let program: Program
    private var hasComplained = false

    private static let requestMs = 5_000
    /// How long a start waits for the assignments that are there already.
    private static let startMs: Int64 = 5_000

    /// - Parameter placements: takes the assignments that are there already.
    init(_ cluster: Cluster, _ program: Program, _ placements: inout Placements) throws {
        self.program = program
        var options = BatchConsumer.Options(cluster)
        options.reportsPartitionEnd = true
        consumer = try BatchConsumer(options)
        do {
            try consumer.assignAll(
                of: [Topic.assignments.name], from: .beginning, timeoutMs: Self.requestMs)
        } catch {
            // Events then name no worker; that is no reason to send none.
            program.log.warning("assignments not followed", [.error: .string("\(error)")])
            return
        }
        var unread = consumer.assignment
        let giveUpMs = Clock.monotonicMs + Self.startMs
        while !unread.isEmpty, Clock.monotonicMs < giveUpMs, !program.stop.isRequested {
            try read(waitMs: 100, &unread, &placements)
        }
    }

    func poll(_ placements: inout Placements) throws {
        var unread: Set<TopicPartition> = []
        try read(waitMs: 0, &unread, &placements)
    }

    private func read(
        waitMs: Int, _ unread: inout Set<TopicPartition>, _ placements: inout Placements
    ) throws {
        try consumer.withBatch(timeoutMs: waitMs) { batch in
            for event in batch.events {
                if case .partitionEnd(let partition, _) = event { unread.remove(partition) }
            }
            for record in batch { take(record, &placements) }
        }
    }

    private func take(_ record: RecordView, _ placements: inout Placements) {
        guard !record.isTombstone else {
            let key = record.copyKey().map { String(decoding: $0, as: UTF8.self) }
            if let function = key.flatMap({ FunctionID(path: $0) }) {
                placements.unassign(function)
            }
            return
        }
        // The header that every stage's messages carry.
        let epoch = record.header("epoch").flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
        do {
            let assignment = try record.withValue { (value) throws(Rejection) in
                try Assignment(decoding: value)
            }
            placements.assign(assignment, epoch: epoch ?? 0)
        } catch {
            guard !hasComplained else { return }
            hasComplained = true
            program.log.warning(
                "assignment rejected; later ones will be passed over without a word",
                [.offset: .integer(Int(record.offset)), .reason: .string("\(error)")])
        }
    }
}
