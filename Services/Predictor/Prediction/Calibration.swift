internal import Foundation
internal import Numerics

/// How often what followed lay in the central 90 % of what was foretold.
///
/// Counts are whole numbers, so an interval's end mostly falls within one: such a count is in by the
/// part of its probability that lies inside.
/// - SeeAlso: Czado, Gneiting and Held, "Predictive Model Assessment for Count Data" (2009), 2.1.
public struct IntervalCoverage: Equatable, Sendable {
    public private(set) var inside = 0.0
    public private(set) var count = 0.0

    /// Of each side of an interval.
    public static let tail = 0.05

    public var share: Double { count == 0 ? 0 : inside / count }

    public init() {}

    init(inside: Double, count: Double) {
        self.inside = inside
        self.count = count
    }

    /// - Parameters:
    ///   - below: how likely less than what came was.
    ///   - upTo: how likely what came or less was.
    public mutating func add(below: Double, upTo: Double) {
        inside += Self.insidePart(below: below, upTo: upTo, tail: Self.tail)
        count += 1
    }

    static func insidePart(below: Double, upTo: Double, tail: Double) -> Double {
        let overlap = min(upTo, 1 - tail) - max(below, tail)
        let width = upTo - below
        guard width > 1e-12 else { return below >= tail && upTo <= 1 - tail ? 1 : 0 }
        return min(1, max(0, overlap) / width)
    }
}

/// How well rates that were foretold are calibrated: by bins of the rate, and by intervals.
public struct Calibration: Equatable, Sendable {
    /// Of equal width.
    public static let bins = 10

    /// (bins) sums over outcomes, of what was foretold and of what came.
    public var outcomes = Array(repeating: 0.0, count: bins)
    public var expected = Array(repeating: 0.0, count: bins)
    public var successes = Array(repeating: 0.0, count: bins)
    /// Of the rates of slots.
    public var coverage = IntervalCoverage()
    /// The sum over outcomes of the log-odds against what came: how hard they were to foretell.
    /// - SeeAlso: Dhillon et al., "A Baseline for Few-Shot Image Classification" (2020), section 4.4.
    public var hardness = 0.0

    public init() {}

    mutating func add(_ slot: ServiceState.RecentSlot) {
        guard slot.outcomes > 0 else { return }
        let bin = min(Int(slot.foretold.rate * Double(Self.bins)), Self.bins - 1)
        outcomes[bin] += Double(slot.outcomes)
        expected[bin] += slot.foretold.rate * Double(slot.outcomes)
        successes[bin] += Double(slot.successes)
        let rates = SuccessPrior.rates
        let odds = RateGrid.logOdds(
            of: min(max(slot.foretold.rate, rates.lowerBound), rates.upperBound))
        hardness += odds * Double(slot.outcomes - 2 * slot.successes)
        let place = slot.place(foretold: slot.foretold.rate, strength: slot.foretold.strength)
        coverage.add(below: place.below, upTo: place.upTo)
    }
}

/// The share to cut off at each side of an interval, so that intervals hold nine in ten of what follows.
///
/// How often wider and narrower ones would have held is counted, in whole millionths: such sums are
/// the same in whatever order services are learnt.
struct IntervalTail: Equatable {
    /// (candidates) what lay outside.
    var outside = Array(repeating: Int64(0), count: candidates.count)
    var slots: Int64 = 0

    static let candidates = [0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2]
    static let range: ClosedRange<Int64> = 0...1 << 52
    private static let unit = 1e-6
    /// Slots that intervals which are right as they are are worth.
    private static let nominalSlots = 200.0
    /// A week, in hours.
    private static let halfLife = 7.0 * 24

    mutating func observe(_ slot: ServiceState.RecentSlot) {
        guard slot.outcomes > 0 else { return }
        // By its own outcomes alone, in whatever order topics were read.
        let (below, upTo) = slot.place(
            foretold: Double(slot.foretold.byWay[0]), strength: slot.foretold.ownStrength)
        for (i, tail) in Self.candidates.enumerated() {
            let inside = IntervalCoverage.insidePart(below: below, upTo: upTo, tail: tail)
            outside[i] += Int64(((1 - inside) / Self.unit).rounded())
        }
        slots += Int64(1 / Self.unit)
    }

    mutating func fade(hours: Double) {
        let kept = exp2(-hours / Self.halfLife)
        outside = outside.map { Int64(Double($0) * kept) }
        slots = Int64(Double(slots) * kept)
    }

    /// The widest that holds no more than it should, between two candidates by how far each is off.
    var value: Double {
        let wanted = 2 * IntervalCoverage.tail
        let all = Double(slots) * Self.unit + Self.nominalSlots
        let shares = zip(outside, Self.candidates).map {
            (Double($0) * Self.unit + 2 * $1 * Self.nominalSlots) / all
        }
        guard let above = shares.firstIndex(where: { $0 >= wanted }) else {
            return Self.candidates[shares.count - 1]
        }
        guard above > 0 else { return Self.candidates[0] }
        let (low, high) = (shares[above - 1], shares[above])
        let part = high > low ? (wanted - low) / (high - low) : 1
        return Self.candidates[above - 1]
            + part * (Self.candidates[above] - Self.candidates[above - 1])
    }
}

extension ServiceState.RecentSlot {
    /// More outcomes of one slot are told apart no better.
    private static let comparedOutcomesMax = 30

    /// How likely less than, and up to, as many successes were, by the rate foretold and what it rested
    /// on.
    fileprivate func place(
        foretold: Double, strength: Float
    ) -> (below: Double, upTo: Double) {
        let n = min(outcomes, Self.comparedOutcomesMax)
        let won = Int((Double(successes) / Double(outcomes) * Double(n)).rounded())
        let rates = SuccessPrior.rates
        let rate = min(max(foretold, rates.lowerBound), rates.upperBound)
        let beta = BetaDistribution(mean: rate, strength: max(Double(strength), 0.05))
        // Beta-binomial, from none on.
        var term = exp(logBeta(beta.alpha, beta.beta + Double(n)) - logBeta(beta.alpha, beta.beta))
        var (below, upTo) = (0.0, term)
        for k in 0..<won {
            term *=
                Double(n - k) / Double(k + 1) * (beta.alpha + Double(k))
                / (beta.beta + Double(n - k - 1))
            below = upTo
            upTo += term
        }
        return (min(1, below), min(1, upTo))
    }
}
