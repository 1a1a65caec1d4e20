import Foundation
import Topics
import Workload

/// `evaluate closed-loop`: a fleet whose executions share the workers that they are placed on.
struct ClosedLoopCommand {
    static let flags = [
        "--trace", "--workers", "--warm-up", "--repeats", "--deadlines", "--worker-milli-cpu",
        "--worker-memory-mb", "--seed",
    ]

    private let trace: AzureTrace
    private let dataset: String
    private let seed: UInt64
    private let deadlines: TraceReplay.Deadlines
    private let plan: WorkerPlan
    private let workerCounts: [Int]?
    private let warmUpMinutes: Int

    init(_ arguments: [String]) throws {
        let flags = try Flags(arguments, known: Self.flags)
        let folder = try flags.text("--trace")
        dataset = URL(filePath: folder).lastPathComponent
        let once = try AzureTrace(folder: folder)
        let repeats = try flags.count("--repeats", default: 1)
        guard repeats * once.minutes.count <= Self.minutesMax else {
            throw EvaluationError("--repeats is \(repeats), expected no more than 31 days in all")
        }
        trace = once.repeated(times: repeats)
        seed = try flags.seed()
        let named = flags.has("--deadlines") ? try flags.text("--deadlines") : "drawn"
        guard let deadlines = TraceReplay.Deadlines(rawValue: named) else {
            throw EvaluationError("--deadlines is \"\(named)\", expected platform or drawn")
        }
        self.deadlines = deadlines
        var plan = WorkerPlan()
        plan.milliCpu = try flags.number("--worker-milli-cpu", default: plan.milliCpu)
        plan.memoryMb = try flags.number("--worker-memory-mb", default: plan.memoryMb)
        guard plan.milliCpu >= 1_000, plan.memoryMb >= 128 else {
            throw EvaluationError("a worker has 1,000 mCPU and 128 MB at least")
        }
        self.plan = plan
        workerCounts = try flags.has("--workers") ? [flags.count("--workers")] : nil
        let known = repeats > 1 ? (repeats - 1) * once.minutes.count : 240
        warmUpMinutes = try flags.count("--warm-up", default: known)
    }

    func run() throws -> String {
        let source = try TraceReplay(
            trace, seed: seed, workerMemoryMb: plan.memoryMb, deadlines: deadlines)
        let minutes = source.minutes ?? 0
        guard warmUpMinutes < minutes else {
            throw EvaluationError(
                "--warm-up is \(warmUpMinutes) minutes and the trace has \(minutes)")
        }
        let counts = workerCounts ?? sweep(source)
        say(
            "closed-loop: \(trace.functionCount) functions, \(warmUpMinutes) minutes of warm-up, "
                + "\(minutes - warmUpMinutes) scored; workers of \(Int(plan.milliCpu)) mCPU and "
                + "\(Int(plan.memoryMb)) MB; deadlines: \(deadlines.rawValue)")
        var scores: [ClosedLoopScore] = []
        for placing in ClosedLoop.Placing.allCases {
            for count in counts {
                say("closed-loop: \(placing.rawValue) on \(count) workers")
                try scores.append(score(source, placing, workers: count))
            }
        }
        return ClosedLoopReport(scores).told(dataset: dataset, n: trace.functionCount)
    }

    private func score(
        _ source: TraceReplay, _ placing: ClosedLoop.Placing, workers count: Int
    ) throws -> ClosedLoopScore {
        var plan = plan
        plan.perCell = count
        var loop = try ClosedLoop(
            source, on: plan.workers(for: [], cells: 1, seed: seed), placing: placing)
        let warmUntilMs = source.startMs + Int64(warmUpMinutes) * 60_000
        try loop.run(to: warmUntilMs)
        let (warm, moves) = (loop.fleet.tally, loop.fleet.placements.moves)
        loop.forgetRuns()
        // What began before the trace ends has ended by the longest deadline after it.
        let endMs =
            source.startMs + Int64(source.minutes ?? 0) * 60_000
            + Int64(source.durationMsMax.rounded(.up)) + 60_000
        try loop.run(to: endMs)
        return ClosedLoopScore(
            placing: placing, workers: count, tally: loop.fleet.tally.since(warm),
            missShareOfFunctions: loop.missShareOfFunctions,
            moves: loop.fleet.placements.moves - moves)
    }

    /// From what is too few for the load on average to what the sum of the functions' peaks takes.
    private func sweep(_ source: TraceReplay) -> [Int] {
        let peaks = source.peakDemands.reduce(0) { $0 + $1.milliCpu } / plan.milliCpu
        let most = max(2, Int(peaks.rounded(.up)))
        let least = max(1, most / 8)
        var counts: Set<Int> = [most]
        for step in 0..<Self.sweepSteps {
            let share = Double(step) / Double(Self.sweepSteps - 1)
            counts.insert(least + Int((Double(most - least) * share).rounded()))
        }
        return counts.sorted()
    }

    private static let sweepSteps = 10
    private static let minutesMax = 31 * 1_440
}
