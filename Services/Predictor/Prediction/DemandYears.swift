internal import Foundation

/// How the weeks of a year differ from the weeks before them, by trigger: what one service's year
/// could not tell.
///
/// Each service that was known for four weeks votes at the end of a week with the logarithm of the
/// week's demand over the mean of the three before it. So a factor is of use from the second year
/// on, for services that did not see the first.
struct DemandYears: Equatable {
    static let weeks = 53
    /// By trigger.
    var triggers: [String: Votes] = [:]

    struct Votes: Equatable {
        /// (53) sums of logarithms, and how many.
        var logs = Array(repeating: 0.0, count: DemandYears.weeks)
        var counts = Array(repeating: 0.0, count: DemandYears.weeks)
    }

    /// Services whose weeks are all alike, that stand against those that voted.
    private static let unchanged = 8.0
    /// A vote is no more than a doubling or a halving.
    private static let logMax = log(2.0)
    /// What last year's votes are worth when this year's come.
    private static let yearFading = 0.5

    static func += (a: inout Self, b: Self) {
        for (trigger, votes) in b.triggers.sorted(by: { $0.key < $1.key }) {
            var sum = a.triggers[trigger] ?? Votes()
            for week in 0..<weeks {
                sum.logs[week] += votes.logs[week]
                sum.counts[week] += votes.counts[week]
            }
            a.triggers[trigger] = sum
        }
    }

    /// A new year's week has ended.
    mutating func fade(week: Int) {
        for trigger in triggers.keys {
            triggers[trigger]?.logs[week] *= Self.yearFading
            triggers[trigger]?.counts[week] *= Self.yearFading
        }
    }

    /// - Parameter hours: the week is its last one.
    mutating func vote(_ hours: HourlyDemand, trigger: String, week: Int) {
        guard triggers[trigger] != nil || triggers.count < Limits.contributedTriggers,
            let change = hours.lastWeekOverThoseBefore
        else { return }
        let log = max(-Self.logMax, min(Self.logMax, log(change)))
        triggers[trigger, default: Votes()].logs[week] += log
        triggers[trigger, default: Votes()].counts[week] += 1
    }

    /// (53) around 1; nil while nobody voted.
    func factors(trigger: String) -> [Double]? {
        guard let votes = triggers[trigger], votes.counts.contains(where: { $0 > 0 }) else {
            return nil
        }
        return (0..<Self.weeks).map { exp(votes.logs[$0] / (votes.counts[$0] + Self.unchanged)) }
    }
}

extension HourlyDemand {
    /// Nil unless four weeks are known and the first three held anything.
    var lastWeekOverThoseBefore: Double? {
        guard codes.count == slotsKept else { return nil }
        let week = calendar.slotsPerWeek
        let amounts = codes.map { expm1(Double($0) / Self.stepsPerUnit) }
        let before = amounts.dropLast(week).reduce(0, +) / Double(Self.weeksKept - 1)
        guard before > 0 else { return nil }
        return (amounts.suffix(week).reduce(0, +) + 1) / (before + 1)
    }
}

extension Clock {
    /// From 0; the last days of a leap year's 53rd week aside, the same days every year.
    static func weekOfYear(hour: Int64) -> Int {
        let day = hour / 24
        // Years of 365.2425 days since 1970 drift by at most a day, which for weeks is enough.
        let dayOfYear = Double(day).truncatingRemainder(dividingBy: daysPerYear)
        return min(Int(dayOfYear / 7), DemandYears.weeks - 1)
    }

    private static let daysPerYear = 365.2425
}
