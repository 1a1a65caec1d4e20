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

    /// Begins to keep what is due, or goes on with it, while processing goes on: a round goes over
    /// the partitions, some in each transaction. All that they have said must be written.
    /// - Returns: false when a stop came first; nothing is then kept any more.
    func keepWhatIsDue() throws -> Bool {
        if let (outcome, snapshots) = parts.writer.poll(waitMs: 0) {
            guard try settle(outcome, snapshots) else { return false }
        }
        if parts.writer.isBusy {
            // What has yet to be kept must not grow without end.
            let isFarAhead = Clock.monotonicMs - parts.writer.beganMs > Limits.aheadMs
            return isFarAhead || areRowsMany ? try finishKeeping() : true
        }
        if round.isEmpty, isRoundUnderWay { try endRound() }
        if !isRoundUnderWay, isRoundDue { beginRound() }
        if isRoundUnderWay { parts.writer.begin(takeSnapshots()) }
        return true
    }

    /// Keeps everything done so far, and waits for it.
    /// - Returns: false when a stop came before it was kept; nothing is then kept any more.
    func checkpoint() throws -> Bool {
        guard try finishKeeping() else { return false }
        advance()
        guard try publish() else { return false }
        beginRound()
        while !round.isEmpty {
            parts.writer.begin(takeSnapshots())
            guard try finishKeeping() else { return false }
        }
        isRoundUnderWay = false
        return true
    }

    /// Waits for what is in work.
    /// - Returns: false when a stop came before it was kept; nothing is then kept any more.
    func finishKeeping() throws -> Bool {
        var shownMs = Clock.monotonicMs
        while parts.writer.isBusy {
            if let (outcome, snapshots) = parts.writer.poll(waitMs: Limits.pollMs) {
                return try settle(outcome, snapshots)
            }
            guard Clock.monotonicMs - shownMs > Limits.showLagMs else { continue }
            showLag()
            shownMs = Clock.monotonicMs
        }
        return true
    }

    private var areRowsMany: Bool {
        owned.values.reduce(0) { $0 + $1.rows.count } > parts.checkpointRowsMax
    }

    /// While there is something to process, half of the time at least nothing is written, and a
    /// twentieth of it at most is spent on gathering what is to be, however much that is.
    private var isRoundDue: Bool {
        let now = Clock.monotonicMs
        guard !areRowsMany else { return true }
        guard now - roundBeganMs >= parts.checkpointIntervalMs else { return false }
        return isIdle
            || now - roundBeganMs >= 20 * roundPausesMs
                && now - roundEndedMs >= roundEndedMs - roundBeganMs
    }

    private func beginRound() {
        roundBeganMs = Clock.monotonicMs
        isRoundUnderWay = true
        roundPausesMs = 0
        lag = (try? parts.consumer.lag()) ?? [:]
        round = owned.values.filter { $0.changed || heartbeatIsDue($0) }.map(\.number).sorted()
        parts.metrics.set(lag: lag, gauges: owned.values.map(\.stage.gauges))
    }

    private func endRound() throws {
        isRoundUnderWay = false
        roundEndedMs = Clock.monotonicMs
        askKafka()
        try readOn()
        keepHouse()
    }

    /// The next partitions of the round.
    private func takeSnapshots() -> [CheckpointStore<Run>.Snapshot] {
        let began = Clock.monotonicMs
        var snapshots: [CheckpointStore<Run>.Snapshot] = []
        var size = 0
        while let number = round.first, size < Limits.snapshotRows,
            Clock.monotonicMs - began < Limits.snapshotMs
        {
            round.removeFirst()
            guard let partition = owned[number] else { continue }
            let taken = snapshot(partition)
            size += taken.entries.count + taken.rows.count
            snapshots.append(taken)
        }
        let pauseMs = Clock.monotonicMs - began
        roundPausesMs += pauseMs
        parts.metrics.paused(ms: pauseMs)
        return snapshots
    }

    private func settle(
        _ outcome: CheckpointWriter<Run>.Outcome, _ snapshots: [CheckpointStore<Run>.Snapshot]
    ) throws -> Bool {
        switch outcome {
        case .failed(let error): throw error
        case .stopped:
            // The snapshots are gone from the stages, so a later one would move positions without
            // the state that belongs to them.
            abandon()
            return false
        case .kept(let refused):
            if !refused.isEmpty {
                let numbers = refused.sorted().map(String.init).joined(separator: ",")
                parts.log.warning("checkpoint refused", [.partitions: .string(numbers)])
            }
            // Of an earlier claim, where one was lost and claimed again meanwhile.
            let still = snapshots.filter { owned[$0.partition]?.epoch == $0.epoch }
            lose(
                refused.intersection(still.map(\.partition)),
                because: "claimed by another, or the checkpoint that this one follows is gone")
            parts.metrics.checkpointed(ms: Clock.monotonicMs - parts.writer.beganMs)
            tellGroup(still.filter { !refused.contains($0.partition) })
            return true
        }
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
        round = []
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
    private func tellGroup(_ kept: [CheckpointStore<Run>.Snapshot]) {
        guard !parts.kafka.isAway else { return }
        var next: [TopicPartition: Int64] = [:]
        for snapshot in kept {
            for (topic, offset) in snapshot.positions {
                next[TopicPartition(topic, snapshot.partition)] = offset
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
        // Before the state, which tells that they are written.
        partition.rows += partition.stage.takeRows()
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
