internal import Kafka
internal import Processing
internal import Telemetry
internal import Topics

extension StageLoop {
    /// Claims each partition, reads its state, and says where to go on reading.
    func assign(_ partitions: [TopicPartition]) throws -> [Start] {
        for number in Set(partitions.map(\.partition)).sorted() where owned[number] == nil {
            let claimed = try parts.database.perform { session in
                try parts.store.claim(
                    number, stage: parts.make(number), nowMs: Clock.monotonicMs, in: &session)
            }
            // A stop came first: read nothing, there will be no checkpoint.
            guard let claimed else { continue }
            owned[number] = claimed
            for value in parts.broadcasts.all { feed(value, to: claimed) }
        }
        parts.metrics.set(partitions: owned.count)
        parts.log.info(
            "partitions assigned",
            [.partitions: .string(owned.keys.sorted().map(String.init).joined(separator: ","))])
        return partitions.map { partition in
            let position = owned[partition.partition]?.positions[partition.topic]
            return position.map { Start.offset($0) } ?? .beginning
        }
    }

    /// Keeps what was done for them, then forgets them.
    func revoke(_ partitions: [TopicPartition], lost: Bool) throws {
        // Lost ones may be claimed by others already: the checkpoint is then refused by its epoch.
        _ = try checkpoint()
        for number in Set(partitions.map(\.partition)) { owned[number] = nil }
        parts.metrics.set(partitions: owned.count)
        parts.log.info(
            "partitions revoked",
            [
                .partitions: .integer(Set(partitions.map(\.partition)).count),
                .reason: lost ? "lost" : "rebalance",
            ])
    }

    /// What Kafka had to say besides records.
    func note(_ events: [ConsumerEvent]) {
        for case .failure(let error, let partition) in events {
            parts.health.waits(for: Publisher.healthPart, "waiting for kafka: \(error)")
            parts.log.warning(
                "kafka error",
                [.error: .string("\(error)"), .partition: .string(partition?.description ?? "")])
        }
    }
}
