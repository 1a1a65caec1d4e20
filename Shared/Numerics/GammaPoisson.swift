internal import Foundation

/// Counts whose rate is itself uncertain: Poisson of a gamma rate, the negative binomial.
public struct GammaPoisson: Equatable, Sendable {
    public let mean: Double
    /// Variance beyond Poisson's in squares of the mean: `variance = mean + dispersion mean²`.
    public let dispersion: Double

    public init(mean: Double, dispersion: Double) {
        precondition(
            mean >= 0 && dispersion > 0,
            "mean is at least 0 and dispersion above 0, got \(mean), \(dispersion)")
        self.mean = mean
        self.dispersion = dispersion
    }

    public var variance: Double { mean + dispersion * mean * mean }

    /// Up to this mean the probabilities are summed; above, a gamma of the same moments is as good.
    private static let exactMeanMax = 64.0

    /// The least count that is reached or undercut with probability `p`.
    public func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1, "a quantile is between 0 and 1, got \(p)")
        if mean == 0 { return 0 }
        if mean > Self.exactMeanMax {
            return GammaDistribution(mean: mean, variance: variance).quantile(p).rounded()
        }
        let shape = 1 / dispersion
        let odds = mean / (mean + shape)
        var probability = exp(-shape * log1p(mean / shape))
        var sum = probability
        var count = 0.0
        // Markov: the quantile is at most mean / (1 - p).
        let countMax = (mean / (1 - p)).rounded(.up) + 1
        while sum < p && count < countMax {
            probability *= (shape + count) / (count + 1) * odds
            count += 1
            sum += probability
        }
        return count
    }
}
