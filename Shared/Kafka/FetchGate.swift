internal import CRdKafka
internal import Glibc
internal import Synchronization

/// Lets the thread that reads from a broker go on when there is room, and not a second later.
///
/// librdkafka 2.0.2 stops fetching for a whole second whenever enough is queued (2.2.0 made the time
/// a setting): without this, what is read ahead would have to last for that long, hundreds of
/// megabytes of it, or the consumer stands still. So the thread itself waits, where it has received
/// what it asked for and before it queues it. It waits for a bounded time, for it has other work: then
/// librdkafka's own limit is what holds.
final class FetchGate: Sendable {
    private let queued = Atomic(0)

    /// - Parameter count: records that wait to be taken now.
    func say(queued count: Int) { queued.store(count, ordering: .relaxed) }

    /// For whoever needs the thread for something else.
    func open() { say(queued: 0) }

    fileprivate func waitForRoom() {
        var waitedMs = 0
        while queued.load(ordering: .relaxed) >= Limits.prefetchRecords, waitedMs < Limits.gateMs {
            usleep(1_000)
            waitedMs += 1
        }
    }

    /// Has a client that is made of this configuration wait at the gate, which must outlive it.
    func guardClient(of configuration: OpaquePointer) {
        let own = Unmanaged.passUnretained(self).toOpaque()
        rd_kafka_conf_interceptor_add_on_new(
            configuration, name,
            { client, _, own, _, _ in
                rd_kafka_interceptor_add_on_response_received(client, name, receive, own)
            }, own)
    }
}

private let name = "fetch-gate"
/// Kafka's number of the request.
private let fetch: Int16 = 1

private func receive(
    _ client: OpaquePointer?, _ socket: Int32, _ broker: UnsafePointer<CChar>?, _ id: Int32,
    _ request: Int16, _ version: Int16, _ number: Int32, _ size: Int, _ rtt: Int64,
    _ error: rd_kafka_resp_err_t, _ gate: UnsafeMutableRawPointer?
) -> rd_kafka_resp_err_t {
    if request == fetch, let gate {
        Unmanaged<FetchGate>.fromOpaque(gate).takeUnretainedValue().waitForRoom()
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR
}
