import Foundation
import Prediction

/// How far forecasts of `ln(1 + y)` were from what came.
///
/// On the logarithm, for services differ by orders of magnitude, and a mean of counts would be that
/// of the few busiest. CRPS is twice the mean quantile loss over 20 quantiles; that of a point is
/// its absolute error, so day naive's CRPS is its MAE.
struct PopularityScore {
    struct Sums {
        var count = 0.0
        var ours = 0.0
        var crps = 0.0
        var covered = 0.0
        var last = 0.0
        var day = 0.0
        var week = 0.0
        /// Of counts instead of logarithms.
        var crpsOfCounts = 0.0
        var dayOfCounts = 0.0
        /// Of the means foretold, and of what came.
        var expected = 0.0
        var actual = 0.0

        /// Day naive's, to divide by: also where it was never wrong.
        var naive: Double { max(day, Self.least) }
        static let least = 1e-9

        static func / (sum: Double, sums: Sums) -> Double { sum / sums.count }
    }

    private(set) var all = Sums()
    /// By how long a series was known: less than a day, than a week, longer.
    private(set) var byAge = ["day": Sums(), "week": Sums(), "longer": Sums()]

    mutating func add(
        _ hour: ForecastedHour, _ naive: NaiveForecasts.Hour, actual: Double, known: Int,
        day: Int, week: Int
    ) {
        var one = Sums()
        let log = log1p(actual)
        let quantiles = hour.logQuantiles
        let interval = hour.logInterval
        one.count = 1
        one.ours = abs(log - hour.logMedian)
        one.crps = Self.crps(quantiles, actual: log)
        // Logarithms of whole counts are rounded where they are kept.
        let isCovered =
            log >= interval.low - Self.rounding && log <= interval.high + Self.rounding
        one.covered = isCovered ? 1 : 0
        one.last = abs(log - naive.last)
        one.day = abs(log - naive.day)
        one.week = abs(log - naive.week)
        one.crpsOfCounts = Self.crps(quantiles.map { expm1($0) }, actual: actual)
        one.dayOfCounts = abs(actual - expm1(naive.day))
        one.expected = hour.expected
        one.actual = actual
        all += one
        byAge[known < day ? "day" : known < week ? "week" : "longer", default: Sums()] += one
    }

    private static let rounding = 1.0 / 2_000

    static func crps(_ quantiles: [Double], actual: Double) -> Double {
        var loss = 0.0
        for (index, quantile) in quantiles.enumerated() {
            let share = (Double(index) + 0.5) / Double(quantiles.count)
            loss +=
                actual >= quantile
                ? share * (actual - quantile) : (1 - share) * (quantile - actual)
        }
        return 2 * loss / Double(quantiles.count)
    }

    var policies: [String: [String: Any]] {
        let ages = byAge.filter { $0.value.count > 0 }
        let ours: [String: Any] = [
            "mae_log1p": all.ours / all, "mae_ratio": all.ours / all.naive,
            "crps_ratio": all.crps / all.naive,
            "crps_ratio_of_counts": all.crpsOfCounts / max(all.dayOfCounts, Sums.least),
            "coverage": all.covered / all,
            "expected_to_actual": all.expected / max(all.actual, Sums.least),
            "mae_ratio_by_age": ages.mapValues { $0.ours / $0.naive },
            "crps_ratio_by_age": ages.mapValues { $0.crps / $0.naive },
            "coverage_by_age": ages.mapValues { $0.covered / $0 },
            "hours": all.count,
        ]
        var policies = ["antiphase": ours]
        for (name, sum) in [("last", all.last), ("day_naive", all.day), ("week_naive", all.week)] {
            policies[name] = [
                "mae_log1p": sum / all, "mae_ratio": sum / all.naive, "crps_ratio": sum / all.naive,
            ]
        }
        return policies
    }

    var table: String {
        var lines = ["policy          mae_log1p  to day_naive  crps_ratio  coverage %"]
        let rows = [
            ("antiphase", all.ours, all.crps, Optional(all.covered)),
            ("last", all.last, all.last, nil), ("day_naive", all.day, all.day, nil),
            ("week_naive", all.week, all.week, nil),
        ]
        for (name, error, crps, covered) in rows {
            lines.append(
                name.padded(to: 14, left: true) + fixed(error / all, 4).padded(to: 11)
                    + fixed(error / all.naive, 3).padded(to: 14)
                    + fixed(crps / all.naive, 3).padded(to: 12)
                    + (covered.map { fixed($0 / all * 100, 1) } ?? "").padded(to: 12))
        }
        for (name, age) in [("day", "< 1 day"), ("week", "< 1 week"), ("longer", "longer")] {
            guard let sums = byAge[name], sums.count > 0 else { continue }
            lines.append(
                "  known \(age)".padded(to: 14, left: true)
                    + fixed(sums.ours / sums, 4).padded(to: 11)
                    + fixed(sums.ours / sums.naive, 3).padded(to: 14)
                    + fixed(sums.crps / sums.naive, 3).padded(to: 12)
                    + fixed(sums.covered / sums * 100, 1).padded(to: 12))
        }
        return lines.joined(separator: "\n")
    }
}

extension PopularityScore.Sums {
    static func += (a: inout Self, b: Self) {
        a.count += b.count
        a.ours += b.ours
        a.crps += b.crps
        a.covered += b.covered
        a.last += b.last
        a.day += b.day
        a.week += b.week
        a.crpsOfCounts += b.crpsOfCounts
        a.dayOfCounts += b.dayOfCounts
        a.expected += b.expected
        a.actual += b.actual
    }
}
