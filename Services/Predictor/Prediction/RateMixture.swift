internal import Foundation
internal import Numerics

/// How the success rates of a group's services are distributed: non-parametric maximum likelihood.
///
/// Each service adds its posterior over the grid; their mean is the distribution under which these
/// are the posteriors, found by expectation-maximisation. Sums over services add up over partitions.
/// - SeeAlso: Laird, "Nonparametric Maximum Likelihood Estimation of a Mixing Distribution" (1978).
struct RateMixture: Equatable {
    /// (`RateGrid.count`) the services' posteriors.
    var sums = Array(repeating: 0.0, count: RateGrid.count)
    var services = 0.0

    static func + (a: Self, b: Self) -> Self {
        RateMixture(
            sums: zip(a.sums, b.sums).map { $0 + $1 }, services: a.services + b.services)
    }

    /// Services that what is known beforehand is worth.
    static let baseWorth = 5.0
    /// Few: the likeliest mixture of all is a few spikes, which says too much of few services.
    private static let iterations = 10

    /// - Parameter base: what holds without any service.
    func distribution(base: RateDistribution) -> RateDistribution {
        RateDistribution(
            weights: zip(sums, base.weights).map { max(0, $0) + Self.baseWorth * $1 })
    }

    init() {}

    private init(sums: [Double], services: Double) {
        self.sums = sums
        self.services = services
    }

    /// - Parameters:
    ///   - counts: of this partition's services.
    ///   - others: of other partitions.
    init(of counts: ServiceCounts, beside others: RateMixture, base: RateDistribution) {
        let cells = counts.cells
        services = cells.reduce(0) { $0 + $1.services }
        let likelihoods = cells.map(\.likelihoods)
        var now = others.distribution(base: base).weights
        for _ in 0..<Self.iterations {
            sums = Array(repeating: 0, count: RateGrid.count)
            for (cell, likelihood) in zip(cells, likelihoods) {
                var total = 0.0
                for i in now.indices { total += now[i] * likelihood[i] }
                let scale = cell.services / total
                for i in now.indices { sums[i] += scale * now[i] * likelihood[i] }
            }
            now = (self + others).distribution(base: base).weights
        }
    }
}

/// Services by how many outcomes they had and how many of these were successes: alike ones together, so
/// that a fit takes as long for many as for few.
struct ServiceCounts {
    private var cellsByKey: [Key: Cell] = [:]

    /// Up to here counts are exact; beyond it they are of powers of two, and rates of the grid.
    static let exactMax = 24
    /// More outcomes of one service say no more of its neighbours.
    static let outcomesMax = 256

    private struct Key: Hashable, Comparable {
        let outcomes: Int
        let place: Int
        static func < (a: Self, b: Self) -> Bool { (a.outcomes, a.place) < (b.outcomes, b.place) }
    }

    struct Cell {
        var services = 0.0
        var successes = 0.0
        let outcomes: Double

        /// (`RateGrid.count`) of the cell's mean service; the greatest is 1.
        var likelihoods: [Double] {
            let won = successes / services
            let logs = RateGrid.rates.indices.map {
                won * RateGrid.logRates[$0] + (outcomes - won) * RateGrid.logRests[$0]
            }
            let highest = logs.max() ?? 0
            return logs.map { exp($0 - highest) }
        }
    }

    mutating func add(successes: Int, outcomes: Int) {
        guard outcomes > 0 else { return }
        var key = Key(outcomes: outcomes, place: successes)
        var won = Double(successes)
        if outcomes > Self.exactMax {
            let rate = won / Double(outcomes)
            let level = min(
                Self.outcomesMax, 1 << (Int.bitWidth - 1 - outcomes.leadingZeroBitCount))
            key = Key(outcomes: level, place: RateGrid.nearest(to: rate))
            won = rate * Double(level)
        }
        cellsByKey[key, default: Cell(outcomes: Double(key.outcomes))].services += 1
        cellsByKey[key]?.successes += won
    }

    mutating func add(_ other: ServiceCounts) {
        for (key, cell) in other.cellsByKey {
            cellsByKey[key, default: Cell(outcomes: cell.outcomes)].services += cell.services
            cellsByKey[key]?.successes += cell.successes
        }
    }

    var cells: [Cell] { cellsByKey.sorted { $0.key < $1.key }.map(\.value) }
}
