internal import Foundation
internal import Numerics

/// What a fleet's days taught about foretelling demand: sums that add up over partitions.
///
/// By age (A = 3: within its first day, its first week, later) and lead (L = 3: the next day, the
/// two after it, later).
public struct DemandLessons: Equatable, Sendable {
    /// (A x L) p inputs: of the mean, and reweighted so that their solution nears the median's.
    var means: [NormalEquations]
    var medians: [NormalEquations]
    /// (A x L) of how far the centre was off.
    var spreads: [NormalEquations]
    /// (A x L x E) sums of each expert's distance, and (A x L) of how many.
    var losses: [Double]
    var counts: [Double]
    /// (L x groups x cells) of distances over spreads.
    var residuals: [Double]
    /// That taught anything.
    var days = 0

    static let ages = 3
    static let leads = 3

    /// An hour's weight a day later. Distances fade faster, and a fleet's first ones faster still:
    /// they come from regressions that hardly know anything yet.
    private static let fading = 0.97
    private static let residualFading = 0.85
    private static let uncertainDays = 2.0
    /// Enough for the fading to be the usual one.
    static let daysCounted = 100
    /// Closer to the median than this counts as this close.
    private static let medianCloseness = 0.1

    public init() {
        let pairs = Self.ages * Self.leads
        means = Array(repeating: NormalEquations(inputs: DemandModel.inputs), count: pairs)
        medians = means
        spreads = Array(
            repeating: NormalEquations(inputs: DemandModel.spreadInputs), count: pairs)
        losses = Array(repeating: 0, count: pairs * DemandExpert.count)
        counts = Array(repeating: 0, count: pairs)
        residuals = Array(
            repeating: 0, count: Self.leads * DemandModel.groups * ResidualCells.count)
    }

    /// Another day has ended; to be called before what it teaches is learnt.
    public mutating func fade() {
        for i in means.indices {
            means[i].scale(by: Self.fading)
            medians[i].scale(by: Self.fading)
            spreads[i].scale(by: Self.fading)
        }
        for i in losses.indices { losses[i] *= Self.fading }
        for i in counts.indices { counts[i] *= Self.fading }
        let days = Double(days)
        let residualFading = min(
            Self.residualFading, (days + 1) / (days + 1 + Self.uncertainDays))
        for i in residuals.indices { residuals[i] *= residualFading }
        if !isEmpty { self.days = min(self.days + 1, Self.daysCounted) }
    }

    var isEmpty: Bool { counts.allSatisfy { $0 == 0 } }

    public static func += (a: inout Self, b: Self) {
        for i in a.means.indices {
            a.means[i] += b.means[i]
            a.medians[i] += b.medians[i]
            a.spreads[i] += b.spreads[i]
        }
        for i in a.losses.indices { a.losses[i] += b.losses[i] }
        for i in a.counts.indices { a.counts[i] += b.counts[i] }
        for i in a.residuals.indices { a.residuals[i] += b.residuals[i] }
        a.days = max(a.days, b.days)
    }

    /// All sums, in one order; kept and sent in single precision, which is what `rounded` gives.
    var numbers: [[Double]] {
        get {
            (means + medians + spreads).flatMap { [$0.gram, $0.moments] }
                + [losses, counts, residuals]
        }
        set {
            let pairs = means.count
            for i in 0..<pairs {
                means[i].gram = newValue[2 * i]
                means[i].moments = newValue[2 * i + 1]
                medians[i].gram = newValue[2 * (pairs + i)]
                medians[i].moments = newValue[2 * (pairs + i) + 1]
                spreads[i].gram = newValue[2 * (2 * pairs + i)]
                spreads[i].moments = newValue[2 * (2 * pairs + i) + 1]
            }
            (losses, counts, residuals) = (
                newValue[6 * pairs], newValue[6 * pairs + 1], newValue[6 * pairs + 2]
            )
        }
    }

    /// As it is once it was written down: so a partition that was restored goes on with the very
    /// numbers of one that was not.
    mutating func round() {
        numbers = numbers.map { $0.map { Double(Float($0)) } }
    }

    /// - Parameter actual: `ln(1 + y)` of the hour that `guess` was about, the last one that
    ///   `outlook` was asked about.
    mutating func learn(
        _ outlook: DemandOutlook, _ guess: DemandGuess, actual: Double, lead: Int
    ) {
        let pair = outlook.age * Self.leads + lead
        means[pair].add(outlook.features, actual, weight: 1)
        // Iteratively reweighted least squares, an iteration a day.
        let off = abs(actual - outlook.experts[DemandExpert.medianRegression.rawValue])
        medians[pair].add(
            outlook.features, actual, weight: 1 / (off + Self.medianCloseness))
        let distance = actual - guess.centre
        spreads[pair].add(outlook.spreadInputs, abs(distance), weight: 1)
        let row = (guess.lead * DemandModel.groups + guess.group) * ResidualCells.count
        residuals[row + ResidualCells.cell(of: distance / guess.spread)] += 1
        counts[pair] += 1
        for expert in 0..<DemandExpert.count {
            losses[pair * DemandExpert.count + expert] += abs(outlook.experts[expert] - actual)
        }
    }
}

/// Distances over spreads in 65 cells: fine around 0, where a service that never strays is, and
/// coarser outwards.
enum ResidualCells {
    /// On either side of the middle one, and the same again for what is beyond.
    static let side = 32
    static let count = 2 * side + 1
    /// Half the middle cell, and the largest distance told apart.
    private static let least = 0.005
    private static let most = 10.0
    private static let logStep = log(most / least) / Double(side - 1)

    static func cell(of value: Double) -> Int {
        let size = abs(value)
        guard size > least else { return side }
        let place = min(Int(log(size / least) / logStep) + 1, side)
        return value < 0 ? side - place : side + place
    }

    /// (count + 1) ascending.
    static let edges: [Double] = {
        let outer = (0...side).map { least * exp(logStep * Double($0)) }
        return outer.reversed().map { -$0 } + outer
    }()
}
