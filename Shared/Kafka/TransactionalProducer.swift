internal import CRdKafka

/// Writes messages and the positions they came from in one transaction: who reads committed records
/// sees all of it or nothing, and who goes on from the positions repeats nothing.
///
/// One thread owns it. The order is `prepare` once, then `begin`, any number of `send`s,
/// `addPositions`, `commit`; or `abort` instead of the last. A call that threw
/// - `retriable` may be made again as it is;
/// - `abortable` leaves nothing to do but `abort`;
/// - `fatal` leaves nothing to do at all: another producer took the name over, or the broker gave
///   the transaction up. Make a new client.
///
/// - SeeAlso: KIP-98 and KIP-447; rdkafka.h, "Transactional producer API".
public final class TransactionalProducer {
    public struct Options: Sendable {
        public var cluster: Cluster
        /// Of two producers of one name the later fences the earlier.
        public var name: String
        /// How long a broker keeps a transaction open of which it hears nothing: readers of
        /// committed records wait that long behind a process that was killed.
        public var timeoutMs = 5_000
        /// Further librdkafka settings; they win over the ones set here and the cluster's.
        public var settings: [String: String] = [:]

        public init(_ cluster: Cluster, name: String) {
            self.cluster = cluster
            self.name = name
        }
    }

    private let handle: Handle
    private let reports: Reports
    private var topics: [String: OpaquePointer] = [:]
    private var lastTopic: (name: String, pointer: OpaquePointer)?

    public init(_ options: Options, log: ((KafkaLogLine) -> Void)? = nil) throws(KafkaError) {
        reports = Reports(log: log)
        handle = try Handle(
            RD_KAFKA_PRODUCER,
            settings: [
                TransactionalProducer.settings(options), options.cluster.settings,
                options.settings,
            ], reports: reports)
    }

    /// Drops what was not committed.
    deinit { for topic in topics.values { rd_kafka_topic_destroy(topic) } }

    private static func settings(_ options: Options) -> [String: String] {
        [
            "bootstrap.servers": options.cluster.bootstrapServers,
            "transactional.id": options.name,
            "transaction.timeout.ms": "\(options.timeoutMs)",
            // Whatever takes longer has outlived its transaction.
            "message.timeout.ms": "\(options.timeoutMs)",
            "socket.timeout.ms": "\(options.timeoutMs)",
            "enable.idempotence": "true",
            "acks": "all",
            "compression.codec": "lz4",
            // Nothing is seen before the commit, which does not wait for this: batches may fill.
            "linger.ms": "100",
            "batch.num.messages": "50000",
            "partitioner": "murmur2_random",
            "allow.auto.create.topics": "false",
            "message.max.bytes": "\(Limits.messageBytesMax)",
            "queue.buffering.max.messages": "500000",
            "queue.buffering.max.kbytes": "262144",
            "reconnect.backoff.ms": "100",
            "reconnect.backoff.max.ms": "2000",
            "socket.nagle.disable": "true",
        ]
    }

    /// The error after which this producer is of no use, if there was one.
    public var fatalError: KafkaError? { handle.fatalError }

    /// Connection errors and the like since the last call.
    public func takeErrors() -> [KafkaError] {
        rd_kafka_poll(handle.pointer, 0)
        return reports.takeErrors()
    }

    /// Takes the name, and ends what its former holder left open.
    public func prepare(timeoutMs: Int) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_init_transactions(handle.pointer, Int32(clamping: timeoutMs)),
            "prepare transactions")
    }

    public func begin() throws(KafkaError) {
        try KafkaError.check(rd_kafka_begin_transaction(handle.pointer), "begin a transaction")
    }

    /// Queues a message of the open transaction, waiting for room when there is none. Whether it was
    /// written, `commit` says.
    ///
    /// - Parameter partition: nil to choose it by the key as Kafka's own clients do.
    public func send(
        to topic: String, partition: Int32? = nil, key: Span<UInt8>, value: Span<UInt8>
    ) throws(KafkaError) {
        let pointer = try self.pointer(to: topic)
        let code = key.withUnsafeBufferPointer { key in
            value.withUnsafeBufferPointer { value in
                enqueue(pointer, partition ?? RD_KAFKA_PARTITION_UA, key, value)
            }
        }
        try KafkaError.check(code, "send to \"\(topic)\"")
    }

    /// Puts the next offset to read of each partition into the transaction.
    public func addPositions(
        _ next: [TopicPartition: Int64], of consumer: BatchConsumer, timeoutMs: Int
    ) throws(KafkaError) {
        guard !next.isEmpty else { return }
        guard let member = rd_kafka_consumer_group_metadata(consumer.handle.pointer) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, "name the consumer's group")
        }
        defer { rd_kafka_consumer_group_metadata_destroy(member) }
        let list = PartitionList(next.map { ($0.key, $0.value) })
        try KafkaError.check(
            rd_kafka_send_offsets_to_transaction(
                handle.pointer, list.pointer, member, Int32(clamping: timeoutMs)),
            "add \(next.count) positions to the transaction")
    }

    /// Waits until everything sent is written, and makes it visible.
    public func commit(timeoutMs: Int) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_commit_transaction(handle.pointer, Int32(clamping: timeoutMs)),
            "commit a transaction")
    }

    /// Takes back everything since `begin`.
    public func abort(timeoutMs: Int) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_abort_transaction(handle.pointer, Int32(clamping: timeoutMs)),
            "abort a transaction")
    }

    private func enqueue(
        _ topic: OpaquePointer, _ partition: Int32, _ key: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>
    ) -> rd_kafka_resp_err_t {
        var waitedMs = 0
        while true {
            let isQueued = rd_kafka_produce(
                topic, partition, Int32(RD_KAFKA_MSG_F_COPY),
                UnsafeMutableRawPointer(mutating: value.baseAddress), value.count,
                key.baseAddress, key.count, nil)
            if isQueued == 0 { return RD_KAFKA_RESP_ERR_NO_ERROR }
            let code = rd_kafka_last_error()
            guard code == RD_KAFKA_RESP_ERR__QUEUE_FULL, waitedMs < Limits.sendWaitMs else {
                return code
            }
            rd_kafka_poll(handle.pointer, 10)
            waitedMs += 10
        }
    }

    private func pointer(to topic: String) throws(KafkaError) -> OpaquePointer {
        if let lastTopic, lastTopic.name == topic { return lastTopic.pointer }
        let pointer: OpaquePointer
        if let known = topics[topic] {
            pointer = known
        } else {
            precondition(topics.count < Limits.topicsMax, "more than \(Limits.topicsMax) topics")
            guard let created = rd_kafka_topic_new(handle.pointer, topic, nil) else {
                throw KafkaError(rd_kafka_last_error(), "name the topic \"\(topic)\"")
            }
            topics[topic] = created
            pointer = created
        }
        lastTopic = (topic, pointer)
        return pointer
    }
}
