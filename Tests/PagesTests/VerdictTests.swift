import Testing

@testable import Pages

private let nowMs: Int64 = 1_700_000_000_000

@Suite struct `A verdict` {
    @Test func `is good when every stage keeps up and nothing waits`() {
        let verdict = verdict { _ in }
        #expect(verdict.grade == .good)
        #expect(verdict.sentences == ["All four stages keep up, and every function has a worker."])
    }

    @Test func `names a stage that stopped with messages waiting, and puts it first`() {
        let verdict = verdict { snapshot in
            snapshot.allocation?.waiting = 2
            snapshot.stages[1].lagMessages = 1_234
            snapshot.stages[1].newestCheckpointMs = nowMs - 40_000
            snapshot.stages[1].stuckPartitions = 16
            snapshot.stages[1].stuckSinceMs = nowMs - 40_000
        }
        #expect(verdict.grade == .alarm)
        #expect(
            verdict.sentences.map(plain) == [
                "The learner has not kept anything for 40 s, and 1 234 messages wait.",
                "2 functions wait for a worker with room.",
            ])
    }

    @Test func `names partitions that nobody looks after`() {
        let verdict = verdict { snapshot in
            snapshot.stages[0].lagMessages = 5
            snapshot.stages[0].stuckPartitions = 3
            snapshot.stages[0].stuckSinceMs = nowMs - 90_000
        }
        #expect(
            verdict.sentences.map(plain) == [
                "The featurizer has not kept 3 of 16 partitions for 90 s, and 5 messages wait."
            ])
    }

    @Test func `lets a stage rest that has nothing to do, but not while others go on`() {
        let resting = verdict { snapshot in
            for stage in snapshot.stages.indices {
                snapshot.stages[stage].newestCheckpointMs = nowMs - 3_600_000
            }
        }
        #expect(resting.grade == .good)
        let silent = verdict { $0.stages[3].newestCheckpointMs = nowMs - 3_600_000 }
        #expect(
            silent.sentences.map(plain) == [
                "The allocator has not kept anything for 60 min, while the featurizer goes on."
            ])
    }

    @Test func `tells of rejections while they are fresh`() {
        func rejected(agoMs: Int64) -> Verdict {
            verdict {
                $0.rejections = [
                    .init(
                        stage: .featurizer, topic: "invocations", reason: "late", messages: 7,
                        lastDetail: "", lastRejectedMs: nowMs - agoMs)
                ]
            }
        }
        #expect(rejected(agoMs: 60_000).grade == .warning)
        #expect(rejected(agoMs: 600_000).grade == .good)
    }

    @Test func `says since when PostgreSQL is away, from the first failure on`() {
        var live = Live()
        live.failed("refused", isLost: true, atMs: nowMs - 30_000)
        live.failed("refused", isLost: true, atMs: nowMs)
        #expect(
            Verdict(live, nowMs: nowMs).sentences.map(plain) == [
                "PostgreSQL is away since 22:12:50 UTC (30 s)."
            ])
    }

    @Test func `knows no rate until it saw time pass, and then the true one`() {
        var live = Live()
        var snapshot = healthy()
        for second in 0..<60 {
            snapshot.takenAtMs = nowMs + Int64(second) * 1_000
            snapshot.totals?.invocations = 500 * second
            snapshot.totals?.lastSeenMs = 1_000 + Int64(second) * 60_000
            live.took(snapshot)
            if second < 3 { #expect(live.perSecond == nil) }
        }
        #expect(live.perSecond == 500)
        #expect(live.speed == 60)
    }

    private func verdict(_ change: (inout FleetSnapshot) -> Void) -> Verdict {
        var live = Live()
        var snapshot = healthy()
        change(&snapshot)
        live.took(snapshot)
        return Verdict(live, nowMs: nowMs)
    }

    private func healthy() -> FleetSnapshot {
        FleetSnapshot(
            takenAtMs: nowMs,
            totals: .init(invocations: 0, successes: 0, functions: 0, services: 0),
            allocation: .init(
                assigned: 1, waiting: 0, workersReady: 1, workersUsed: 1, workersOverloaded: 0),
            stages: Stage.allCases.map {
                .init(
                    stage: $0, hasStarted: true, partitions: 16, owners: ["host:1"],
                    newestCheckpointMs: nowMs - 1_000)
            },
            rejections: [])
    }

    private func plain(_ text: String) -> String {
        text.replacing("\u{202f}", with: " ").replacing("\u{a0}", with: " ")
    }
}
