internal import Kafka
internal import Postgres
internal import Processing
internal import Telemetry
internal import Topics

/// Consume, process, publish, checkpoint; one thread does all of it.
///
/// Publishing comes before the checkpoint: a crash in between says whole values again, which readers
/// recognise, and loses none. PostgreSQL is written last and read first. So the process may end
/// anywhere: what is in memory and not in a checkpoint is made again from the topics.
final class StageLoop<Run: Stage> {
    struct Parts {
        let name: String
        let cluster: Cluster
        let make: (Int32) -> Run
        let store: CheckpointStore<Run>
        let writer: CheckpointWriter<Run>
        let housekeeping: HousekeepingThread?
        let checkpointIntervalMs: Int64
        let checkpointRowsMax: Int
        let database: Database
        let publisher: Publisher
        let broadcasts: Broadcasts
        let consumer: BatchConsumer
        let kafka: Dependency
        let stop: StopSignal
        let log: Log
        let metrics: StageMetrics
    }

    let parts: Parts
    var owned: [Int32: OwnedPartition<Run>] = [:]
    /// Processed and not yet written.
    var outbox: [Outgoing] = []
    var lag: [TopicPartition: Int64] = [:]
    /// Partitions that cannot be read on from their position: it was not in the log.
    var unreadable: Set<TopicPartition> = []
    /// Whether positions are to be held against what the log holds.
    var isLogUnchecked = false
    /// Since when the group leaves a partition here that is not owned, monotonic.
    var orphanedMs: [Int32: Int64] = [:]
    var lastAdvanceMs = Clock.monotonicMs
    /// Partitions that the checkpoint round under way has yet to keep.
    var round: [Int32] = []
    var isRoundUnderWay = false
    var roundBeganMs = Clock.monotonicMs
    var roundEndedMs = Clock.monotonicMs
    /// How long processing has waited for it.
    var roundPausesMs: Int64 = 0
    /// Nothing came when records were asked for last.
    var isIdle = true
    /// When a pause would last have been noticed.
    var lastVerifiedMs = Clock.monotonicMs
    /// Since when Kafka has been there: silence before it means nothing.
    private var readableSinceMs = Clock.monotonicMs

    /// How often partitions are told that time passes.
    private static var advanceEveryMs: Int64 { 1_000 }

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
        // Leaving the group waits for Kafka, and has nothing of ours left to keep.
        if try checkpoint() { parts.stop.everythingIsKept() }
        abandon()
        try parts.consumer.close()
        try parts.broadcasts.close()
    }

    private func step() throws {
        let nowMs = Clock.wallMs
        try parts.consumer.withBatch(timeoutMs: Limits.pollMs) { batch in
            try note(batch.events)
            isIdle = batch.count == 0
            guard !isIdle else { return }
            let began = Clock.monotonicMs
            try take(batch, nowMs: nowMs, monotonicMs: began)
            parts.metrics.tookBatch(of: batch.count, ms: Clock.monotonicMs - began)
        }
        if Clock.monotonicMs - lastAdvanceMs >= Self.advanceEveryMs { advance() }
        try takeFromHousekeeping()
        guard try publish() else { return }
        _ = try keepWhatIsDue()
    }

    /// An idle stage hears nothing from Kafka when it comes back: it asks.
    func askKafka() {
        guard parts.kafka.isAway else { return }
        do {
            _ = try parts.consumer.partitionCount(
                of: Run.inputs[0].name, timeoutMs: Limits.askMs)
            parts.kafka.isBack()
        } catch {
            parts.kafka.isAway("\(error)")
        }
    }

    /// Tells every partition that time passes.
    func advance() {
        let now = Clock.monotonicMs
        lastAdvanceMs = now
        if parts.kafka.isAway { readableSinceMs = now }
        let nowMs = Clock.wallMs
        for partition in owned.values.sorted(by: { $0.number < $1.number }) {
            var effects = Effects<Run.Row>()
            partition.stage.advance(
                nowMs: nowMs, quietMs: now - max(partition.lastRecordMs, readableSinceMs), &effects)
            absorb(effects, of: partition)
        }
    }

    /// Begins what is to be done now and then, where this process is the one that does it.
    func keepHouse() {
        guard let housekeeping = parts.housekeeping, housekeeping.isDue, let first = owned[0]
        else { return }
        housekeeping.begin(epoch: first.epoch)
    }

    /// Publishes what that led to, unless another process has partition 0 by now.
    private func takeFromHousekeeping() throws {
        guard let (outcome, epoch) = parts.housekeeping?.poll() else { return }
        let messages = try outcome.get() ?? []
        guard let first = owned[0], first.epoch == epoch else { return }
        for message in messages { outbox.append(outgoing(message, of: first)) }
    }
}
