internal import Foundation
internal import Numerics

/// What services say about the group that they belong to, in outcomes that are worth as much.
///
/// Outcomes of one service are alike, so a million of them tell little of its neighbours: of a
/// group whose services' rates are beta of strength `M` around its mean, `n` outcomes of one
/// service are worth `n (M + 1) / (n + M)` of as many services (the design effect of a
/// beta-binomial): at most `M + 1`, and about one vote where services are either sound or broken.
struct Votes: Equatable {
    /// Of the weight, that for success.
    var successes = 0.0
    var weight = 0.0

    /// Before services were compared.
    static let strengthUnknown = 1.0

    static func + (a: Votes, b: Votes) -> Votes {
        Votes(successes: a.successes + b.successes, weight: a.weight + b.weight)
    }

    /// Without one service's vote.
    static func - (a: Votes, b: Votes) -> Votes {
        let weight = max(0, a.weight - b.weight)
        return Votes(successes: min(max(0, a.successes - b.successes), weight), weight: weight)
    }

    func scaled(by share: Double) -> Votes {
        Votes(successes: successes * share, weight: weight * share)
    }

    init(ofServiceWith successes: Double, of outcomes: Double, strength: Double) {
        weight = outcomes > 0 ? outcomes * (strength + 1) / (outcomes + strength) : 0
        self.successes = outcomes > 0 ? successes / outcomes * weight : 0
    }

    init(successes: Double = 0, weight: Double = 0) {
        self.successes = successes
        self.weight = weight
    }
}

/// Where most of what is known of a service's success comes from.
enum Level: String { case fleet, trigger, customer, service }

/// What is known of a service's success before its own outcomes.
struct SuccessPrior: Equatable {
    var distribution: RateDistribution
    var level: Level

    /// A rate is never taken for certain.
    static let rates = 1e-4...(1 - 1e-4)
}

/// What is known of it with its own outcomes.
struct SuccessEstimate: Equatable {
    var distribution: RateDistribution
    var level: Level

    /// A way of forgetting that counts less makes no difference.
    private static let shareMin = 1e-3

    /// - Parameters:
    ///   - drift: how much more the outcomes varied than chance explains: each then says that much less
    ///     of what comes next.
    ///   - weights: (ways) by which each way of forgetting counts.
    init(
        _ prior: SuccessPrior, _ memory: OutcomeMemory, atMs: Int64, drift: Double,
        weights: SIMD4<Double>
    ) {
        level = prior.level
        distribution = prior.distribution
        guard memory != OutcomeMemory() else { return }
        let ways = OutcomeMemory.Way.allCases.filter { weights[$0.rawValue] > Self.shareMin }
            .map { way in
                let (successes, failures) = memory.worth(of: way, atMs: atMs, drift: drift)
                return (successes: successes, failures: failures, share: weights[way.rawValue])
            }
        distribution = prior.distribution.after(ways)
        let own = ways.reduce(0) { $0 + $1.share * ($1.successes + $1.failures) }
        if own >= prior.distribution.strength { level = .service }
    }

    /// By how much one more outcome is expected to lower the log-loss of each later one.
    ///
    /// To second order the log-loss of an uncertain rate is `v / (2 mu (1 - mu))` above that of the
    /// true one; an outcome lowers the variance `v` by `v² / (mu (1 - mu))` on average, whatever the
    /// form of the distribution: by that much the mean moves.
    var gainOfOneMore: Double {
        let mean = distribution.mean
        let spread = mean * (1 - mean)
        let share = distribution.variance / spread
        return share * share / 2
    }
}

/// A service's own outcomes.
struct OutcomeHistory: Equatable {
    /// An outcome weighs half after this time of events, where it is forgotten by time.
    static let halfLifeMs = 48.0 * Double(Clock.hourMs)

    var memory = OutcomeMemory()
    /// What it did in the class that it was in before, and which that was.
    var former: Former?
    /// Of all time: what the service votes with.
    var successesEver = 0
    var outcomesEver = 0
    /// Squared surprises of its slots, as many as chance alone would give if they sum to `slots`.
    var surprise = 0.0
    var slots = 0.0

    struct Former: Equatable {
        var trigger: String
        var memory: OutcomeMemory
    }

    /// It is in another class from now on.
    mutating func leave(_ trigger: String) {
        former = Former(trigger: trigger, memory: (former?.memory ?? OutcomeMemory()) + memory)
        memory = OutcomeMemory()
    }

    /// Outcomes of a slot that no correction can change any more; slots come in order of time.
    mutating func learn(successes s: Int, outcomes: Int, slotStartMs: Int64) {
        guard outcomes > 0 else { return }
        let fading = exp2(-max(0, Double(slotStartMs - memory.asOfMs)) / Self.halfLifeMs)
        let known = memory.outcomes(.byTime, atMs: slotStartMs)
        surprise =
            surprise * fading
            + Self.surprise(
                of: s, outcomes: outcomes,
                expected: BetaDistribution(
                    alpha: known.successes + 0.5, beta: known.failures + 0.5))
        slots = slots * fading + 1
        memory.learn(
            successes: Double(s), failures: Double(outcomes - s), atMs: slotStartMs)
        successesEver += s
        outcomesEver += outcomes
    }

    /// Beyond this a slot is an accident, and says no more of how outcomes usually vary.
    static let surpriseMax = 100.0
    /// Slots that a service is credited with in which only chance was at work.
    static let calmSlots = 20.0

    /// How much more outcomes varied than chance explains, at least 1.
    ///
    /// Pearson's dispersion, shrunk: a service whose true rate wanders would otherwise claim, after
    /// a million outcomes, to know to three digits what the next hour brings.
    var drift: Double { max(1, (surprise + Self.calmSlots) / (slots + Self.calmSlots)) }

    /// The squared difference from what was expected, in variances of the beta-binomial.
    ///
    /// Expected by its own outcomes alone: what others said at the time would make the value depend
    /// on the order in which topics were read.
    private static func surprise(
        of successes: Int, outcomes: Int, expected: BetaDistribution
    ) -> Double {
        let n = Double(outcomes)
        let p = expected.mean
        let variance = n * p * (1 - p) * (expected.strength + n) / (expected.strength + 1)
        let difference = Double(successes) - n * p
        return min(surpriseMax, difference * difference / variance)
    }
}

/// The log-loss of a foretold rate over outcomes, in nats; no rate is taken for certain.
func logLossOf(_ rate: Double, successes: Int, failures: Int) -> Double {
    let rate = min(max(rate, SuccessPrior.rates.lowerBound), SuccessPrior.rates.upperBound)
    return -Double(successes) * log(rate) - Double(failures) * log1p(-rate)
}
