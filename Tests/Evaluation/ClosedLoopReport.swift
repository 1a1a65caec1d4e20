import Topics
import Workload

/// What a policy came to at so many workers.
struct ClosedLoopScore {
    let placing: ClosedLoop.Placing
    let workers: Int
    let tally: FleetTally
    let missShareOfFunctions: Double
    let moves: Int

    var metrics: [String: Double] {
        [
            "executions": Double(tally.executions.total),
            "contention_misses": Double(tally.contentionMisses.total),
            "contention_misses_guaranteed": Double(tally.contentionMisses[.guaranteed]),
            "contention_misses_burstable": Double(tally.contentionMisses[.burstable]),
            "contention_misses_best_effort": Double(tally.contentionMisses[.bestEffort]),
            "contention_miss_share_of_functions": missShareOfFunctions,
            "slowed_share": Double(tally.slowed.total) / Double(max(1, tally.executions.total)),
            "throttled_share": tally.throttledShare,
            "cold_starts": Double(tally.coldStarts),
            "unplaced_share": Double(tally.unplaced) / Double(max(1, tally.executions.total)),
            "moves": Double(moves),
            "workers_in_use": tally.workersUsed,
            "kwh": tally.joules / 3.6e6,
        ]
    }
}

/// The scores side by side.
struct ClosedLoopReport {
    private let scores: [ClosedLoopScore]

    init(_ scores: [ClosedLoopScore]) { self.scores = scores }

    func told(dataset: String, n: Int) -> String {
        sayTable()
        sayComparison()
        var policies: [String: [String: Any]] = [:]
        for placing in ClosedLoop.Placing.allCases {
            var byMetric: [String: [String: Double]] = [:]
            for score in scores where score.placing == placing {
                for (metric, value) in score.metrics {
                    byMetric[metric, default: [:]]["\(score.workers)"] = value
                }
            }
            policies[placing.rawValue] = byMetric
        }
        for (metric, byWorkers) in comparison { policies["antiphase"]?[metric] = byWorkers }
        return result(dataset: dataset, n: n, policies: policies)
    }

    private func of(_ placing: ClosedLoop.Placing) -> [ClosedLoopScore] {
        scores.filter { $0.placing == placing }.sorted { $0.workers < $1.workers }
    }

    /// By the workers of `sum_of_peaks`: how many times as many misses it has as antiphase on as
    /// many (0 misses count as one), and the fewest workers on which antiphase has no more.
    private var comparison: [String: [String: Double]] {
        var comparison: [String: [String: Double]] = [
            "times_fewer_misses": [:], "workers_at_equal_misses": [:],
        ]
        for theirs in of(.sumOfPeaks) {
            let misses = theirs.tally.contentionMisses.total
            if let ours = of(.antiphase).first(where: { $0.workers == theirs.workers }) {
                comparison["times_fewer_misses"]?["\(theirs.workers)"] =
                    Double(misses) / Double(max(1, ours.tally.contentionMisses.total))
            }
            let enough = of(.antiphase).first { $0.tally.contentionMisses.total <= misses }
            if let enough {
                comparison["workers_at_equal_misses"]?["\(theirs.workers)"] = Double(enough.workers)
            }
        }
        return comparison
    }

    private func sayTable() {
        say(
            "policy        workers  misses  (g/b/e)            a function %  slowed %"
                + "  throttled %  unplaced %   cold  moves  in use    kWh")
        for score in scores {
            let tally = score.tally
            let metrics = score.metrics
            let tiers = [Tier.guaranteed, .burstable, .bestEffort]
                .map { "\(tally.contentionMisses[$0])" }.joined(separator: "/")
            say(
                score.placing.rawValue.padded(to: 12, left: true) + "\(score.workers)".padded(to: 9)
                    + "\(tally.contentionMisses.total)".padded(to: 8) + "  "
                    + tiers.padded(to: 18, left: true)
                    + percent(score.missShareOfFunctions).padded(to: 12)
                    + percent(metrics["slowed_share"]).padded(to: 11)
                    + percent(metrics["throttled_share"]).padded(to: 13)
                    + percent(metrics["unplaced_share"]).padded(to: 12)
                    + "\(tally.coldStarts)".padded(to: 7) + "\(score.moves)".padded(to: 7)
                    + fixed(tally.workersUsed, 1).padded(to: 8)
                    + fixed(tally.joules / 3.6e6, 3).padded(to: 7))
        }
    }

    private func sayComparison() {
        for theirs in of(.sumOfPeaks) {
            let key = "\(theirs.workers)"
            let times = comparison["times_fewer_misses"]?[key].map { fixed($0, 2) } ?? "-"
            let workers = comparison["workers_at_equal_misses"]?[key].map { fixed($0, 0) } ?? "-"
            say(
                "sum_of_peaks on \(key): \(theirs.tally.contentionMisses.total) misses; antiphase has"
                    + " \(times) times fewer on as many workers, and no more on \(workers)")
        }
    }

    private func percent(_ share: Double?) -> String { fixed((share ?? 0) * 100, 3) }
}
