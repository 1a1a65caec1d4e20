/// What changes in a topic that there is: its settings, its number of partitions, its start.
extension TopicRegistry {
    /// Gives a topic other settings.
    ///
    /// - Parameter change: makes the new entries from the ones that were set.
    func configure(
        _ name: String, validateOnly: Bool,
        _ change: ([(String, String?)]) throws(Refusal) -> [(String, String?)]
    ) throws(Refusal) {
        try monitor.locked { () throws(Refusal) in
            let topic = try existing(name)
            let given = topic.configuration.given.map { ($0.key.rawValue, Optional($0.value)) }
            let entries = try change(given)
            let settings: TopicConfiguration
            do throws(TopicConfiguration.Refusal) {
                settings = try TopicConfiguration(entries, defaults: configuration)
            } catch {
                throw Refusal(error: .invalidConfig, reason: error.reason)
            }
            if validateOnly { return }
            try save(
                Topic(name: name, configuration: settings, partitions: topic.partitions))
            for log in topic.partitions { log.configuration = settings }
        }
    }

    /// Adds partitions until there are `count`.
    func grow(_ name: String, to count: Int, validateOnly: Bool) throws(Refusal) {
        try monitor.locked { () throws(Refusal) in
            let topic = try existing(name)
            let present = topic.partitions.count
            guard count > present, count <= Limits.partitionsPerTopic else {
                throw Refusal(
                    error: .invalidPartitions,
                    reason: "topic \"\(name)\" has \(present) partitions: more, and at most"
                        + " \(Limits.partitionsPerTopic), can there be, not \(count)")
            }
            try checkRoom(partitions: count - present, topics: 0)
            if validateOnly { return }
            let added: [PartitionLog]
            do throws(StorageError) {
                added = try open(
                    name, partitions: present..<count, topic.configuration, fresh: true)
            } catch {
                tell(.storageFailed(error))
                throw Refusal(error: .storageError, reason: error.description)
            }
            try save(
                Topic(
                    name: name, configuration: topic.configuration,
                    partitions: topic.partitions + added))
        }
    }

    /// Lets no record before `offset` be read any more; its segments go with the next cleaning.
    ///
    /// - Parameter offset: -1 for the end.
    /// - Returns: the first offset that is left.
    func deleteRecords(of place: TopicPartition, before offset: Int64) throws(ErrorCode) -> Int64 {
        guard let topic = topic(place.topic), let log = topic.log(place.partition) else {
            throw .unknownTopicOrPartition
        }
        guard topic.configuration.deletes else { throw .policyViolation }
        let range = log.offsets(committedOnly: true)
        let start = offset == -1 ? range.end : offset
        guard start >= 0, start <= range.end else { throw .offsetOutOfRange }
        guard start > range.start else { return range.start }
        // What the journal says of the log must not outlive it.
        log.flush()
        let key = Self.startKey(place.topic, Int(place.partition))
        let result = monitor.locked {
            Result { () throws(StorageError) in
                try journal.set([(key, Self.encodeStart(start))])
                try journal.flush()
            }
        }
        if case .failure(let error) = result {
            tell(.storageFailed(error))
            throw .storageError
        }
        log.deleteRecords(before: start)
        return log.offsets(committedOnly: false).start
    }

    private func existing(_ name: String) throws(Refusal) -> Topic {
        guard let topic = topics[name] else {
            throw Refusal(
                error: Self.isName(name) ? .unknownTopicOrPartition : .invalidTopic,
                reason: "there is no topic \"\(name)\"")
        }
        return topic
    }

    private func save(_ topic: Topic) throws(Refusal) {
        do throws(StorageError) {
            let value = Self.encode(topic.partitions.count, topic.configuration)
            try journal.set([(Array(topic.name.utf8), value)])
            try journal.flush()
            topics[topic.name] = topic
        } catch {
            tell(.storageFailed(error))
            throw Refusal(error: .storageError, reason: error.description)
        }
    }
}

// MARK: - Starts in the journal

/// Where records were deleted from the start of a partition: `topic/partition`, which is no name.
extension TopicRegistry {
    static func startKey(_ topic: String, _ partition: Int) -> [UInt8] {
        Array("\(topic)/\(partition)".utf8)
    }

    static func isStart(_ key: [UInt8]) -> Bool { key.contains(UInt8(ascii: "/")) }

    static func decodeStart(_ bytes: [UInt8]) -> Int64 {
        WireReader.decode(bytes) { reader throws(WireError) in try reader.int64() } ?? 0
    }

    private static func encodeStart(_ offset: Int64) -> [UInt8] {
        var writer = WireWriter()
        writer.int64(offset)
        return writer.bytes
    }
}
