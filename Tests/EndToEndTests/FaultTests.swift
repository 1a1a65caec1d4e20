import Foundation
import TestSupport
import Testing
import Topics

/// The line under a seeded schedule of faults, held to a run of the same input that nobody disturbs.
///
/// `ANTIPHASE_FAULTS=1` switches to the long form, as `compose/test --faults` does. Further:
/// `ANTIPHASE_FAULT_SEED` (seeds of schedules, by spaces), `ANTIPHASE_FAULT_ROUNDS`,
/// `ANTIPHASE_FAULT_BROKER` (`embedded` or `kafka`).
@Suite(
    .serialized, .timeLimit(.minutes(120)),
    .enabled(if: ThrowawayPostgres.isInstalled && EmbeddedBroker.isBuilt, "needs PostgreSQL"))
struct `The line under faults` {
    static let isLong = setting("ANTIPHASE_FAULTS") == "1"
    static let seeds: [UInt64] =
        setting("ANTIPHASE_FAULT_SEED")?.split(separator: " ").compactMap { UInt64($0) }
        ?? (isLong ? [1, 2, 3] : [1])
    static let broker =
        setting("ANTIPHASE_FAULT_BROKER").flatMap(FaultRun.Broker.init) ?? .embedded

    @Test func `ends as if nothing had happened`() throws {
        try withTemporaryFolder { folder in
            // Long: 2,000,000 invocations and more of 200 functions in a day; every fault
            // comes 2.5 s after the last, on average.
            let rounds = Self.setting("ANTIPHASE_FAULT_ROUNDS").flatMap { Int($0) } ?? 3
            let schedules = Self.seeds.map {
                Self.isLong
                    ? FaultSchedule(seed: $0, rounds: rounds, gapMs: 1_000...4_000)
                    : FaultSchedule(shortSeed: $0, gapMs: 300...1_500)
            }
            let trace =
                try Self.isLong
                ? SmallTrace(seed: 5, in: folder, functions: 200, minutes: 1_440, busy: 2.2)
                : SmallTrace(seed: 5, in: folder, functions: 60, minutes: 240, busy: 2)
            let run = FaultRun(
                trace: trace, folder: folder,
                // So that it lasts as long as the schedule.
                speed: Self.isLong ? "\(86_400 / (rounds * 95))" : "1200",
                partitions: Self.isLong ? 16 : 8, settleSeconds: Self.isLong ? 240 : 90)
            say("\(trace.total) invocations of \(trace.counts.count) functions, \(Self.broker)")
            var calm: Outcome?
            try run.run(on: Self.broker, nil) { report in
                calm = report.outcome
                say("undisturbed: \(report.seconds) s")
                try expect(report, beside: report.outcome, trace, "undisturbed")
            }
            for schedule in schedules {
                try run.run(on: Self.broker, schedule) { report in
                    try expect(
                        report, beside: try #require(calm), trace, "seed \(schedule.seed)")
                }
            }
        }
    }

    private func expect(
        _ report: FaultRun.Report, beside calm: Outcome, _ trace: SmallTrace, _ name: String
    ) throws {
        let outcome = report.outcome
        let differences =
            report.troubles + outcome.differences(from: calm, expected: trace.counts)
        say(
            """
            \(name): \(differences.isEmpty ? "equal" : "DIFFERS") after \(report.seconds) s
              faults: \(list(report.line.faults))
              rebalances: \(list(report.rebalances))
              most memory, MiB: \(list(report.line.peaksMiB))
              messages of lost partitions passed over: \(list(outcome.stale))
              same placement: \(outcome.samePlacements(as: calm)) of \(calm.assignments.count) \
            functions; workers \(outcome.workersUsed) beside \(calm.workersUsed), planned beyond \
            their capacity \(outcome.workersOver) beside \(calm.workersOver)
            """)
        guard !differences.isEmpty else { return }
        let logs = try report.logs()
        say("logs of all processes: \(logs)")
        for difference in differences.prefix(40) { say(difference) }
        Issue.record(
            """
            \(name), ANTIPHASE_FAULT_SEED=\(Self.seeds), logs in \(logs):
            \(differences.prefix(40).joined(separator: "\n"))
            """)
    }

    private func list(_ counts: [String: Int]) -> String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    private static func setting(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
