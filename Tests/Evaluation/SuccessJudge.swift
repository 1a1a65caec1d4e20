import Foundation
import Prediction

/// Collects what was foretold and what came of it, by how much was known.
struct SuccessJudge {
    /// By policy, then by known outcomes or `overall`.
    private(set) var scores: [String: [String: OutcomeScores]] = [:]
    private(set) var coverage: [String: IntervalCoverage] = [:]
    /// By known outcomes: the sum of the log-odds against what came.
    private var odds: [String: (sum: Double, count: Int)] = [:]

    private let trace: OutcomeTrace
    private let isNew: [Bool]
    private var known: [Int]
    /// By service: the counts at which one of its runs was judged.
    private var judgedAt: [Set<Int>]
    /// By service: later outcomes are compared with what was foretold here.
    private var open: [Int: [OpenInterval]] = [:]

    private struct OpenInterval {
        let name: String
        let estimate: SuccessForecast
        var successes = 0
        var outcomes = 0
        var isFull: Bool { outcomes == SuccessCommand.coveredOutcomesMax }
    }

    init(_ trace: OutcomeTrace, splitMs: Int64) {
        self.trace = trace
        var isNew = Array(repeating: true, count: trace.services.count)
        for run in trace.runs where run.startMs < splitMs { isNew[run.service] = false }
        self.isNew = isNew
        known = Array(repeating: 0, count: trace.services.count)
        judgedAt = Array(repeating: [], count: trace.services.count)
    }

    /// - Parameter rates: by policy.
    mutating func judge(
        _ run: OutcomeTrace.Run, _ rates: [String: Double], _ estimate: SuccessForecast
    ) {
        let count = known[run.service]
        let isCounted =
            isNew[run.service] && SuccessCommand.knownCounts.contains(count)
            && judgedAt[run.service].insert(count).inserted
        let customer = trace.customers[run.service]
        for (policy, rate) in rates {
            for name in isCounted ? ["\(count)", "overall"] : ["overall"] {
                scores[policy, default: [:]][name, default: OutcomeScores()]
                    .add(rate, run.isSuccess, customer: customer)
            }
        }
        guard isCounted else { return }
        let name = "\(count)"
        let likely = log(estimate.rate / (1 - estimate.rate))
        odds[name, default: (0, 0)].sum += run.isSuccess ? -likely : likely
        odds[name, default: (0, 0)].count += 1
        open[run.service, default: []].append(OpenInterval(name: name, estimate: estimate))
    }

    mutating func learn(_ run: OutcomeTrace.Run) {
        known[run.service] += 1
        guard var intervals = open.removeValue(forKey: run.service) else { return }
        for index in intervals.indices {
            intervals[index].successes += run.isSuccess ? 1 : 0
            intervals[index].outcomes += 1
        }
        for interval in intervals where interval.isFull { close(interval) }
        intervals.removeAll { $0.isFull }
        if !intervals.isEmpty { open[run.service] = intervals }
    }

    /// Nothing more comes.
    mutating func finish() {
        for (_, intervals) in open.sorted(by: { $0.key < $1.key }) {
            intervals.forEach { close($0) }
        }
        open = [:]
    }

    private mutating func close(_ interval: OpenInterval) {
        guard interval.outcomes > 0 else { return }
        let upTo = interval.estimate.cumulative(
            successes: interval.successes, of: interval.outcomes)
        let below =
            interval.successes == 0
            ? 0
            : interval.estimate.cumulative(
                successes: interval.successes - 1, of: interval.outcomes)
        for name in [interval.name, "overall"] {
            coverage[name, default: IntervalCoverage()].add(below: below, upTo: upTo)
        }
    }

    /// By known outcomes, the mean: above 0 what came was held for unlikely.
    /// - SeeAlso: Dhillon et al., "A Baseline for Few-Shot Image Classification" (2020), section 4.4.
    var hardness: [String: Double] { odds.mapValues { $0.sum / Double(max(1, $0.count)) } }
}
