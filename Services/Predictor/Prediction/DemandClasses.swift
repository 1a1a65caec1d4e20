internal import Foundation
internal import Numerics

/// A cluster of functions, as one version of the learner's model has it.
struct Cluster: Hashable, Comparable {
    var modelVersion: Int
    var number: Int
    static func < (a: Self, b: Self) -> Bool {
        (a.modelVersion, a.number) < (b.modelVersion, b.number)
    }
}

/// How busy the services of a trigger are: what fits a gamma distribution to their rates.
struct BusynessVotes: Equatable {
    var services = 0.0
    /// Invocations an hour, and their logarithms.
    var rates = 0.0
    var logRates = 0.0
    var cpuServices = 0.0
    /// Logarithms of CPU ms per invocation.
    var logCPUMs = 0.0
    /// (40) services by doublings of their rates, from one invocation in five months on.
    var doublings = Array(repeating: 0.0, count: BusynessVotes.doublingsCount)
    static let doublingsCount = 40
    private static let leastDoubling = -12.0

    static func + (a: Self, b: Self) -> Self {
        Self(
            services: a.services + b.services, rates: a.rates + b.rates,
            logRates: a.logRates + b.logRates, cpuServices: a.cpuServices + b.cpuServices,
            logCPUMs: a.logCPUMs + b.logCPUMs,
            doublings: zip(a.doublings, b.doublings).map { $0 + $1 })
    }

    mutating func add(_ history: DemandHistory) {
        guard history.hoursSeen >= 1 else { return }
        let exposure = history.profileExposure.reduce(0, +)
        let rate = (history.profileCount.reduce(0, +) + 0.25) / (exposure + 0.5)
        services += 1
        rates += rate
        logRates += log(rate)
        let doubling = Int((log2(rate) - Self.leastDoubling).rounded(.down))
        doublings[min(max(doubling, 0), Self.doublingsCount - 1)] += 1
        if history.cpuInvocations > 0, history.cpuMs > 0 {
            cpuServices += 1
            logCPUMs += log(history.cpuMs / history.cpuInvocations)
        }
    }

    /// Before any service is known: about ten invocations an hour of 50 ms, give or take a lot.
    private static let unknown = BusynessVotes(
        services: 1, rates: 10, logRates: log(10) - 1.6, cpuServices: 1, logCPUMs: log(50))
    private static let shapes = 0.05...10.0

    /// The likeliest gamma distribution of rates.
    ///
    /// Its shape `a` solves `ln a - ψ(a) = ln mean(rate) - mean(ln rate)`; closed to 1.5 %.
    /// - SeeAlso: Minka, "Estimating a Gamma distribution" (2002), equation 9's starting point.
    var level: GammaDistribution {
        let all = self + Self.unknown
        let mean = all.rates / all.services
        let gap = max(log(mean) - all.logRates / all.services, 1e-3)
        let root = ((gap - 3) * (gap - 3) + 24 * gap).squareRoot()
        let shape = min(
            max((3 - gap + root) / (12 * gap), Self.shapes.lowerBound), Self.shapes.upperBound)
        return GammaDistribution(shape: shape, rate: shape / mean)
    }

    /// Invocations an hour that nine in ten of the services stay below; before there are some to
    /// count, by the gamma distribution.
    var topDecile: Double {
        let counted = doublings.reduce(0, +)
        guard counted >= Self.countedMin else { return level.quantile(0.9) }
        var left = 0.9 * counted
        for (doubling, count) in doublings.enumerated() {
            if left <= count {
                return exp2(Self.leastDoubling + Double(doubling) + left / max(count, 1))
            }
            left -= count
        }
        return exp2(Self.leastDoubling + Double(Self.doublingsCount))
    }

    private static let countedMin = 20.0

    var cpuMsPerInvocation: Double {
        let all = self + Self.unknown
        return exp(all.logCPUMs / all.cpuServices)
    }
}

/// At which hours of the day the services of a group are busy, each with at most one vote.
struct SeasonVotes: Equatable {
    var services = 0.0
    /// (24) factors, weighted.
    var factors = Array(repeating: 0.0, count: 24)

    static func + (a: Self, b: Self) -> Self {
        Self(services: a.services + b.services, factors: zip(a.factors, b.factors).map { $0 + $1 })
    }

    /// A day seen is half a vote, as it is half of the service's own profile.
    mutating func add(_ history: DemandHistory) {
        guard history.rate > 0 else { return }
        let vote = history.hoursSeen / (history.hoursSeen + 24)
        let flat = Array(repeating: 1.0, count: 24)
        services += vote
        for (hour, factor) in history.hourFactors(shrunkTo: flat).enumerated() {
            factors[hour] += vote * factor
        }
    }

    /// Services that the parent's factors are worth.
    private static let parentWorth = 3.0

    /// (24) around 1.
    func factors(shrunkTo parent: [Double]) -> [Double] {
        zip(factors, parent).map {
            ($0 + Self.parentWorth * $1) / (services + Self.parentWorth)
        }
    }
}
