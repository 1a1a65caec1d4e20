internal import CRdKafka

/// Reads topics in batches, as a member of a group or on its own.
///
/// One thread owns it: every call, and every callback, happens on the thread that polls. It keeps
/// no offsets at the broker unless `commit` is called: the caller says where to start.
public final class BatchConsumer {
    /// How a group shares partitions out.
    public enum Rebalancing: Sendable {
        /// `range`: every rebalance takes all partitions away and gives them out anew.
        case eager
        /// `cooperative-sticky`: only partitions that move are taken away.
        case cooperative
    }

    public struct Options: Sendable {
        public var cluster: Cluster
        /// The group to be a member of; nil to read assigned partitions without one.
        public var group: String?
        public var rebalancing = Rebalancing.eager
        public var batchRecordsMax = Limits.batchRecordsMax
        /// Whether reading to the end of a partition is an event.
        public var reportsPartitionEnd = false
        /// Further librdkafka settings; they win over the ones set here and the cluster's.
        public var settings: [String: String] = [:]

        public init(_ cluster: Cluster, group: String? = nil) {
            self.cluster = cluster
            self.group = group
        }

        public init(bootstrapServers: String, group: String? = nil) {
            self.init(Cluster(bootstrapServers: bootstrapServers), group: group)
        }
    }

    let handle: Handle
    let membership: Membership
    private let queue: OpaquePointer
    private let slots: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    private let slotTopics: UnsafeMutablePointer<TopicIndex>
    private let capacity: Int
    private let isMember: Bool
    private var topics = TopicTable()
    private var state = State.open

    private enum State { case open, polling, closed }

    /// - Parameter log: called with librdkafka's log lines, while polling.
    public init(_ options: Options, log: ((KafkaLogLine) -> Void)? = nil) throws(KafkaError) {
        precondition(
            (1...Limits.batchRecordsMax).contains(options.batchRecordsMax),
            "batchRecordsMax \(options.batchRecordsMax), expected 1...\(Limits.batchRecordsMax)")
        let membership = Membership(log: log)
        let handle = try Handle(
            RD_KAFKA_CONSUMER,
            settings: [
                BatchConsumer.settings(options), options.cluster.settings, options.settings,
            ], reports: membership
        ) { configuration in
            rd_kafka_conf_set_rebalance_cb(configuration, rebalance)
            membership.gate.guardClient(of: configuration)
        }
        rd_kafka_poll_set_consumer(handle.pointer)
        queue = rd_kafka_queue_get_consumer(handle.pointer)
        self.handle = handle
        self.membership = membership
        capacity = options.batchRecordsMax
        isMember = options.group != nil
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: nil, count: capacity)
        slotTopics = .allocate(capacity: capacity)
        slotTopics.initialize(repeating: TopicIndex(rawValue: 0), count: capacity)
    }

    deinit {
        // The handlers may refer to what is gone already: leave the group without them.
        membership.forgetHandlers()
        if state != .closed { shut() }
        slots.deallocate()
        slotTopics.deallocate()
    }

    /// Everything that we rely on, said rather than left to a default.
    private static func settings(_ options: Options) -> [String: String] {
        [
            "bootstrap.servers": options.cluster.bootstrapServers,
            // librdkafka wants a group for `assign`, too; without commits it stays unknown.
            "group.id": options.group ?? "antiphase-without-group",
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            "auto.offset.reset": "earliest",
            "allow.auto.create.topics": "false",
            "session.timeout.ms": "6000",
            "heartbeat.interval.ms": "500",
            "max.poll.interval.ms": "300000",
            "partition.assignment.strategy": options.rebalancing == .eager
                ? "range" : "cooperative-sticky",
            "isolation.level": "read_committed",
            "enable.partition.eof": options.reportsPartitionEnd ? "true" : "false",
            "fetch.min.bytes": "1",
            "fetch.wait.max.ms": "500",
            "fetch.error.backoff.ms": "100",
            "fetch.message.max.bytes": "\(Limits.fetchBytesPerPartition)",
            "queued.min.messages": "\(Limits.prefetchRecordsMax)",
            "queued.max.messages.kbytes": "\(Limits.prefetchKilobytesMax)",
            "reconnect.backoff.ms": "100",
            "reconnect.backoff.max.ms": "2000",
            "socket.nagle.disable": "true",
        ]
    }

    /// The names of the topics seen so far, by `TopicIndex`.
    public var topicNames: [String] { topics.names }

    public func topicName(_ index: TopicIndex) -> String { topics.names[Int(index.rawValue)] }

    /// The number of a topic, given out now when it has none yet.
    public func topicIndex(_ name: String) -> TopicIndex { topics.index(of: name) }

    /// The partitions that this member has, or that were assigned by hand.
    public var assignment: Set<TopicPartition> { membership.assigned }

    /// Calls `body` with what has arrived, possibly nothing, after waiting at most `timeoutMs`
    /// for the first of it. A batch is never waited for to fill.
    ///
    /// Rebalance handlers run inside, before `body`; records of partitions that they took away
    /// are not handed out any more.
    /// - Throws: what a rebalance handler or `body` threw. After a handler threw, the member
    ///   holds the partitions without reading them: close it.
    public func withBatch<Result>(
        timeoutMs: Int, _ body: (RecordBatch) throws -> Result
    ) throws -> Result {
        precondition(state == .open, "polled a consumer that is \(state)")
        state = .polling
        defer { state = .open }
        membership.beginPoll()
        var taken = drain(from: 0)
        if taken == 0, timeoutMs > 0 {
            slots[0] = rd_kafka_consumer_poll(handle.pointer, Int32(clamping: timeoutMs))
            if slots[0] != nil { taken = 1 + drain(from: 1) }
        }
        membership.gate.say(queued: rd_kafka_queue_length(queue))
        var kept = 0
        defer { for slot in 0..<kept { rd_kafka_message_destroy(slots[slot]) } }
        let events = sort(taken, kept: &kept)
        if let failure = membership.takeFailure() { throw failure }
        return try body(
            RecordBatch(events: events, count: kept, slots: slots, topics: slotTopics))
    }

    /// Leaves the group; the revoke handler runs before this returns.
    /// - Throws: what the handler threw; the consumer is closed all the same.
    public func close() throws {
        guard state != .closed else { return }
        precondition(state == .open, "closed a consumer inside its own batch")
        shut()
        let failure = membership.takeFailure()
        membership.forgetHandlers()
        if let failure { throw failure }
    }

    private func shut() {
        state = .closed
        membership.gate.open()
        rd_kafka_queue_destroy(queue)
        rd_kafka_consumer_close(handle.pointer)
    }

    private func drain(from first: Int) -> Int {
        guard first < capacity else { return 0 }
        return max(0, rd_kafka_consume_batch_queue(queue, 0, slots + first, capacity - first))
    }

    /// Moves records to the front of the slots, and turns the rest into events.
    private func sort(_ taken: Int, kept: inout Int) -> [ConsumerEvent] {
        var events = membership.takeErrors().map { ConsumerEvent.failure($0, nil) }
        // Taken out for the while: each use of a class's property is looked after at run time.
        var topics = TopicTable()
        swap(&topics, &self.topics)
        defer { swap(&topics, &self.topics) }
        topics.beginBatch()
        let revoked = membership.revokedInPoll
        for slot in 0..<taken {
            let message = slots[slot].unsafelyUnwrapped
            if message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR {
                // librdkafka looks for the coordinator of a group that nobody wants to join.
                let isOfNoGroup =
                    !isMember && message.pointee.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED
                if isOfNoGroup {
                    rd_kafka_message_destroy(message)
                    continue
                }
                if events.count < Limits.eventsPendingMax { events.append(event(of: message)) }
                rd_kafka_message_destroy(message)
                continue
            }
            let topic = topics.index(of: message.pointee.rkt)
            if !revoked.isEmpty,
                revoked.contains(
                    TopicPartition(topics.names[Int(topic.rawValue)], message.pointee.partition))
            {
                rd_kafka_message_destroy(message)
                continue
            }
            slots[kept] = message
            slotTopics[kept] = topic
            kept += 1
        }
        if let error = membership.rereadTakenBack(handle.pointer) {
            events.append(.failure(error, nil))
        }
        return events
    }

    private func event(of message: UnsafeMutablePointer<rd_kafka_message_t>) -> ConsumerEvent {
        let record = message.pointee
        let partition = record.rkt.map {
            TopicPartition(String(cString: rd_kafka_topic_name($0)), record.partition)
        }
        if record.err == RD_KAFKA_RESP_ERR__PARTITION_EOF, let partition {
            return .partitionEnd(partition, next: record.offset)
        }
        let text = rd_kafka_message_errstr(message).map { String(cString: $0) }
        let attempt = "read \(partition?.description ?? "the group's partitions")"
        return .failure(KafkaError(record.err, attempt, text: text), partition)
    }
}
