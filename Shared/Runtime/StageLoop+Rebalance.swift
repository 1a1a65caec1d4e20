internal import Kafka
internal import Processing
internal import Telemetry
internal import Topics

extension StageLoop {
    /// Claims each partition, reads its state, and says where to go on reading.
    func assign(_ partitions: [TopicPartition]) throws -> [Start] {
        // What is in work was said of an earlier claim.
        _ = try finishKeeping()
        orphanedMs = [:]
        (isLogUnchecked, unreadable) = (false, [])
        for number in Set(partitions.map(\.partition)).sorted() { try claim(number) }
        parts.metrics.set(partitions: owned.count)
        parts.log.info(
            "partitions assigned",
            [.partitions: .string(owned.keys.sorted().map(String.init).joined(separator: ","))])
        return partitions.map(start)
    }

    /// A stop may come first: the partition is then read by nobody, and there is no checkpoint.
    private func claim(_ number: Int32) throws {
        guard owned[number] == nil, !parts.stop.isRequested else { return }
        let claimed = try parts.database.perform { session in
            try parts.store.claim(
                number, stage: parts.make(number), nowMs: Clock.monotonicMs, in: &session)
        }
        guard let claimed else { return }
        owned[number] = claimed
        for value in parts.broadcasts.all { feed(value, to: claimed) }
    }

    private func start(_ partition: TopicPartition) -> Start {
        let position = owned[partition.partition]?.positions[partition.topic]
        return position.map { Start.offset($0) } ?? .beginning
    }

    /// Keeps what was done for them, then forgets them.
    func revoke(_ partitions: [TopicPartition], lost: Bool) throws {
        let numbers = Set(partitions.map(\.partition))
        // Lost ones may be claimed by others already: their checkpoint would be refused, and what
        // they have to say is said by the others.
        if lost { lose(numbers, because: "taken away by the group") }
        _ = try checkpoint()
        for number in numbers { owned[number] = nil }
        parts.metrics.set(partitions: owned.count)
        parts.log.info(
            "partitions revoked",
            [.partitions: .integer(numbers.count), .reason: lost ? "lost" : "rebalance"])
    }

    /// What Kafka had to say besides records.
    /// - Throws: `KafkaError` when the consumer is of no use any more.
    func note(_ events: [ConsumerEvent]) throws {
        for case .failure(let error, let partition) in events {
            if error.code == .offsetReset, let partition {
                isLogUnchecked = true
                unreadable.insert(partition)
            } else {
                parts.kafka.isAway("\(error)")
            }
        }
        if let fatal = parts.consumer.fatalError { throw fatal }
    }

    /// Reads on where reading had stopped: after a position that the log does not hold, and where
    /// the group left a partition here that another process had claimed.
    func readOn() throws {
        let now = Clock.monotonicMs
        let orphans = Set(parts.consumer.assignment.map(\.partition)).subtracting(owned.keys)
        orphanedMs = orphanedMs.filter { orphans.contains($0.key) }
        for number in orphans where orphanedMs[number] == nil { orphanedMs[number] = now }
        let due = orphanedMs.filter { now - $0.value > Limits.reclaimMs }.keys.sorted()
        guard !due.isEmpty || isLogUnchecked, !parts.kafka.isAway else { return }
        do throws(KafkaError) {
            if isLogUnchecked { try checkLog() }
        } catch {
            parts.kafka.isAway("\(error)")
            return
        }
        guard !due.isEmpty || !unreadable.isEmpty else { return }
        unreadable = []
        for number in due { try claim(number) }
        parts.metrics.set(partitions: owned.count)
        try parts.consumer.assign(
            parts.consumer.assignment.sorted().map { ($0, start($0)) })
    }

    /// For all partitions, for what Kafka has to say of one is lost when another is assigned anew.
    private func checkLog() throws(KafkaError) {
        // A client of its own: a question waits behind the reads on the same connection.
        let asking = try BatchConsumer(.init(parts.cluster))
        for partition in parts.consumer.assignment.sorted() {
            if try moveIntoLog(partition, asking) { unreadable.insert(partition) }
        }
        isLogUnchecked = false
    }

    /// What is not in the log can no longer be read. Before its start: messages expired unread, go
    /// on with the oldest. Behind its end: the broker lost its tail, or the topic was made anew, and
    /// nobody can tell which. Whole values are read again from the start, which changes nothing;
    /// events are counted, so that reading them twice would do harm: go on at the end.
    /// - Returns: whether it moved.
    private func moveIntoLog(
        _ partition: TopicPartition, _ asking: BatchConsumer
    ) throws(KafkaError) -> Bool {
        guard let holder = owned[partition.partition],
            let topic = Run.inputs.first(where: { $0.name == partition.topic }),
            let position = holder.positions[topic.name]
        else { return false }
        let log = try asking.watermarks(of: partition, timeoutMs: Limits.askMs)
        guard position < log.low || position > log.high else { return false }
        let isExpired = position < log.low
        let next = isExpired || topic.cleanup != .delete ? log.low : log.high
        holder.positions[topic.name] = next
        holder.changed = true
        parts.metrics.skipped(topic.name, isExpired ? log.low - position : 0)
        parts.log.error(
            isExpired ? "messages expired unread" : "position is behind the end of the topic",
            [
                .partition: .string("\(partition)"), .position: .integer(Int(position)),
                .from: .integer(Int(log.low)), .to: .integer(Int(log.high)),
                .offset: .integer(Int(next)),
            ])
        return true
    }
}
