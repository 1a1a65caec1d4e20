internal import Foundation
internal import Numerics

/// How a fleet foretells demand: fitted in closed form to what its days taught.
///
/// - SeeAlso: Schlossmacher, "An Iterative Technique for Absolute Deviations Curve Fitting" (1973)
///   for the median's regression; Romano, Patterson and Candès, "Conformalized Quantile Regression"
///   (2019) for intervals by the distances that were met.
public struct DemandModel: Sendable {
    /// p, q.
    static let inputs = 18
    static let spreadInputs = 5
    /// A lead's class is taught by hours foretold so many days before.
    static let leadDays = [1, 2, 5]
    /// Changes from day to day beyond this, in `ln(1 + y)`, count as this.
    static let changeMax = 9.0

    /// (A x L)
    private let meanWeights: [[Double]]
    private let medianWeights: [[Double]]
    private let spreadWeights: [[Double]]
    /// (A x E) what each expert is off on average.
    private let usualLosses: [[Double]]
    /// (L x groups) distances over spreads, for each of `Self.shares`.
    private let quantiles: [[Double]]

    /// Counts of a week-old habit against the fitted regressions: four-week and seven-day means
    /// first, as long as no day taught anything.
    private static let start: [Double] = {
        var weights = Array(repeating: 0.0, count: inputs)
        (weights[1], weights[3], weights[5], weights[8]) = (0.1, 0.3, 0.4, 0.2)
        return weights
    }()
    private static let ridge = 3.0
    private static let spreadStart = [0.05, 0.1, 0.3, 0.3, 0]
    private static let spreadMin = 0.003

    public init(_ lessons: DemandLessons) {
        meanWeights = lessons.means.map { $0.solved(ridge: Self.ridge, start: Self.start) }
        medianWeights = lessons.medians.map { $0.solved(ridge: Self.ridge, start: Self.start) }
        spreadWeights = lessons.spreads.map {
            $0.solved(ridge: Self.ridge, start: Self.spreadStart)
        }
        usualLosses = (0..<DemandLessons.ages).map { age in
            (0..<DemandExpert.count).map {
                (lessons.losses[age * DemandExpert.count + $0] + 0.5) / (lessons.counts[age] + 1)
            }
        }
        quantiles = (0..<DemandLessons.leads * Self.groups).map {
            Self.quantiles(of: lessons.residuals, row: $0)
        }
    }

    // MARK: Experts

    /// Hours of the fleet's experience that a service's own stands against, in days.
    private static let fleetDays = 0.25
    /// How much a loss beyond the best expert's counts.
    private static let sharpness = 10.0
    /// Losses below this, in `ln(1 + y)`, are as good as none.
    private static let lossMin = 0.01

    /// - Returns: (E - 1) weights that sum to 1, and how far all together are off.
    func weights(
        _ skill: DemandSkill, age: Int, slotsPerDay: Int
    ) -> (weights: [Double], together: Double) {
        let fleet = Self.fleetDays * Double(slotsPerDay)
        let losses = (0..<DemandExpert.count).map {
            (Double(skill.losses[$0]) + fleet * usualLosses[age][$0])
                / (Double(skill.count) + fleet)
        }
        let alone = losses.dropLast()
        let least = alone.min() ?? 0
        let scale = max(least, Self.lossMin)
        let weights = alone.map { exp(-Self.sharpness * ($0 - least) / scale) }
        let sum = weights.reduce(0, +)
        return (weights.map { $0 / sum }, losses[DemandExpert.together.rawValue])
    }

    /// The next day, the two after it, later.
    func leadClass(_ lead: Int, _ calendar: DemandCalendar) -> Int {
        let day = (lead - 1) / calendar.slotsPerDay
        return day == 0 ? 0 : day < 3 ? 1 : 2
    }

    func regressions(
        _ features: [Double], age: Int, lead: Int
    ) -> (mean: Double, median: Double) {
        let pair = age * DemandLessons.leads + lead
        return (
            max(0, dot(features, meanWeights[pair])), max(0, dot(features, medianWeights[pair]))
        )
    }

    func spread(_ inputs: [Double], age: Int, lead: Int) -> Double {
        max(Self.spreadMin, dot(inputs, spreadWeights[age * DemandLessons.leads + lead]))
    }

    // MARK: Distances

    /// Upper ends of the means that are alike, in `ln(1 + y)`.
    private static let meanEnds = [
        0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.1, 1.6, 2.3, 3.2, 4.5, 6,
    ]
    /// By the mean; twice, for where nothing is the likeliest the rest is all surprise.
    static let groups = 2 * (meanEnds.count + 1)
    private static let centreOfNothing = 0.02

    static func group(centre: Double, mean: Double) -> Int {
        let byMean = meanEnds.firstIndex { mean <= $0 } ?? meanEnds.count
        return centre < centreOfNothing ? meanEnds.count + 1 + byMean : byMean
    }

    /// Shares of which quantiles are known: twenty in the middles of twentieths, and the ends of
    /// intervals.
    static let twentieths = 20
    static let shares =
        (0..<twentieths).map { (Double($0) + 0.5) / Double(twentieths) } + [0.05, 0.9, 0.95]

    /// Distances that a bell curve is worth, and how much of its neighbours' a group borrows.
    private static let bellCount = 10.0
    private static let bellDeviation = 1.2
    private static let borrowed = 0.05

    private static let bell: [Double] = {
        let below = ResidualCells.edges.map { 0.5 * erfc(-$0 / bellDeviation / 2.0.squareRoot()) }
        return (0..<ResidualCells.count).map { bellCount * (below[$0 + 1] - below[$0]) }
    }()

    private static func quantiles(of residuals: [Double], row: Int) -> [Double] {
        let cells = ResidualCells.count
        let firstRow = row / groups * groups
        var counts = bell
        for (near, share) in [(row, 1 + borrowed), (row - 1, borrowed), (row + 1, borrowed)]
        where near >= firstRow && near < firstRow + groups {
            for cell in 0..<cells { counts[cell] += share * residuals[near * cells + cell] }
        }
        let all = counts.reduce(0, +)
        return shares.map { share in
            var left = share * all
            for cell in 0..<cells {
                if left <= counts[cell] {
                    let (low, high) = (ResidualCells.edges[cell], ResidualCells.edges[cell + 1])
                    return low + (high - low) * left / max(counts[cell], .leastNormalMagnitude)
                }
                left -= counts[cell]
            }
            return ResidualCells.edges[cells]
        }
    }

    /// (shares) of distances over spreads.
    func distances(lead: Int, group: Int) -> [Double] {
        quantiles[lead * Self.groups + group]
    }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
}
