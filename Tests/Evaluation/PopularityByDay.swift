import Foundation
import Prediction
import Topics

/// How well days' totals of the coming four weeks, and who will be popular, were foretold by the whole of
/// the stage's demand; of traces of counts by hour.
struct PopularityByDay {
    /// By weeks ahead: the first day apart.
    private(set) var coverage: [String: (inside: Double, count: Double)] = [:]
    private(set) var chances = OutcomeScores()

    /// Demand at the end is that of so many days.
    private static let judgedDays = 7
    /// Of services, those that are popular.
    private static let popularShare = 0.1

    init(_ trace: DemandTrace) {
        var predictor = DemandPredictor(services: trace.series.count)
        let popular = Self.popular(trace)
        for origin in stride(from: 24, through: trace.slots - 24, by: 24) {
            for (index, series) in trace.series.enumerated() {
                for slot in max(series.start, origin - 24)..<max(series.start, origin) {
                    predictor.learn(
                        service: index, hour: Int64(slot),
                        invocations: Int(series.values[slot - series.start]))
                }
            }
            predictor.closeDay(before: Int64(origin))
            guard origin >= trace.trainDays * 24 else { continue }
            say("days of \(trace.series.count) series: day \(origin / 24)")
            for (index, series) in trace.series.enumerated() where series.start < origin {
                let outlook = predictor.outlook(service: index, hour: Int64(origin))
                judge(outlook.days, series, origin: origin, slots: trace.slots)
                // Known by then and judged at the end: what is between is what there is of four weeks.
                guard let chance = outlook.popularChance,
                    origin + Self.judgedDays * 24 <= trace.slots
                else { continue }
                chances.add(chance, popular.contains(index), customer: 0)
            }
        }
    }

    private mutating func judge(
        _ days: Prediction.DailyForecast, _ series: DemandTrace.Series, origin: Int, slots: Int
    ) {
        for day in days.expected.indices where origin + 24 * (day + 1) <= slots {
            let first = origin + 24 * day - series.start
            let total = series.values[first..<first + 24].reduce(0, +)
            let name = day == 0 ? "day 1" : "week \(day / 7 + 1)"
            let isInside = total >= days.low[day] && total <= days.high[day]
            coverage[name, default: (0, 0)].inside += isInside ? 1 : 0
            coverage[name, default: (0, 0)].count += 1
        }
    }

    /// The busiest tenth of all over the last days.
    private static func popular(_ trace: DemandTrace) -> Set<Int> {
        let totals = trace.series.map { $0.values.suffix(judgedDays * 24).reduce(0, +) }
        let order = totals.indices.sorted { (totals[$0], $1) > (totals[$1], $0) }
        return Set(order.prefix(Int((Double(order.count) * popularShare).rounded())))
    }

    /// The trivial line: everybody has the share of the popular.
    private var trivial: OutcomeScores {
        let share =
            Double(chances.outcomes.count { $0 }) / Double(max(1, chances.count))
        var scores = OutcomeScores()
        for outcome in chances.outcomes { scores.add(share, outcome, customer: 0) }
        return scores
    }

    var metrics: [String: Any] {
        var metrics: [String: Any] = [
            "daily_coverage": coverage.mapValues { $0.inside / $0.count },
            "days": coverage.mapValues(\.count),
        ]
        guard chances.count > 0 else { return metrics }
        metrics["popular"] = [
            "n": Double(chances.count), "log_loss": chances.logLoss, "brier": chances.brier,
            "ece": chances.ece, "auc": chances.auc ?? 0, "log_loss_of_share": trivial.logLoss,
            "brier_of_share": trivial.brier,
        ]
        return metrics
    }

    var table: String {
        var lines = coverage.sorted { $0.key < $1.key }.map { name, sums in
            "\(name): \(fixed(sums.inside / sums.count * 100, 1)) % of \(Int(sums.count)) totals inside"
        }
        lines.append(
            "popular: log-loss \(fixed(chances.logLoss, 3)), of the share alone "
                + "\(fixed(trivial.logLoss, 3)); Brier \(fixed(chances.brier, 3)), "
                + "\(fixed(trivial.brier, 3)); AUC \(fixed(chances.auc ?? 0, 3)), n \(chances.count)"
        )
        return lines.joined(separator: "\n")
    }
}
