internal import CRdKafka

/// Writes messages, in order per partition and once each, and counts what became of them.
///
/// One thread owns it. `send` only queues: a message is written when `flush` says so.
public final class Producer {
    public struct Options: Sendable {
        public var cluster: Cluster
        /// Further librdkafka settings; they win over the ones set here and the cluster's.
        public var settings: [String: String] = [:]

        public init(_ cluster: Cluster) { self.cluster = cluster }

        public init(bootstrapServers: String) {
            self.init(Cluster(bootstrapServers: bootstrapServers))
        }
    }

    /// What became of the messages sent since the last `flush`.
    public enum Outcome: Equatable, Sendable {
        /// Each was written by all replicas in sync.
        case delivered
        /// This many were not, and will not be; the rest was.
        case failed(Int, first: KafkaError)
        /// This many are still under way when the time is out.
        case outstanding(Int)
    }

    /// The largest message that is taken, key and headers included, unless the settings say else.
    public static var messageBytesMax: Int { Limits.messageBytesMax }

    private let handle: Handle
    private let deliveries: Deliveries
    private var topics: [String: OpaquePointer] = [:]
    private var lastTopic: (name: String, pointer: OpaquePointer)?

    /// - Parameter log: called with librdkafka's log lines, while sending and flushing.
    public init(_ options: Options, log: ((KafkaLogLine) -> Void)? = nil) throws(KafkaError) {
        let deliveries = Deliveries(log: log)
        let settings = [
            "bootstrap.servers": options.cluster.bootstrapServers,
            "enable.idempotence": "true",
            "acks": "all",
            "compression.codec": "lz4",
            "linger.ms": "5",
            "partitioner": "murmur2_random",
            "allow.auto.create.topics": "false",
            "message.max.bytes": "\(Limits.messageBytesMax)",
            "message.timeout.ms": "300000",
            "queue.buffering.max.messages": "100000",
            "queue.buffering.max.kbytes": "262144",
            "reconnect.backoff.ms": "100",
            "reconnect.backoff.max.ms": "2000",
            "socket.nagle.disable": "true",
        ]
        handle = try Handle(
            RD_KAFKA_PRODUCER,
            settings: [settings, options.cluster.settings, options.settings], reports: deliveries
        ) { rd_kafka_conf_set_dr_msg_cb($0, reportDelivery) }
        self.deliveries = deliveries
    }

    /// Drops what was not flushed.
    deinit { for topic in topics.values { rd_kafka_topic_destroy(topic) } }

    /// Messages taken by `send` since the start.
    public var sent: Int { deliveries.sent }
    /// Messages reported as written since the start.
    public var delivered: Int { deliveries.delivered }
    /// Messages reported as failed since the start, by error.
    public var failed: [KafkaError.Code: Int] { deliveries.failed }
    /// The first failure since the start.
    public var firstFailure: KafkaError? { deliveries.firstFailure }
    /// Messages without a report yet.
    public var outstanding: Int { deliveries.sent - deliveries.delivered - deliveries.failedCount }
    /// The error after which this producer is of no use, if there was one.
    public var fatalError: KafkaError? { handle.fatalError }

    /// Connection errors and the like since the last call.
    public func takeErrors() -> [KafkaError] { deliveries.takeErrors() }

    /// Queues a message, waiting for room when there is none.
    ///
    /// - Parameters:
    ///   - partition: nil to choose it by the key as Kafka's own clients do.
    ///   - value: nil writes a tombstone.
    ///   - timestampMs: milliseconds since 1970; nil for now.
    /// - Throws: `messageTooLarge` for one beyond the limit, `unknownPartition`, or `queueFull`
    ///   after `Limits.sendWaitMs`; the message is then not queued.
    public func send(
        to topic: String, partition: Int32? = nil, key: [UInt8]?, value: [UInt8]?,
        headers: [(name: String, value: [UInt8])] = [], timestampMs: Int64? = nil
    ) throws(KafkaError) {
        precondition(headers.count <= Limits.headersMax, "\(headers.count) headers")
        let pointer = try self.pointer(to: topic)
        let list = headers.isEmpty ? nil : rd_kafka_headers_new(headers.count)
        for header in headers {
            _ = header.value.withUnsafeBytes { bytes in
                rd_kafka_header_add(
                    list, header.name, -1, bytes.baseAddress ?? emptyByte, bytes.count)
            }
        }
        let error = withBytes(of: key) { key in
            withBytes(of: value) { value in
                var fields: [7 of rd_kafka_vu_t] = .init(repeating: rd_kafka_vu_t())
                fields[0].vtype = RD_KAFKA_VTYPE_RKT
                fields[0].u.rkt = pointer
                fields[1].vtype = RD_KAFKA_VTYPE_PARTITION
                fields[1].u.i32 = partition ?? RD_KAFKA_PARTITION_UA
                fields[2].vtype = RD_KAFKA_VTYPE_VALUE
                fields[2].u.mem = .init(
                    ptr: UnsafeMutableRawPointer(mutating: value.baseAddress), size: value.count)
                fields[3].vtype = RD_KAFKA_VTYPE_KEY
                fields[3].u.mem = .init(
                    ptr: UnsafeMutableRawPointer(mutating: key.baseAddress), size: key.count)
                fields[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP
                fields[4].u.i64 = timestampMs ?? 0
                // The bytes are ours only until this returns.
                fields[5].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                fields[5].u.i = RD_KAFKA_MSG_F_COPY
                fields[6].vtype = RD_KAFKA_VTYPE_HEADERS
                fields[6].u.headers = list
                return enqueue(&fields, count: list == nil ? 6 : 7)
            }
        }
        guard let error else {
            deliveries.sent += 1
            return
        }
        // Only a message that was taken takes its headers along.
        if let list { rd_kafka_headers_destroy(list) }
        throw KafkaError(taking: error, "send to \"\(topic)\"")
    }

    /// Takes delivery reports that have arrived, without waiting.
    public func poll() { rd_kafka_poll(handle.pointer, 0) }

    /// Waits until every message sent has a report, and says how they fared since the last call.
    public func flush(timeoutMs: Int) -> Outcome {
        // It returns an error when the time is out, and nothing but that; the counts say it, too.
        rd_kafka_flush(handle.pointer, Int32(clamping: timeoutMs))
        if outstanding > 0 { return .outstanding(outstanding) }
        return deliveries.takeOutcome()
    }

    private func enqueue(
        _ fields: inout [7 of rd_kafka_vu_t], count: Int
    ) -> OpaquePointer? {
        var waitedMs = 0
        while true {
            let error = withUnsafePointer(to: &fields) { fields in
                fields.withMemoryRebound(to: rd_kafka_vu_t.self, capacity: count) {
                    rd_kafka_produceva(handle.pointer, $0, count)
                }
            }
            guard let error else { return nil }
            guard rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL,
                waitedMs < Limits.sendWaitMs
            else { return error }
            rd_kafka_error_destroy(error)
            // Returns early when reports arrive, so the sum is an upper bound of the wait.
            if rd_kafka_poll(handle.pointer, 100) == 0 { waitedMs += 100 }
        }
    }

    private func pointer(to topic: String) throws(KafkaError) -> OpaquePointer {
        if let lastTopic, lastTopic.name == topic { return lastTopic.pointer }
        if let known = topics[topic] {
            lastTopic = (topic, known)
            return known
        }
        precondition(topics.count < Limits.topicsMax, "more than \(Limits.topicsMax) topics")
        guard let created = rd_kafka_topic_new(handle.pointer, topic, nil) else {
            throw KafkaError(rd_kafka_last_error(), "name the topic \"\(topic)\"")
        }
        topics[topic] = created
        lastTopic = (topic, created)
        return created
    }
}

/// The delivery reports of one producer.
private final class Deliveries: Reports {
    var sent = 0
    private(set) var delivered = 0
    private(set) var failed: [KafkaError.Code: Int] = [:]
    private(set) var failedCount = 0
    private(set) var firstFailure: KafkaError?
    private var failedSinceFlush = 0
    private var firstSinceFlush: KafkaError?

    func takeOutcome() -> Producer.Outcome {
        guard let first = firstSinceFlush else { return .delivered }
        defer {
            failedSinceFlush = 0
            firstSinceFlush = nil
        }
        return .failed(failedSinceFlush, first: first)
    }

    func report(_ message: UnsafePointer<rd_kafka_message_t>) {
        let code = message.pointee.err
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else {
            delivered += 1
            return
        }
        failed[KafkaError.Code(code), default: 0] += 1
        failedCount += 1
        failedSinceFlush += 1
        guard firstSinceFlush == nil else { return }
        let topic = message.pointee.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? "?"
        let error = KafkaError(
            code, "deliver to \(TopicPartition(topic, message.pointee.partition))")
        firstSinceFlush = error
        if firstFailure == nil { firstFailure = error }
    }
}

private func reportDelivery(
    _ client: OpaquePointer?, _ message: UnsafePointer<rd_kafka_message_t>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let message, let opaque else { return }
    Unmanaged<Deliveries>.fromOpaque(opaque).takeUnretainedValue().report(message)
}

/// What to point at where there are no bytes, so that empty stays apart from absent.
/// `nonisolated(unsafe)` holds because the address never changes and nothing reads or writes there.
nonisolated(unsafe) private let emptyByte = UnsafeRawPointer(
    UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))

private func withBytes<Result>(
    of bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer) -> Result
) -> Result {
    guard let bytes else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return bytes.withUnsafeBytes { buffer in
        body(UnsafeRawBufferPointer(start: buffer.baseAddress ?? emptyByte, count: buffer.count))
    }
}
