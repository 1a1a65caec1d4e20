internal import Foundation
internal import Numerics

/// How many workers will be needed, by what followed such hours before.
///
/// Every stretch of the history that begins at some past hour is a scenario: it goes on from now as
/// it went on then. This is the block bootstrap (Künsch, Annals of Statistics 1989) with every
/// block drawn once, so that no chance is in it. Of a scenario at `lead` hours
///
///     ln W(t + lead) = S(t + lead) + a r(t) + e,  r(t) = ln W(t) - S(t)
///
/// with S the usual hour of the day, `a` how much of today's distance from it is left by then, and
/// e what the stretch did on top of that: its growth and its noise, taken together.
public struct WorkerForecast: Sendable, Equatable {
    /// Slots of a day: 24 of hours, 1 of days.
    private let period: Int
    /// (period) S, by slot of the day, in logarithms.
    private let usual: [Double]
    /// (T) r, oldest first.
    private let distances: [Double]
    /// The slot of the day of the first distance.
    private let firstSlot: Int

    /// Days before which there is no forecast.
    public static let daysMin = 3
    /// Today's distance is believed less while fewer days than some multiple of this are known.
    private static let doubtDays = 3.0
    /// A lead for which fewer days would be left is judged from all hours alike.
    private static let pairedDaysMin = 3.0
    /// Zero workers have a logarithm, too.
    private static let leastWorkers = 0.5

    /// - Parameters:
    ///   - needed: (T) workers needed, oldest first.
    ///   - period: slots of a day.
    ///   - firstSlot: the slot of the day of the first.
    ///
    /// - Returns: nil when less than three days are known.
    public init?(_ needed: [Double], period: Int, firstSlot: Int = 0) {
        guard needed.count >= Self.daysMin * period else { return nil }
        self.period = period
        self.firstSlot = firstSlot
        let logarithms = needed.map { log(max(Self.leastWorkers, $0)) }
        usual = UsualDay(logarithms, period: period, firstSlot: firstSlot).values
        let usual = self.usual
        distances = logarithms.indices.map {
            logarithms[$0] - usual[($0 + firstSlot) % period]
        }
    }

    /// - Parameter lead: slots after the last one known, from 1.
    /// - Complexity: O(T log T).
    public func scenarios(lead: Int) -> WorkerScenarios {
        precondition(lead >= 1, "a forecast is of the future, got lead \(lead)")
        let count = distances.count
        let centre = usual[(firstSlot + count + lead - 1) % period]
        let days = Double(count) / Double(period)
        let paired = Double(count - lead) / Double(period)
        guard paired >= max(Self.pairedDaysMin, days / 2), let now = distances.last else {
            return WorkerScenarios(distances.map { centre + $0 }, days: days)
        }
        let left = persistence(lead, days: paired)
        return WorkerScenarios(
            (0..<count - lead).map { t in
                centre + left * now + distances[t + lead] - left * distances[t]
            }, days: paired)
    }

    /// Least squares of r(t + lead) on r(t), shrunk to 0 while few days are known; 0 to 1.
    private func persistence(_ lead: Int, days: Double) -> Double {
        var (products, squares) = (0.0, 0.0)
        for t in 0..<distances.count - lead {
            products += distances[t] * distances[t + lead]
            squares += distances[t] * distances[t]
        }
        guard squares > 0 else { return 0 }
        return min(1, max(0, products / squares * days / (days + Self.doubtDays)))
    }
}

/// What may be needed in one hour or day.
public struct WorkerScenarios: Sendable, Equatable {
    /// Logarithms of workers, sorted.
    private let sorted: [Double]
    /// By how much the distance from the median grows, for few days say little of the next one: the
    /// prediction interval of Student's t beside the normal one, `t_95(n - 1) sqrt(1 + 1/n) / z_95`.
    private let widening: Double

    /// Beyond this a plan says nothing.
    private static let workersMax = 1e6

    /// - Parameter days: how many days they rest on; what is within a day is not independent.
    init(_ logarithms: [Double], days: Double) {
        sorted = logarithms.sorted()
        widening = Self.widening(days: days)
    }

    /// Workers that suffice in that share of the scenarios.
    public func quantile(_ share: Double) -> Double {
        let middle = value(0.5)
        return exp(middle + (value(share) - middle) * widening)
    }

    /// The same, a whole number: the nearest, for scenarios come from whole numbers.
    public func workers(_ share: Double) -> Int {
        Int(min(Self.workersMax, quantile(share)).rounded())
    }

    /// Share of the scenarios in which so many workers are too few.
    public func shortage(workers: Int) -> Double {
        let middle = value(0.5)
        let limit = middle + (log(Double(workers) + 0.5) - middle) / widening
        return Double(sorted.count { $0 > limit }) / Double(max(1, sorted.count))
    }

    /// Linear between the two nearest ranks.
    private func value(_ share: Double) -> Double {
        let rank = share * Double(sorted.count - 1)
        let low = Int(rank)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (rank - Double(low))
    }

    private static let normal95 = 1.6449

    private static func widening(days: Double) -> Double {
        let freedom = max(1, days - 1)
        // P(|T| > t) = 0.1 where v / (v + t^2) is the tenth percentile of Beta(v/2, 1/2).
        let x = BetaDistribution(alpha: freedom / 2, beta: 0.5).quantile(0.1)
        let student = (freedom * (1 / x - 1)).squareRoot()
        return student * (1 + 1 / max(1, days)).squareRoot() / normal95
    }
}
