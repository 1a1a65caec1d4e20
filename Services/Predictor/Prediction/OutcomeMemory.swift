internal import Foundation

/// A service's outcomes as four ways of forgetting keep them. Which of them foretells best, and so by
/// how much each counts, the fleet finds out (`MemoryLosses`).
struct OutcomeMemory: Equatable {
    enum Way: Int, CaseIterable {
        /// Of all time: what is right where a rate is steady.
        case all
        /// Of all time, worth some dozens at most.
        case capped
        case byTime
        /// Of about the last thirty outcomes.
        case byCount
    }

    /// (ways) as they weigh.
    var successes = SIMD4<Float>()
    var failures = SIMD4<Float>()
    /// Up to when `byTime` is faded.
    var asOfMs: Int64 = 0

    static let halfLifeMs = OutcomeHistory.halfLifeMs
    /// Outcomes that `byCount` is of, about.
    static let recent = 30.0
    /// (ways) outcomes that each counts as at most: past some dozens a service's rate is another one before
    /// more can be learnt of it, unless it is a steady one, which the first is for.
    static let worthMax = SIMD4<Double>(2_000, 80, 40, 20)
    /// Where Float stops to count.
    static let sumMax = 1e6
    /// What a kept sum can be.
    static let sums: ClosedRange<Float> = 0...1.1e6

    mutating func learn(successes s: Double, failures f: Double, atMs: Int64) {
        let n = s + f
        guard n > 0 else { return }
        let fading = Self.fading(ageMs: atMs - asOfMs)
        let kept = exp(n * log1p(-1 / Self.recent))
        // n outcomes in no order: each but the last has faded by those after it.
        let share = Self.recent * (1 - kept) / n
        let keeps = SIMD4<Float>(1, 1, Float(fading), Float(kept))
        let adds = SIMD4<Float>(1, 1, 1, Float(min(1, share)))
        successes = successes * keeps + adds * Float(s)
        failures = failures * keeps + adds * Float(f)
        for i in 0..<4 where successes[i] + failures[i] > Float(Self.sumMax) {
            successes[i] /= 2
            failures[i] /= 2
        }
        asOfMs = max(asOfMs, atMs)
    }

    private static func fading(ageMs: Int64) -> Double {
        ageMs <= 0 ? 1 : exp2(-Double(ageMs) / halfLifeMs)
    }

    /// What one of the four says at a time.
    func outcomes(_ way: Way, atMs: Int64) -> (successes: Double, failures: Double) {
        let fading = way == .byTime ? Self.fading(ageMs: atMs - asOfMs) : 1
        return (
            Double(successes[way.rawValue]) * fading, Double(failures[way.rawValue]) * fading
        )
    }

    /// The same as outcomes of independent chance.
    /// - Parameter drift: how much more outcomes varied than chance explains.
    func worth(
        of way: Way, atMs: Int64, drift: Double
    ) -> (successes: Double, failures: Double) {
        let (s, f) = outcomes(way, atMs: atMs)
        let most = Self.worthMax[way.rawValue]
        let share = most / (most * drift + s + f)
        return (s * share, f * share)
    }

    /// (ways) what each way of forgetting foretells, by these outcomes alone: what others said at the
    /// time would make it depend on the order in which topics were read.
    func rates(atMs: Int64, drift: Double) -> SIMD4<Float> {
        var rates = SIMD4<Float>(repeating: 0.5)
        guard self != OutcomeMemory() else { return rates }
        for way in Way.allCases {
            let (successes, failures) = worth(of: way, atMs: atMs, drift: drift)
            rates[way.rawValue] = Float(
                RateDistribution.vague.meanAfter(successes: successes, failures: failures))
        }
        return rates
    }

    /// Of a service that came to another class: what it did in the former one counts at the other's odds.
    ///
    /// - Parameter offset: of log-odds.
    func shifted(by offset: Double) -> OutcomeMemory {
        var result = self
        for i in 0..<4 {
            let n = successes[i] + failures[i]
            guard n > 0 else { continue }
            let rate = Double((successes[i] + 0.5) / (n + 1))
            let shifted = RateGrid.rate(logOdds: RateGrid.logOdds(of: rate) + offset)
            result.successes[i] = Float(shifted) * n
            result.failures[i] = n - result.successes[i]
        }
        return result
    }

    /// Both, as they weigh at the later's time.
    static func + (former: OutcomeMemory, now: OutcomeMemory) -> OutcomeMemory {
        var former = former
        let fading = Float(fading(ageMs: now.asOfMs - former.asOfMs))
        former.successes[Way.byTime.rawValue] *= fading
        former.failures[Way.byTime.rawValue] *= fading
        return OutcomeMemory(
            successes: former.successes + now.successes, failures: former.failures + now.failures,
            asOfMs: max(former.asOfMs, now.asOfMs))
    }
}

/// How well each way of forgetting foretold, the older the less it weighs; apart for services of few,
/// more and many outcomes.
///
/// In whole millionths of a nat: such sums are the same in whatever order services are learnt.
struct MemoryLosses: Equatable {
    /// (ages) of (ways)
    var sums = Array(repeating: SIMD4<Int64>(), count: ages)

    static let ages = 3
    /// What a kept sum can be.
    static let range: ClosedRange<Int64> = 0...1 << 52
    static let unit = 1e-6
    /// Outcomes from which a service is of the second and the third.
    private static let ageStarts = (6, 40)
    /// A slot of many outcomes says little more than one of a few.
    private static let outcomesPerSlotMax = 10.0
    /// Four weeks, in hours.
    private static let halfLife = 28.0 * 24

    static func + (a: Self, b: Self) -> Self {
        MemoryLosses(sums: zip(a.sums, b.sums).map { $0 &+ $1 })
    }

    static func age(outcomes: Int) -> Int {
        outcomes < ageStarts.0 ? 0 : outcomes < ageStarts.1 ? 1 : 2
    }

    /// - Parameter rates: (ways) what each foretold of a service of that age before any was known.
    mutating func add(_ rates: SIMD4<Float>, age: Int, successes: Int, outcomes: Int) {
        guard outcomes > 0 else { return }
        let worth = min(Double(outcomes), Self.outcomesPerSlotMax) / Double(outcomes)
        for i in 0..<4 {
            let loss = logLossOf(
                Double(rates[i]), successes: successes, failures: outcomes - successes)
            sums[age][i] += Int64((worth * loss / Self.unit).rounded())
        }
    }

    mutating func fade(hours: Double) {
        for age in sums.indices {
            for i in 0..<4 {
                sums[age][i] = Int64(Double(sums[age][i]) * exp2(-hours / Self.halfLife))
            }
        }
    }

    /// What an outcome tells of the ways, beside one that had nothing to do with any other.
    ///
    /// A service's outcomes come in bursts that end alike, and a mean of ways that differ foretells better
    /// than the best of them: by Bayes' rule in full a few days of one fleet chose for all that followed.
    /// From 0 to 0.01 it makes no difference where outcomes are many (half a million) or few (four thousand).
    private static let evidencePerOutcome = 0.01

    /// (ways) that sum to 1: Bayes' rule, had one of them to be the right one, tempered.
    /// - SeeAlso: Grünwald, "The Safe Bayesian" (2012), section 3.
    func weights(age: Int) -> SIMD4<Double> {
        let evidence = Self.unit * Self.evidencePerOutcome
        var weights = SIMD4<Double>()
        for i in 0..<4 {
            weights[i] = exp(-Double(sums[age][i] - sums[age].min()) * evidence)
        }
        return weights / weights.sum()
    }
}
