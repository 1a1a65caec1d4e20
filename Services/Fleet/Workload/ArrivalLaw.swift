internal import Foundation
internal import Numerics

/// When a generated function is invoked.
enum ArrivalLaw {
    /// Exactly every period, at `phaseMs` of it.
    case timer(periodMs: Int64, phaseMs: Int64)
    case random(RandomArrivals)

    /// Moments of the minute that opens at `opensMs`, rising.
    func starts(
        minute: Int, opensMs: Int64, seed: UInt64, into starts: inout [Int64]
    ) {
        switch self {
        case .timer(let periodMs, let phaseMs):
            let since = (opensMs - phaseMs) % periodMs
            var next = since == 0 ? opensMs : opensMs + periodMs - since
            while next < opensMs + minuteMs {
                starts.append(next)
                next += periodMs
            }
        case .random(let arrivals):
            let mean = min(
                Limits.startsPerMinuteMax, arrivals.mean(minute: minute, opensMs: opensMs, seed))
            var random = SeededRandom(seed: seed, at: UInt64(minute))
            let count = random.poisson(mean: mean)
            for _ in 0..<count {
                starts.append(opensMs + Int64(random.integer(below: Int(minuteMs))))
            }
            if count > 1 { starts.sort() }
        }
    }

    /// Of the busiest minute of a week, bursts included.
    var peakPerMinute: Double {
        switch self {
        case .timer(let periodMs, _): max(1, Double(minuteMs) / Double(periodMs))
        case .random(let arrivals): arrivals.peakPerMinute
        }
    }

    /// Of a week, on average.
    var perDay: Double {
        switch self {
        case .timer(let periodMs, _): 86_400_000 / Double(periodMs)
        case .random(let arrivals): arrivals.perMinute * 1_440
        }
    }
}

/// Independent arrivals whose rate follows a week, bursts and a trend.
struct RandomArrivals {
    /// Averaged over weeks and bursts, when new.
    let perMinute: Double
    /// (168) from Monday 00:00 UTC; mean 1. Shared by all that follow the same rhythm.
    let hourWeights: [Double]
    let burst: Burst?
    /// Of the logarithm of the rate, per day since the service appeared.
    let trendPerDay: Double
    let bornMinute: Int

    /// A new service's popularity stays within a factor of what it began with.
    static let trendFactors = 0.05...20.0

    /// Blocks of minutes in which the rate is multiplied.
    struct Burst {
        let factor: Double
        let probability: Double
        let blockMinutes: Int

        /// So that bursts do not change the mean.
        var quietFactor: Double { (1 - factor * probability) / (1 - probability) }
    }

    func mean(minute: Int, opensMs: Int64, _ seed: UInt64) -> Double {
        var rate = perMinute * hourWeights[hourOfWeek(ms: opensMs)]
        if let burst {
            let block = UInt64(minute / burst.blockMinutes)
            var random = SeededRandom(seed: seed &+ 1, at: block)
            rate *= random.chance(burst.probability) ? burst.factor : burst.quietFactor
        }
        guard trendPerDay != 0 else { return rate }
        let days = Double(minute - bornMinute) / Double(dayMinutes)
        let factors = Self.trendFactors
        return rate * min(factors.upperBound, max(factors.lowerBound, exp(trendPerDay * days)))
    }

    var peakPerMinute: Double {
        perMinute * (hourWeights.max() ?? 1) * (burst?.factor ?? 1)
    }
}
