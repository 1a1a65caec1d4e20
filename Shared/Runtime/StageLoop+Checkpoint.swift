internal import Kafka
internal import Processing
internal import Telemetry
internal import Topics

extension StageLoop {
    /// - Returns: false when a stop came first; nothing is then kept any more.
    func publish() throws -> Bool {
        while true {
            try verifyAfterPause()
            switch try parts.publisher.publish(outbox) {
            case .written:
                outbox.removeAll(keepingCapacity: true)
                return true
            case .failed(let written): outbox.removeFirst(written)
            case .stopped:
                abandon()
                return false
            }
        }
    }

    /// Whoever froze may have lost partitions, and must not say anything of them before it knows.
    private func verifyAfterPause() throws {
        let pausedMs = Clock.monotonicMs - lastVerifiedMs
        defer { lastVerifiedMs = Clock.monotonicMs }
        guard pausedMs > Limits.pauseMs, !owned.isEmpty else { return }
        let held = try parts.database.perform { session in
            try parts.store.stillHeld(owned.mapValues(\.epoch), in: &session)
        }
        guard let held else { return abandon() }
        lose(Set(owned.keys).subtracting(held), because: "claimed by another meanwhile")
    }

    /// Keeps everything done so far.
    /// - Returns: false when a stop came before it was kept; nothing is then kept any more.
    func checkpoint() throws -> Bool {
        lastCheckpointMs = Clock.monotonicMs
        // So that every row that waits for the next tick is part of it.
        advance()
        guard try publish() else { return false }
        lag = (try? parts.consumer.lag()) ?? [:]
        let snapshots = owned.values.filter { $0.changed || heartbeatIsDue($0) }
            .sorted { $0.number < $1.number }.map(snapshot)
        let began = Clock.monotonicMs
        guard
            let refused = try parts.database.perform(
                whileWaiting: showLag,
                { session in try parts.store.commit(snapshots, in: &session) })
        else {
            // The snapshots are gone from the stages, so a later one would move positions without
            // the state that belongs to them.
            abandon()
            return false
        }
        lose(
            refused,
            because: "checkpoint refused: claimed by another, or the one that it follows is gone")
        if !snapshots.isEmpty { parts.metrics.checkpointed(ms: Clock.monotonicMs - began) }
        parts.metrics.set(lag: lag, gauges: owned.values.map(\.stage.gauges))
        tellGroup(snapshots.map(\.partition))
        return true
    }

    /// While a checkpoint waits nothing is fetched, and the ends that the consumer knows of grow old.
    private func showLag() {
        guard !parts.kafka.isAway else { return }
        // A client of its own: a question waits behind the reads on the same connection.
        guard let asking = try? BatchConsumer(.init(parts.cluster)) else { return }
        for partition in parts.consumer.assignment.sorted() {
            guard let position = owned[partition.partition]?.positions[partition.topic] else {
                continue
            }
            // Without an answer the last one stands: there is nothing to show.
            guard let log = try? asking.watermarks(of: partition, timeoutMs: Limits.askMs) else {
                return
            }
            lag[partition] = max(0, log.high - position)
        }
        parts.metrics.set(lag: lag, gauges: owned.values.map(\.stage.gauges))
    }

    /// Forgets what was not kept, for it cannot be any more: it is made again after the next claim.
    func abandon() {
        owned = [:]
        outbox = []
    }

    /// Other processes have claimed these partitions: nothing of them may be said or kept.
    func lose(_ numbers: Set<Int32>, because reason: String) {
        let lost = numbers.filter { owned[$0] != nil }.sorted()
        guard !lost.isEmpty else { return }
        for number in lost { owned[number] = nil }
        let writers = Set(lost.map(writer))
        outbox.removeAll { writers.contains($0.writer) }
        parts.metrics.set(partitions: owned.count)
        parts.log.warning(
            "partitions lost",
            [
                .partitions: .string(lost.map(String.init).joined(separator: ",")),
                .reason: .string(reason),
            ])
    }

    /// For standard tools that show a group's lag; nothing of ours reads it.
    private func tellGroup(_ partitions: [Int32]) {
        guard !parts.kafka.isAway else { return }
        var next: [TopicPartition: Int64] = [:]
        for number in partitions {
            for (topic, offset) in owned[number]?.positions ?? [:] {
                next[TopicPartition(topic, number)] = offset
            }
        }
        try? parts.consumer.commit(next, waits: false)
    }

    /// A partition at rest shows now and then that it is looked after, and its lag.
    private func heartbeatIsDue(_ partition: OwnedPartition<Run>) -> Bool {
        lag(of: partition) != partition.lagKept
            || Clock.monotonicMs - partition.keptMs >= Self.heartbeatMs
    }

    private static var heartbeatMs: Int64 { 10_000 }

    private func lag(of partition: OwnedPartition<Run>) -> Int64 {
        Run.inputs.reduce(0) {
            $0 + (lag[TopicPartition($1.name, partition.number)] ?? 0)
        }
    }

    private func snapshot(_ partition: OwnedPartition<Run>) -> CheckpointStore<Run>.Snapshot {
        var entries: [String: StateEntry] = [:]
        for entry in partition.stage.takeChanges() { entries[entry.key] = entry }
        let lag = lag(of: partition)
        defer {
            partition.rows.removeAll(keepingCapacity: true)
            partition.changed = false
            partition.checkpoint += 1
            partition.lagKept = lag
            partition.keptMs = Clock.monotonicMs
            for key in partition.rejections.keys { partition.rejections[key]?.changed = false }
        }
        return CheckpointStore.Snapshot(
            partition: partition.number, epoch: partition.epoch, follows: partition.checkpoint,
            positions: partition.positions, fences: partition.fences, lag: lag,
            entries: entries.values.sorted { $0.key < $1.key }, rows: partition.rows,
            rejections: partition.rejections.filter(\.value.changed)
                .sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }
}
