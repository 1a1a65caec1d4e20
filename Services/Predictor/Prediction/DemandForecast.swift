internal import Foundation
internal import Numerics

/// What a class of services says of a new one's demand.
struct DemandPrior: Equatable {
    /// Of its invocations an hour.
    var level: GammaDistribution
    var cpuMsPerInvocation: Double
    /// (24) UTC, around 1.
    var hourFactors: [Double]
}

/// Slots that are known but can still be corrected: they tell the level and no more.
struct RecentDemand {
    var invocations = 0.0
    var cpuMs = 0.0
    /// The time since the last learnt hour, as a share of each hour of the day. (24)
    var exposure = Array(repeating: 0.0, count: 24)
}

/// A service's demand over the coming hours.
///
/// A gamma level, times factors of the hour and the day; a count is gamma-Poisson around that, with
/// the spread by which the service's own hours strayed so far.
struct DemandForecast {
    let level: GammaDistribution
    /// (24) and (7), around 1.
    let hourFactors: [Double]
    let weekFactors: [Double]
    let milliCpuPerHourlyInvocation: Double
    private let hourlyDispersion: Double
    private let dailyDispersion: Double

    /// Events that a declared number of invocations is worth.
    static let declaredWorth = 3.0
    /// Invocations that the class's CPU time is worth.
    private static let cpuWorth = 10.0
    /// A declared 0 means about one in ten days.
    private static let declaredPerDayMin = 0.1
    /// Days that the usual daily dispersion is worth: a quarter of the hourly one, as of four
    /// independent parts of a day.
    private static let usualDays = 3.0
    private static let dailyShare = 0.25

    init(
        _ history: DemandHistory?, recent: RecentDemand, prior: DemandPrior,
        declaredPerDay: Double?
    ) {
        hourFactors = history?.hourFactors(shrunkTo: prior.hourFactors) ?? prior.hourFactors
        weekFactors = history?.weekFactors() ?? Array(repeating: 1, count: 7)
        hourlyDispersion = history?.hourly.value ?? Dispersion.usual
        dailyDispersion =
            history?.daily.value(
                usual: hourlyDispersion * Self.dailyShare, counts: Self.usualDays)
            ?? hourlyDispersion * Self.dailyShare
        let count = (history?.levelCount ?? 0) + (history?.openCount ?? 0) + recent.invocations
        var exposure = 0.0
        for hour in 0..<24 {
            let seen = (history?.levelExposure[hour] ?? 0) + recent.exposure[hour]
            exposure += seen * hourFactors[hour]
        }
        level = Self.level(
            Self.expected(prior.level, declaredPerDay: declaredPerDay), count: count,
            exposure: exposure, dispersion: hourlyDispersion)
        let invocations = (history?.cpuInvocations ?? 0) + recent.invocations
        let cpuMs =
            ((history?.cpuMs ?? 0) + recent.cpuMs + Self.cpuWorth * prior.cpuMsPerInvocation)
            / (invocations + Self.cpuWorth)
        milliCpuPerHourlyInvocation = cpuMs * 1_000 / Double(Clock.hourMs)
    }

    /// The class's level and what the customer declared, each by the events that it is worth.
    ///
    /// In logarithms: levels differ by orders of magnitude, and a gamma of the class as a factor
    /// would rule out one that is far above its mean.
    private static func expected(
        _ level: GammaDistribution, declaredPerDay: Double?
    ) -> GammaDistribution {
        guard let declaredPerDay else { return level }
        let declared = max(declaredPerDay, declaredPerDayMin) / 24
        let shape = level.shape + declaredWorth
        let logMean = (level.shape * log(level.mean) + declaredWorth * log(declared)) / shape
        return GammaDistribution(shape: shape, rate: shape / exp(logMean))
    }

    /// The level after `count` invocations in `exposure` hours, where hours stray.
    ///
    /// Hours that stray from each other are worth fewer events than they hold. Again in logarithms,
    /// so that a declaration wrong by a factor of a hundred is forgotten as fast upwards as
    /// downwards. Silence is evidence, too: as much as the events that were expected.
    private static func level(
        _ expected: GammaDistribution, count: Double, exposure: Double, dispersion: Double
    ) -> GammaDistribution {
        guard exposure > 0 else { return expected }
        let seen = (count + priorEvents) / (exposure + priorEvents / expected.mean)
        let events = max(count, exposure * expected.mean)
        let worth = events / (1 + dispersion * max(seen, expected.mean))
        let logMean =
            (expected.shape * log(expected.mean) + worth * log(seen)) / (expected.shape + worth)
        let shape = expected.shape + count / (1 + dispersion * count / exposure)
        return GammaDistribution(shape: shape, rate: shape / exp(logMean))
    }

    /// Events at the expected rate that keep a count of 0 from meaning never.
    private static let priorEvents = 0.3

    /// The count of the hour that many hours since 1970.
    func count(hour: Int64) -> GammaPoisson {
        let factor = hourFactors[Clock.hourOfDay(hour)] * weekFactors[Clock.weekday(hour: hour)]
        return around(level.mean * factor, straying: hourlyDispersion)
    }

    /// The count of a day.
    var day: GammaPoisson { around(level.mean * 24, straying: dailyDispersion) }

    /// A day of that mean, so many weeks ahead: each week adds as much straying as the first had.
    func day(mean: Double, weeksAhead: Int) -> GammaPoisson {
        around(mean, straying: dailyDispersion * Double(1 + weeksAhead))
    }

    /// Days are all alike, as far as is known.
    var isWeekFlat: Bool { weekFactors.allSatisfy { $0 == 1 } }

    /// The level may move as days do, each week by as much as in the first.
    var levelInFourWeeks: GammaDistribution {
        let shape = 1 / (1 / level.shape + 4 * dailyDispersion)
        return GammaDistribution(shape: shape, rate: shape / level.mean)
    }

    /// The level's own uncertainty and the straying around it.
    private func around(_ mean: Double, straying: Double) -> GammaPoisson {
        let uncertainty = 1 / level.shape
        return GammaPoisson(
            mean: mean, dispersion: uncertainty + straying + uncertainty * straying)
    }
}
