import Foundation
import Prediction

/// The stage's success rates over a trace, fitted anew as the stage does.
struct SuccessOfTrace {
    private let trace: OutcomeTrace
    private(set) var predictor = SuccessPredictor()
    private var fittedMs: Int64?
    /// By number of the run.
    private var running: [Int: ForetoldByWay] = [:]

    /// Of event time. The stage does it every hour; over weeks of half a million runs a quarter of a
    /// day tells the same.
    private static let fitEveryMs: Int64 = 6 * 3_600_000

    init(_ trace: OutcomeTrace) { self.trace = trace }

    /// What is said of a run at its start; it is remembered until it ends.
    mutating func start(_ run: OutcomeTrace.Run) -> SuccessForecast {
        fit(atMs: run.startMs)
        let id = trace.services[run.service]
        if run.endMs != nil {
            running[run.number] = predictor.foretold(of: id, atMs: run.startMs)
        }
        return predictor.forecast(of: id, trigger: run.kind, atMs: run.startMs)
    }

    mutating func end(_ run: OutcomeTrace.Run) {
        guard let endMs = run.endMs, let foretold = running.removeValue(forKey: run.number)
        else { return }
        fit(atMs: endMs)
        predictor.learn(
            isSuccess: run.isSuccess, of: trace.services[run.service], trigger: run.kind,
            atMs: endMs, foretold: foretold)
    }

    /// Whatever the time.
    mutating func fitNow(atMs: Int64) {
        predictor.contribute(hours: Double(atMs - (fittedMs ?? atMs)) / 3_600_000)
        fittedMs = atMs
    }

    private mutating func fit(atMs: Int64) {
        if let fittedMs {
            guard atMs >= fittedMs + Self.fitEveryMs else { return }
            return fitNow(atMs: atMs)
        }
        fittedMs = atMs
    }

    /// Over the services that are known in the end.
    func predictionsPerSecond() -> Double {
        let start = Self.cpuSeconds()
        var sum = 0.0
        for index in 0..<SuccessCommand.timedPredictions {
            let run = trace.runs[trace.runs.count - 1 - index % trace.runs.count]
            sum +=
                predictor.forecast(
                    of: trace.services[run.service], trigger: run.kind, atMs: run.startMs
                ).rate
        }
        precondition(sum > 0, "rates are above 0")
        return Double(SuccessCommand.timedPredictions) / (Self.cpuSeconds() - start)
    }

    /// Of this process: others may use the machine, too.
    private static func cpuSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
}
