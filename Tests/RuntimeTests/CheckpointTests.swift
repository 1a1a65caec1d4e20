import Postgres
import Processing
import Synchronization
import TestSupport
import Testing
import Topics

@testable import Runtime

@Suite(.enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL"))
struct `A checkpoint` {
    @Test func `gives the next owner state and positions`() throws {
        try withStore { store, session in
            var first = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            try announce("acme", times: 2, to: &first)
            first.positions["services"] = 2
            _ = first.fences.admits(writer: "fleet/3", epoch: 9)
            #expect(try store.commit([snapshot(first)], in: &session) == [])

            let second = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            #expect(second.epoch > first.epoch)
            #expect(second.stage.counts == ["acme": 2])
            #expect(second.positions == ["services": 2])
            #expect(second.fences == first.fences)
        }
    }

    @Test func `of a former owner is refused, whole`() throws {
        try withStore { store, session in
            var frozen = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            let other = try store.claim(4, stage: TallyStage(), nowMs: 0, in: &session)
            let owner = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            try announce("acme", times: 1, to: &frozen)
            let refused = try store.commit([snapshot(frozen), snapshot(other)], in: &session)
            #expect(refused == [3])
            let kept = try session.execute("select count(*) from state")[0][0] as Int64
            #expect(kept == 0)
            #expect(try store.commit([snapshot(owner)], in: &session) == [])
        }
    }

    /// What it holds changed since a checkpoint that a crash or a failover of the server took back.
    @Test func `is refused when the one before it is not there any more`() throws {
        try withStore { store, session in
            var partition = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            try announce("acme", times: 1, to: &partition)
            #expect(try store.commit([snapshot(partition)], in: &session) == [])
            try announce("zenith", times: 1, to: &partition)
            let second = snapshot(partition)
            // Said twice where its end was not heard of.
            #expect(try store.commit([second], in: &session) == [])
            #expect(try store.commit([second], in: &session) == [])
            try session.execute("delete from state where key = 'zenith'")
            try session.execute("update checkpoints set checkpoint = 1")
            try announce("acme", times: 1, to: &partition)
            #expect(try store.commit([snapshot(partition)], in: &session) == [3])
            let again = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            #expect(again.stage.counts == ["acme": 1])
        }
    }

    @Test func `changes nothing when its rows cannot be written`() throws {
        struct Refusal: Error {}
        try withStore(writeRows: { _ in throw Refusal() }) { store, session in
            var partition = try store.claim(0, stage: TallyStage(), nowMs: 0, in: &session)
            try announce("acme", times: 1, to: &partition)
            partition.positions["services"] = 1
            let taken = snapshot(partition)
            #expect(throws: Refusal.self) { try store.commit([taken], in: &session) }
            let again = try store.claim(0, stage: TallyStage(), nowMs: 0, in: &session)
            #expect(again.stage.counts == [:])
            #expect(again.positions == [:])
        }
    }

    @Test(arguments: [
        (
            "update state set value = '\\x01ff'",
            "entry \"acme\" of 2 bytes: state entry ends at byte 2"
        ),
        ("update checkpoints set positions = '{\"services\": 0.5}'", "where numbers by topic"),
    ])
    func `that cannot be read says what was read, and what to do`(
        damage: String, said: String
    ) throws {
        try withStore { store, session in
            var first = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            try announce("acme", times: 2, to: &first)
            first.positions["services"] = 2
            #expect(try store.commit([snapshot(first)], in: &session) == [])
            try session.execute(damage)
            let error = #expect(throws: UnreadableCheckpoint.self) {
                _ = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            }
            #expect(error?.description.contains(said) == true)
            // As it says.
            try session.execute("delete from state where partition = 3")
            try session.execute("update checkpoints set positions = '{}' where partition = 3")
            let again = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            #expect(again.stage.counts == [:])
            #expect(again.positions == [:])
            #expect(again.epoch > first.epoch)
        }
    }

    @Test func `keeps how often and why messages were rejected`() throws {
        try withStore { store, session in
            let partition = try store.claim(0, stage: TallyStage(), nowMs: 0, in: &session)
            let key = RejectionKey(topic: "services", reason: "not_json")
            partition.rejections[key] = RejectionCount(
                messages: 7, lastDetail: "got\0none", lastOffset: 41, changed: true)
            let taken = snapshot(partition)
            for _ in 0..<2 { _ = try store.commit([taken], in: &session) }
            let again = try store.claim(0, stage: TallyStage(), nowMs: 0, in: &session)
            #expect(again.rejections[key]?.messages == 7)
            #expect(again.rejections[key]?.lastOffset == 41)
        }
    }

    @Test func `still belongs to the last process that claimed`() throws {
        try withStore { store, session in
            let frozen = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            let kept = try store.claim(4, stage: TallyStage(), nowMs: 0, in: &session)
            let owner = try store.claim(3, stage: TallyStage(), nowMs: 0, in: &session)
            let held = try store.stillHeld([3: frozen.epoch, 4: kept.epoch], in: &session)
            #expect(held == [4])
            #expect(try store.stillHeld([3: owner.epoch], in: &session) == [3])
        }
    }

    @Test func `has a higher epoch also where the schema was dropped in between`() throws {
        var epochs: [Int64] = []
        for _ in 0..<2 {
            try withStore { store, session in
                epochs.append(
                    try store.claim(0, stage: TallyStage(), nowMs: 0, in: &session).epoch)
            }
        }
        // A time in seconds: the second may be the first's, but it is not 1 again.
        #expect(epochs[0] > 1_600_000_000)
        #expect(epochs[1] >= epochs[0])
    }

    @Test func `writes many rows in calls of a bounded size, in order`() throws {
        let written = Mutex<[[Int]]>([])
        let write: @Sendable ([TallyStage.Row]) -> Void = { rows in
            written.withLock { $0.append(rows.map(\.count)) }
        }
        try withStore(writeRows: write) { store, session in
            let partition = try store.claim(0, stage: TallyStage(), nowMs: 0, in: &session)
            let count = 2 * Limits.rowsPerWrite + 1
            partition.rows = (0..<count).map { TallyStage.Row(customer: "acme", count: $0) }
            _ = try store.commit([snapshot(partition)], in: &session)
            let calls = written.withLock { $0 }
            #expect(calls.map(\.count) == [Limits.rowsPerWrite, Limits.rowsPerWrite, 1])
            #expect(calls.joined().elementsEqual(0..<count))
        }
    }

    private func announce(
        _ customer: String, times: Int, to partition: inout OwnedPartition<TallyStage>
    ) throws {
        for number in 0..<times {
            var effects = Effects<TallyStage.Row>()
            let announced = ServiceAnnounced(
                customer: customer, service: "s\(number)", trigger: "http", runtime: "swift",
                memoryMb: 128, deadlineMs: 1_000, tier: .burstable)
            try partition.stage.process(announced, nowMs: 0, &effects)
            partition.rows += effects.rows
        }
    }

    private func snapshot(
        _ partition: OwnedPartition<TallyStage>
    ) -> CheckpointStore<TallyStage>.Snapshot {
        defer { partition.checkpoint += 1 }
        return CheckpointStore.Snapshot(
            partition: partition.number, epoch: partition.epoch, follows: partition.checkpoint,
            positions: partition.positions, fences: partition.fences, lag: 0,
            entries: partition.stage.takeChanges(), rows: partition.rows,
            rejections: partition.rejections.map { ($0.key, $0.value) })
    }

    private func withStore(
        writeRows: @escaping @Sendable ([TallyStage.Row]) throws -> Void = { _ in },
        _ body: (CheckpointStore<TallyStage>, inout Session) throws -> Void
    ) throws {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            var options = Session.Options()
            options.role = "featurizer"
            options.schema = "featurizer"
            var session = try Session(url, options)
            try Migrations(schema: "featurizer", set: "runtime", runtimeMigrations)
                .apply(to: &session)
            try body(CheckpointStore(owner: "test") { rows, _ in try writeRows(rows) }, &session)
        }
    }
}

@Suite struct `A fence` {
    @Test func `lets a writer's newest epoch through and none before it`() {
        var fences = Fences()
        let admitted = [1, 1, 3, 2, 3, 4].map { fences.admits(writer: "learner/0", epoch: $0) }
        #expect(admitted == [true, true, true, false, true, true])
        let other = fences.admits(writer: "learner/1", epoch: 1)
        #expect(other)
    }

    @Test func `remembers no more writers than there can be`() {
        var fences = Fences()
        for number in 0..<Limits.fencedWriters + 10 {
            _ = fences.admits(writer: "forged/\(number)", epoch: 1)
        }
        #expect(fences.epochs.count == Limits.fencedWriters)
    }
}
