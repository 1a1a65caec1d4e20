internal import Numerics

/// Chooses, of each function of a fleet, the one whose load would share a worker best with its own.
///
/// n: functions; T: slots. What counts is what two functions would need together against what they
/// would need apart, `max_t (a + b) / (max a + max b)`, and what the past tells of it. The peak of a
/// whole history is one moment, which will not come back; so the ratio is taken of every day, in
/// slots and in hours (peaks that a worker rides out and peaks that it does not), and averaged.
/// Correlation tells less: by it noise chooses (raw Pearson captures less than random does).
///
/// Functions that rise together are no partners whatever their ratio: where all do, nothing is in
/// antiphase, and none is sold as such. Whether two do is told by the correlation of their hours,
/// shrunk towards that of the fleet by how well such correlations recur from day to day: in a fleet
/// that rises together as a whole, a pair that seems not to is mostly noise.
///
/// - SeeAlso: Efron and Morris, "Stein's estimation rule and its competitors" (1973), for the
///   shrinkage; Spearman (1910) and Brown (1910) for what halves tell of the whole.
public struct AntiphasePartners: Sendable {
    /// Shrunk hourly correlation above which two functions rise together. Less of it leaves fewer to
    /// choose among than a real fleet's loose common day warrants (PlanetLab: 0.11 on average).
    public static let correlationMax: Float = 0.15
    /// Of correlations of which there is only one day.
    static let recurrenceOfOneDay: Float = 0.5
    /// What a ratio of hours counts against one of slots.
    static let hoursWeight: Float = 0.5
    /// What a ratio of neighbouring days counts against one of the same day.
    static let nextDayWeight: Float = 0.5

    /// (n) nil: nothing among the others is in antiphase to it.
    public let partners: [Int?]

    /// - Parameter demand: (n, T) not negative, of one length; what is left of a day at the end is
    ///   left out, unless there is no whole day at all.
    /// - Complexity: 2 n² T additions.
    public init(demand: [[Float]], slotsPerDay: Int) {
        precondition(slotsPerDay > 0, "\(slotsPerDay) slots a day")
        let length = demand.map(\.count).min() ?? 0
        let clean = demand.map {
            SeriesCleaning.filled(Array($0.prefix(length))).map { max(0, $0) }
        }
        let perHour = max(1, slotsPerDay / 24)
        let hours = clean.map { Self.means($0, per: perHour) }
        let slotDays = Self.days(clean, slotsPerDay)
        let hourDays = Self.days(hours, slotsPerDay / perHour)
        let correlations = Self.shrunkCorrelations(hours, hourDays.ranges)
        var best: [(partner: Int?, score: Float)] = demand.map { _ in (nil, .infinity) }
        for i in demand.indices {
            for j in demand.indices.dropFirst(i + 1)
            where correlations[i, j] <= Self.correlationMax {
                let score =
                    Self.meanRatio(slotDays, i, j)
                    + Self.hoursWeight * Self.meanRatio(hourDays, i, j)
                if score < best[i].score { best[i] = (j, score) }
                if score < best[j].score { best[j] = (i, score) }
            }
        }
        partners = best.map(\.partner)
    }

    /// (n) series cut into days, and the peak of each day.
    private struct Days {
        let values: [[Float]]
        let ranges: [Range<Int>]
        /// (n, days)
        let peaks: [[Float]]
    }

    private static func days(_ series: [[Float]], _ perDay: Int) -> Days {
        let length = series.first?.count ?? 0
        let count = max(1, length / perDay)
        let ranges = (0..<count).map { $0 * perDay..<min(length, ($0 + 1) * perDay) }
        let peaks = series.map { values in ranges.map { values[$0].max() ?? 0 } }
        return Days(values: series, ranges: ranges, peaks: peaks)
    }

    /// Of all days, and of one function's days with the other's next or last: when in its hours a
    /// peak falls is chance, and another day is another draw of it.
    private static func meanRatio(_ days: Days, _ i: Int, _ j: Int) -> Float {
        let count = days.ranges.count
        var same: Float = 0
        for day in 0..<count { same += ratio(days, i, day, j, day) }
        same /= Float(count)
        guard count > 1 else { return same + nextDayWeight * same }
        var next: Float = 0
        for day in 0..<count - 1 {
            next += ratio(days, i, day, j, day + 1) + ratio(days, i, day + 1, j, day)
        }
        return same + nextDayWeight * next / Float(2 * (count - 1))
    }

    /// 1 where neither ran.
    private static func ratio(
        _ days: Days, _ i: Int, _ dayOfI: Int, _ j: Int, _ dayOfJ: Int
    ) -> Float {
        let apart = days.peaks[i][dayOfI] + days.peaks[j][dayOfJ]
        guard apart > 0 else { return 1 }
        let peak = jointPeak(
            days.values[i][days.ranges[dayOfI]], days.values[j][days.ranges[dayOfJ]])
        return peak / apart
    }

    private static func means(_ values: [Float], per slots: Int) -> [Float] {
        stride(from: 0, to: values.count, by: slots).map {
            mean(values[$0..<min(values.count, $0 + slots)])
        }
    }

    /// (n, n) `m + w (r - m)`: m the mean of all pairs' r, w how well they recur.
    private static func shrunkCorrelations(_ hours: [[Float]], _ days: [Range<Int>]) -> Matrix {
        var correlations = correlations(hours, over: [0..<(hours.first?.count ?? 0)])
        guard hours.count > 1 else { return correlations }
        let all = pairs(correlations)
        let centre = mean(all)
        let weight =
            days.count < 2
            ? recurrenceOfOneDay
            : recurrence(
                pairs(
                    Self.correlations(
                        hours, over: days.indices.filter { $0 % 2 == 0 }.map { days[$0] })),
                pairs(
                    Self.correlations(
                        hours, over: days.indices.filter { $0 % 2 == 1 }.map { days[$0] })))
        for i in hours.indices {
            for j in hours.indices {
                correlations[i, j] = centre + weight * (correlations[i, j] - centre)
            }
        }
        return correlations
    }

    /// How much of the spread of what two halves measure would be there again, 0 to 1:
    /// `2 r / (1 + r)`, r the correlation of one half's measures with the other's.
    static func recurrence(_ first: [Float], _ second: [Float]) -> Float {
        let r = max(0, correlation(first[...], second[...]))
        return 2 * r / (1 + r)
    }

    private static func correlations(_ hours: [[Float]], over ranges: [Range<Int>]) -> Matrix {
        let rows = Matrix(hours.map { values in standardised(ranges.flatMap { values[$0] }) })
        return rows.productTransposed(rows)
    }

    /// Above the diagonal.
    private static func pairs(_ matrix: Matrix) -> [Float] {
        (0..<matrix.rows).flatMap { row in matrix.row(row).dropFirst(row + 1) }
    }

    /// Mean 0 and length 1, so that a product is a correlation; all 0 where it does not vary.
    private static func standardised(_ values: [Float]) -> [Float] {
        let centre = mean(values)
        let spread = variance(values).squareRoot()
        guard spread > 1e-6 * max(1, abs(centre)) else { return values.map { _ in 0 } }
        return unitLength(values.map { $0 - centre })
    }
}
