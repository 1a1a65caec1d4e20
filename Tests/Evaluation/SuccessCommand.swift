import Foundation
import Prediction

/// `evaluate success`: everything before the split is history; afterwards the outcome of each run is
/// foretold at its start by what had ended until then, and learnt at its end.
///
/// New services are those that started nothing before the split. Of each, the first run that starts
/// when exactly k of its outcomes are known counts at k.
struct SuccessCommand {
    private let trace: OutcomeTrace
    private let splitMs: Int64
    private let isTimed: Bool

    static let knownCounts = [0, 1, 3, 5, 10, 30]
    /// Coverage is judged by as many later outcomes of the service, at most.
    static let coveredOutcomesMax = 30
    static let timedPredictions = 100_000

    init(_ arguments: [String]) throws {
        let flags = try Flags(
            arguments, known: ["--format", "--split", "--seed", "--timings"], files: 1)
        let name = try flags.text("--format")
        guard let format = OutcomeTrace.Format(rawValue: name) else {
            throw EvaluationError(
                "--format is \"\(name)\", expected google2011, philly or requests")
        }
        _ = try flags.seed()
        isTimed = try flags.timed()
        splitMs = Int64(try flags.number("--split") * 1_000)
        trace = try OutcomeTrace(file: flags.file(), format: format)
        guard trace.runs.contains(where: { $0.startMs >= splitMs && $0.endMs != nil }) else {
            throw EvaluationError("\(trace.file): no run starts at or after the split and ends")
        }
    }

    func run() throws -> String {
        say("foretelling \(trace.runs.count) runs of \(trace.services.count) services")
        var baselines = SuccessBaselines(trace)
        var ours = SuccessOfTrace(trace)
        var judge = SuccessJudge(trace, splitMs: splitMs)
        for event in OutcomeEvents(trace) {
            switch event {
            case .ended(let run):
                baselines.learn(run)
                ours.end(run)
                judge.learn(run)
            case .started(let run):
                let estimate = ours.start(run)
                guard run.startMs >= splitMs, run.endMs != nil else { continue }
                var rates = baselines.rates(run)
                rates["antiphase"] = estimate.rate
                judge.judge(run, rates, estimate)
            }
        }
        judge.finish()
        return report(judge, perSecond: isTimed ? ours.predictionsPerSecond() : nil)
    }

    private func report(_ judge: SuccessJudge, perSecond: Double?) -> String {
        var policies = judge.scores.mapValues { SuccessReport($0).metrics }
        policies["antiphase"]?["coverage"] = judge.coverage.mapValues(\.share)
        policies["antiphase"]?["hardness"] = judge.hardness
        policies["antiphase"]?["predictions_per_second"] = perSecond
        SuccessReport.sayTable(judge.scores, coverage: judge.coverage)
        if let perSecond { say("\(Int(perSecond)) predictions a second on one core") }
        return result(
            dataset: trace.dataset, n: judge.scores["antiphase"]?["overall"]?.count ?? 0,
            policies: policies)
    }
}
