internal import Kafka
internal import Postgres
internal import Processing
internal import Telemetry
internal import Topics

/// Consume, process, publish, checkpoint; one thread does all of it.
///
/// Publishing comes before the checkpoint: a crash in between says whole values again, which readers
/// recognise, and loses none. PostgreSQL is written last and read first.
final class StageLoop<Run: Stage> {
    struct Parts {
        let name: String
        let make: (Int32) -> Run
        let store: CheckpointStore<Run>
        let housekeeping: Housekeeping?
        let checkpointIntervalMs: Int64
        let checkpointRowsMax: Int
        let database: Database
        let publisher: Publisher
        let broadcasts: Broadcasts
        let consumer: BatchConsumer
        let stop: StopSignal
        let log: Log
        let health: Health
        let metrics: StageMetrics
    }

    let parts: Parts
    var owned: [Int32: OwnedPartition<Run>] = [:]
    /// Processed and not yet written.
    var outbox: [(message: any TopicMessage, origin: Publisher.Origin)] = []
    var lag: [TopicPartition: Int64] = [:]
    private var lastAdvanceMs = Clock.monotonicMs
    private var lastCheckpointMs = Clock.monotonicMs
    private var lastHousekeepingMs = Clock.monotonicMs

    /// How often partitions are told that time passes.
    private static var advanceEveryMs: Int64 { 1_000 }
    private static var pollMs: Int { 100 }

    init(_ parts: Parts) { self.parts = parts }

    /// Runs until a stop is requested; then keeps what was done and leaves the group.
    func run() throws {
        try parts.consumer.subscribe(
            to: Run.inputs.map(\.name),
            onAssign: { [unowned self] in try assign($0) },
            onRevoke: { [unowned self] in try revoke($0, lost: $1) })
        while !parts.stop.isRequested {
            for value in try parts.broadcasts.poll(waitMs: 0) { broadcast(value) }
            try step()
        }
        _ = try checkpoint()
        try parts.consumer.close()
        try parts.broadcasts.close()
    }

    private func step() throws {
        let nowMs = Clock.wallMs
        try parts.consumer.withBatch(timeoutMs: Self.pollMs) { batch in
            note(batch.events)
            guard batch.count > 0 else { return }
            let began = Clock.monotonicMs
            for record in batch { take(record, nowMs: nowMs, monotonicMs: began) }
            parts.metrics.tookBatch(of: batch.count, ms: Clock.monotonicMs - began)
        }
        let now = Clock.monotonicMs
        let isDue =
            now - lastCheckpointMs >= parts.checkpointIntervalMs
            || owned.values.reduce(0) { $0 + $1.rows.count } > parts.checkpointRowsMax
        if isDue {
            guard try checkpoint() else { return }
            askKafka()
            try keepHouse()
        } else {
            if now - lastAdvanceMs >= Self.advanceEveryMs { advance() }
            _ = try publish()
        }
    }

    /// An idle stage hears nothing from Kafka when it comes back: it asks.
    private func askKafka() {
        guard !parts.health.snapshot.ready, let partition = parts.consumer.assignment.min(),
            (try? parts.consumer.watermarks(of: partition, timeoutMs: Self.pollMs)) != nil
        else { return }
        parts.health.isReady(Publisher.healthPart)
    }

    /// Tells every partition that time passes.
    private func advance() {
        let now = Clock.monotonicMs
        lastAdvanceMs = now
        let nowMs = Clock.wallMs
        for partition in owned.values.sorted(by: { $0.number < $1.number }) {
            var effects = Effects<Run.Row>()
            partition.stage.advance(
                nowMs: nowMs, quietMs: now - partition.lastRecordMs, &effects)
            absorb(effects, of: partition)
        }
    }

    private func take(_ record: RecordView, nowMs: Int64, monotonicMs: Int64) {
        guard let partition = owned[record.partition] else { return }
        let topic = parts.consumer.topicName(record.topic)
        guard record.offset >= partition.positions[topic, default: 0] else { return }
        partition.positions[topic] = record.offset + 1
        partition.changed = true
        partition.lastRecordMs = monotonicMs
        guard let known = Run.inputs.first(where: { $0.name == topic }) else { return }
        if let writer = text(record.header(HeaderName.writer)),
            let epoch = text(record.header(HeaderName.epoch)).flatMap({ Int64($0) }),
            !partition.fences.admits(writer: writer, epoch: epoch)
        {
            parts.metrics.droppedStale(topic)
            return
        }
        var effects = Effects<Run.Row>()
        do throws(Rejection) {
            guard let input = try decode(record, known) else { return }
            try partition.stage.process(input, nowMs: nowMs, &effects)
        } catch {
            reject(record, topic, error, partition)
            return
        }
        absorb(effects, of: partition)
    }

    private func decode(_ record: RecordView, _ topic: Topic) throws(Rejection) -> Run.Input? {
        guard !record.isTombstone else {
            return Run.decodeTombstone(key: text(record.copyKey()) ?? "", of: topic)
        }
        var headers = Headers.none
        if let contentType = text(record.header(HeaderName.contentType)) {
            headers = Headers(
                contentType: contentType, customer: text(record.header(HeaderName.customer)),
                service: text(record.header(HeaderName.service)),
                function: text(record.header(HeaderName.function)))
        }
        return try record.withValue { (value) throws(Rejection) in
            try Run.decode(value, of: topic, headers: headers)
        }
    }

    private func reject(
        _ record: RecordView, _ topic: String, _ rejection: Rejection,
        _ partition: OwnedPartition<Run>
    ) {
        let key = RejectionKey(topic: topic, reason: rejection.reason.rawValue)
        var count = partition.rejections[key] ?? RejectionCount()
        count.messages += 1
        count.lastDetail = rejection.detail
        count.lastOffset = record.offset
        count.changed = true
        partition.rejections[key] = count
        parts.metrics.rejected(topic, rejection.reason)
        let rejected = Rejected(
            topic: topic, partition: record.partition, offset: record.offset,
            rejection: rejection, rejectedBy: parts.name, value: record.copyValue() ?? [])
        outbox.append((rejected, origin(of: partition)))
    }

    func broadcast(_ value: Broadcasts.Value) {
        for partition in owned.values.sorted(by: { $0.number < $1.number }) {
            feed(value, to: partition)
        }
    }

    func feed(_ value: Broadcasts.Value, to partition: OwnedPartition<Run>) {
        var effects = Effects<Run.Row>()
        do throws(Rejection) {
            let input = try Run.decode(value.bytes.span, of: value.topic, headers: .none)
            try partition.stage.process(input, nowMs: Clock.wallMs, &effects)
        } catch {
            parts.metrics.rejected(value.topic.name, error.reason)
            parts.log.warning(
                "broadcast rejected",
                [
                    .topic: .string(value.topic.name), .key: .string(value.key),
                    .reason: .string("\(error)"),
                ])
            return
        }
        absorb(effects, of: partition)
    }

    private func absorb(_ effects: Effects<Run.Row>, of partition: OwnedPartition<Run>) {
        let origin = origin(of: partition)
        for message in effects.messages { outbox.append((message, origin)) }
        partition.rows += effects.rows
        if !effects.isEmpty { partition.changed = true }
        parts.metrics.counted(effects.counts)
    }

    func origin(of partition: OwnedPartition<Run>) -> Publisher.Origin {
        Publisher.Origin(writer: "\(parts.name)/\(partition.number)", epoch: partition.epoch)
    }

    /// - Returns: false when a stop came first; what is unwritten is then redone after the start.
    func publish() throws -> Bool {
        guard try parts.publisher.publish(outbox) else { return false }
        outbox.removeAll(keepingCapacity: true)
        return true
    }

    /// Keeps everything done so far.
    /// - Returns: false when a stop came before it was kept.
    func checkpoint() throws -> Bool {
        lastCheckpointMs = Clock.monotonicMs
        // So that every row that waits for the next tick is part of it.
        advance()
        guard try publish() else { return false }
        lag = (try? parts.consumer.lag()) ?? [:]
        let snapshots = owned.values.filter { !$0.isFenced && ($0.changed || heartbeatIsDue($0)) }
            .sorted { $0.number < $1.number }.map(snapshot)
        let began = Clock.monotonicMs
        guard
            let refused = try parts.database.perform({ session in
                try parts.store.commit(snapshots, in: &session)
            })
        else { return false }
        for number in refused {
            owned[number]?.isFenced = true
            owned[number] = nil
            parts.log.warning("partition lost", [.partition: .integer(Int(number))])
        }
        if !snapshots.isEmpty { parts.metrics.checkpointed(ms: Clock.monotonicMs - began) }
        parts.metrics.set(lag: lag, gauges: owned.values.map(\.stage.gauges))
        commitToGroup(snapshots.map(\.partition))
        return true
    }

    /// For standard tools that show a group's lag; nothing of ours reads it.
    private func commitToGroup(_ partitions: [Int32]) {
        var next: [TopicPartition: Int64] = [:]
        for number in partitions {
            for (topic, offset) in owned[number]?.positions ?? [:] {
                next[TopicPartition(topic, number)] = offset
            }
        }
        try? parts.consumer.commit(next)
    }

    /// A partition at rest shows now and then that it is looked after, and its lag.
    private func heartbeatIsDue(_ partition: OwnedPartition<Run>) -> Bool {
        let lag = Run.inputs.reduce(Int64(0)) {
            $0 + (self.lag[TopicPartition($1.name, partition.number)] ?? 0)
        }
        return lag != partition.lagKept
    }

    private func snapshot(_ partition: OwnedPartition<Run>) -> CheckpointStore<Run>.Snapshot {
        var entries: [String: StateEntry] = [:]
        for entry in partition.stage.takeChanges() { entries[entry.key] = entry }
        let lag = Run.inputs.reduce(Int64(0)) {
            $0 + (self.lag[TopicPartition($1.name, partition.number)] ?? 0)
        }
        defer {
            partition.rows.removeAll(keepingCapacity: true)
            partition.changed = false
            partition.lagKept = lag
            for key in partition.rejections.keys { partition.rejections[key]?.changed = false }
        }
        return CheckpointStore.Snapshot(
            partition: partition.number, epoch: partition.epoch, positions: partition.positions,
            fences: partition.fences, lag: lag,
            entries: entries.values.sorted { $0.key < $1.key }, rows: partition.rows,
            rejections: partition.rejections.filter(\.value.changed)
                .sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    private func keepHouse() throws {
        guard let housekeeping = parts.housekeeping, let first = owned[0],
            Clock.monotonicMs - lastHousekeepingMs >= housekeeping.everyMs
        else { return }
        lastHousekeepingMs = Clock.monotonicMs
        let messages = try parts.database.perform { session in
            try housekeeping.run(&session)
        }
        for message in messages ?? [] { outbox.append((message, origin(of: first))) }
        _ = try publish()
    }
}
