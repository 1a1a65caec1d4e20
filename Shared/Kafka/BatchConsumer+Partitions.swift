internal import CRdKafka

extension BatchConsumer {
    /// Becomes a member of the group and reads whatever part of the topics it is given.
    ///
    /// - Parameters:
    ///   - onAssign: called while polling with new partitions, answers where to start each.
    ///   - onRevoke: called while polling before partitions go to another member. When they are
    ///     `lost`, another member may have them already.
    public func subscribe(
        to topics: [String],
        onAssign: @escaping (_ partitions: [TopicPartition]) throws -> [Start],
        onRevoke: @escaping (_ partitions: [TopicPartition], _ lost: Bool) throws -> Void
    ) throws(KafkaError) {
        for topic in topics { _ = topicIndex(topic) }
        membership.handle(assign: onAssign, revoke: onRevoke)
        let list = PartitionList(topics.map { (TopicPartition($0, -1), 0) })
        try KafkaError.check(
            rd_kafka_subscribe(handle.pointer, list.pointer), "subscribe to \(topics)")
    }

    /// Reads exactly these partitions, without a group; replaces what was assigned before.
    public func assign(_ starts: [(partition: TopicPartition, start: Start)]) throws(KafkaError) {
        for (partition, _) in starts { _ = topicIndex(partition.topic) }
        let list = PartitionList(starts.map { ($0.partition, $0.start.offset) })
        try KafkaError.check(
            rd_kafka_assign(handle.pointer, list.pointer), "assign \(starts.count) partitions")
        membership.replaceAssigned(Set(starts.map(\.partition)))
    }

    /// Reads all partitions of some topics, without a group.
    public func assignAll(
        of topics: [String], from start: Start, timeoutMs: Int
    ) throws(KafkaError) {
        var starts: [(partition: TopicPartition, start: Start)] = []
        for topic in topics {
            for partition in 0..<(try partitionCount(of: topic, timeoutMs: timeoutMs)) {
                starts.append((TopicPartition(topic, Int32(partition)), start))
            }
        }
        try assign(starts)
    }

    /// How many partitions a topic has.
    /// - Throws: `unknownTopicOrPartition` when there is no such topic.
    public func partitionCount(of topic: String, timeoutMs: Int) throws(KafkaError) -> Int {
        let counts = try handle.partitionCounts(timeoutMs: timeoutMs)
        guard let count = counts[topic] else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "count the partitions of \"\(topic)\"")
        }
        return count
    }

    /// The offsets that a partition holds, asked of the broker.
    public func watermarks(
        of partition: TopicPartition, timeoutMs: Int
    ) throws(KafkaError) -> Watermarks {
        var low: Int64 = 0
        var high: Int64 = 0
        try KafkaError.check(
            rd_kafka_query_watermark_offsets(
                handle.pointer, partition.topic, partition.partition, &low, &high,
                Int32(clamping: timeoutMs)),
            "ask for the watermarks of \(partition)")
        return Watermarks(low: low, high: high)
    }

    /// The offset after the last record, for each partition of a topic.
    public func endOffsets(of topic: String, timeoutMs: Int) throws(KafkaError) -> [Int64] {
        var ends: [Int64] = []
        for partition in 0..<(try partitionCount(of: topic, timeoutMs: timeoutMs)) {
            let partition = TopicPartition(topic, Int32(partition))
            ends.append(try watermarks(of: partition, timeoutMs: timeoutMs).high)
        }
        return ends
    }

    /// The next offset that will be handed out, for each assigned partition read so far.
    public func positions() throws(KafkaError) -> [TopicPartition: Int64] {
        let list = PartitionList(assignment.map { ($0, 0) })
        try KafkaError.check(rd_kafka_position(handle.pointer, list.pointer), "ask for positions")
        return list.offsets().filter { $0.value >= 0 }
    }

    /// How many records each assigned partition holds beyond what was handed out, as of the last
    /// fetch; a partition that was not fetched yet is left out.
    public func lag() throws(KafkaError) -> [TopicPartition: Int64] {
        var lag: [TopicPartition: Int64] = [:]
        for (partition, position) in try positions() {
            var low: Int64 = -1
            var high: Int64 = -1
            let code = rd_kafka_get_watermark_offsets(
                handle.pointer, partition.topic, partition.partition, &low, &high)
            if code == RD_KAFKA_RESP_ERR_NO_ERROR, high >= 0 {
                lag[partition] = max(0, high - position)
            }
        }
        return lag
    }

    /// Tells the group the next offset of each partition, so that Kafka's own tools show lag.
    /// - Parameter waits: for the answer; without it nothing is said of what the group refuses.
    public func commit(
        _ next: [TopicPartition: Int64], waits: Bool = true
    ) throws(KafkaError) {
        guard !next.isEmpty else { return }
        let list = PartitionList(next.map { ($0.key, $0.value) })
        try KafkaError.check(
            rd_kafka_commit(handle.pointer, list.pointer, waits ? 0 : 1),
            "commit \(next.count) offsets")
        if waits { try list.checkElements("commit") }
    }

    /// The next offsets that the group was told, where it was.
    public func committed(
        _ partitions: [TopicPartition], timeoutMs: Int
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = PartitionList(partitions.map { ($0, 0) })
        try KafkaError.check(
            rd_kafka_committed(handle.pointer, list.pointer, Int32(clamping: timeoutMs)),
            "ask for committed offsets")
        try list.checkElements("ask for the committed offset of")
        return list.offsets().filter { $0.value >= 0 }
    }

    /// The error after which this consumer is of no use, if there was one.
    public var fatalError: KafkaError? { handle.fatalError }
}

extension Handle {
    /// The number of partitions of every topic in the cluster, internal ones left out.
    borrowing func partitionCounts(timeoutMs: Int) throws(KafkaError) -> [String: Int] {
        try metadata(timeoutMs: timeoutMs).mapValues(\.partitions)
    }

    /// Every topic with how many partitions it has, and how many of them have a leader.
    borrowing func metadata(
        timeoutMs: Int
    ) throws(KafkaError) -> [String: (partitions: Int, led: Int)] {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        try KafkaError.check(
            rd_kafka_metadata(pointer, 1, nil, &metadata, Int32(clamping: timeoutMs)),
            "ask for the topics")
        guard let metadata else { return [:] }
        defer { rd_kafka_metadata_destroy(metadata) }
        var counts: [String: (partitions: Int, led: Int)] = [:]
        for index in 0..<Int(metadata.pointee.topic_cnt) {
            let topic = metadata.pointee.topics[index]
            let name = String(cString: topic.topic)
            guard topic.err == RD_KAFKA_RESP_ERR_NO_ERROR, !name.hasPrefix("__") else { continue }
            let led = (0..<Int(topic.partition_cnt)).count { topic.partitions[$0].leader >= 0 }
            counts[name] = (Int(topic.partition_cnt), led)
        }
        return counts
    }
}
