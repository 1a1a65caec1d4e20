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
    /// (A x L x E) what each expert is off on average.
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
        meanWeights = Self.solved(lessons.means, start: Self.start)
        medianWeights = Self.solved(lessons.medians, start: Self.start)
        spreadWeights = Self.solved(lessons.spreads, start: Self.spreadStart)
        usualLosses = Self.usualLosses(lessons)
        var quantiles: [[Double]] = []
        for lead in 0..<DemandLessons.leads {
            for group in 0..<Self.groups {
                let prior =
                    lead == 0
                    ? Self.bell : Self.counts(lessons.residuals, lead: lead - 1, group: group)
                let known = Self.counts(lessons.residuals, lead: lead, group: group)
                quantiles.append(
                    Self.quantiles(of: known, prior: prior, days: Double(lessons.days)))
            }
        }
        self.quantiles = quantiles
    }

    /// Before any day taught anything.
    static let untaught = DemandModel(DemandLessons())

    /// What is not known of a lead is as of the one before it.
    private static func solved(
        _ equations: [NormalEquations], start: [Double]
    ) -> [[Double]] {
        var weights: [[Double]] = []
        for (pair, equation) in equations.enumerated() {
            let isFirst = pair % DemandLessons.leads == 0
            weights.append(
                equation.solved(ridge: ridge, start: isFirst ? start : weights[pair - 1]))
        }
        return weights
    }

    private static func usualLosses(_ lessons: DemandLessons) -> [[Double]] {
        var losses: [[Double]] = []
        for pair in lessons.counts.indices {
            let first = pair * DemandExpert.count
            let isFirst = pair % DemandLessons.leads == 0
            losses.append(
                (0..<DemandExpert.count).map { expert in
                    let prior = isFirst ? unknownLoss : losses[pair - 1][expert]
                    return (lessons.losses[first + expert] + prior) / (lessons.counts[pair] + 1)
                })
        }
        return losses
    }

    private static let unknownLoss = 0.5

    // MARK: Experts

    /// Hours of the fleet's experience that a service's own stands against, in days.
    private static let fleetDays = 0.25
    /// How much a loss beyond the best expert's counts.
    private static let sharpness = 10.0
    /// Losses below this, in `ln(1 + y)`, are as good as none.
    private static let lossMin = 0.01

    /// How well the service's experts did for the next day; further ahead each is off by as much
    /// more as the fleet's.
    /// - Returns: (E - 1) weights that sum to 1, and how far all together are off.
    func weights(
        _ skill: DemandSkill, age: Int, lead: Int, slotsPerDay: Int
    ) -> (weights: [Double], together: Double) {
        let fleet = Self.fleetDays * Double(slotsPerDay)
        let near = usualLosses[age * DemandLessons.leads]
        let far = usualLosses[age * DemandLessons.leads + lead]
        let losses = (0..<DemandExpert.count).map {
            (Double(skill.losses[$0]) + fleet * near[$0]) / (Double(skill.count) + fleet)
                * (far[$0] + Self.lossMin) / (near[$0] + Self.lossMin)
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
    private static let firstDayShare = 2.0

    private static let bell: [Double] = {
        let below = ResidualCells.edges.map { 0.5 * erfc(-$0 / bellDeviation / 2.0.squareRoot()) }
        return (0..<ResidualCells.count).map { bellCount * (below[$0 + 1] - below[$0]) }
    }()

    /// (cells) of distances met, with some of the neighbouring groups'.
    private static func counts(_ residuals: [Double], lead: Int, group: Int) -> [Double] {
        var counts = Array(repeating: 0.0, count: ResidualCells.count)
        for (near, share) in [(group, 1 + borrowed), (group - 1, borrowed), (group + 1, borrowed)]
        where (0..<groups).contains(near) {
            let row = (lead * groups + near) * ResidualCells.count
            for cell in counts.indices { counts[cell] += share * residuals[row + cell] }
        }
        return counts
    }

    /// (shares) of so many distances, and some as in `prior`: the more, the fewer days there were,
    /// for a day can be odd for all of a fleet.
    private static func quantiles(
        of known: [Double], prior: [Double], days: Double
    ) -> [Double] {
        let priorCount = prior.reduce(0, +)
        let wanted =
            bellCount + firstDayShare * known.reduce(0, +) / ((days + 1) * (days + 1))
        let scale = priorCount > wanted ? wanted / priorCount : 1
        let rest = max(0, wanted - priorCount) / bellCount
        let counts = known.indices.map {
            known[$0] + scale * prior[$0] + rest * bell[$0]
        }
        let all = counts.reduce(0, +)
        return shares.map { share in
            var left = share * all
            for cell in counts.indices {
                if left <= counts[cell] {
                    let (low, high) = (ResidualCells.edges[cell], ResidualCells.edges[cell + 1])
                    return low + (high - low) * left / max(counts[cell], .leastNormalMagnitude)
                }
                left -= counts[cell]
            }
            return ResidualCells.edges[counts.count]
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
