internal import Foundation

/// ln B(a, b), without the cancellation of three large ln Γ.
public func logBeta(_ a: Double, _ b: Double) -> Double {
    let small = min(a, b)
    let large = max(a, b)
    precondition(small > 0, "ln B is for numbers above 0, got \(a), \(b)")
    let sum = small + large
    if large < stirlingFrom { return logGamma(small) + logGamma(large) - logGamma(sum) }
    // ln Γ(large) - ln Γ(sum), each by Stirling.
    let rest = stirlingRest(large) - stirlingRest(sum)
    let ratio = (large - 0.5) * log1p(-small / sum) - small * log(sum) + small + rest
    return logGamma(small) + ratio
}

/// A beta distribution: what is known of a rate.
public struct BetaDistribution: Equatable, Sendable {
    /// Successes, as it were.
    public let alpha: Double
    /// Failures, as it were.
    public let beta: Double

    public init(alpha: Double, beta: Double) {
        precondition(alpha > 0 && beta > 0, "alpha and beta are above 0, got \(alpha), \(beta)")
        self.alpha = alpha
        self.beta = beta
    }

    /// - Parameter strength: how many outcomes it is worth.
    public init(mean: Double, strength: Double) {
        self.init(alpha: mean * strength, beta: (1 - mean) * strength)
    }

    public var strength: Double { alpha + beta }
    public var mean: Double { alpha / strength }
    public var variance: Double { mean * (1 - mean) / (strength + 1) }

    /// After that many more outcomes.
    public func adding(successes: Double, failures: Double) -> BetaDistribution {
        BetaDistribution(alpha: alpha + successes, beta: beta + failures)
    }

    /// ln of the beta-binomial probability of outcomes in a given order; counts may be fractions.
    public func logLikelihood(successes: Double, failures: Double) -> Double {
        logBeta(alpha + successes, beta + failures) - logBeta(alpha, beta)
    }

    /// The share of it up to `x`: the regularized incomplete beta function.
    public func cumulative(at x: Double) -> Double {
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        // The fraction converges fast on the left of the mean: take the nearer end.
        return x < (alpha + 1) / (strength + 2)
            ? Self.lowerTail(x, alpha, beta) : 1 - Self.lowerTail(1 - x, beta, alpha)
    }

    /// Where the share `p` of it lies below.
    public func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1, "a quantile is between 0 and 1, got \(p)")
        let guess = mean + normalQuantile(p) * variance.squareRoot()
        let logNorm = logBeta(alpha, beta)
        return solve(
            p, below: 1, guess: guess > 0 && guess < 1 ? guess : mean,
            cumulative: { cumulative(at: $0) },
            density: { exp((alpha - 1) * log($0) + (beta - 1) * log1p(-$0) - logNorm) })
    }

    /// - SeeAlso: DLMF 8.17.22, evaluated by Lentz's method.
    /// - Complexity: O(square root of the larger parameter).
    private static func lowerTail(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let front = exp(a * log(x) + b * log1p(-x) - logBeta(a, b)) / a
        var c = 1.0
        var d = 1 / nonzero(1 - (a + b) * x / (a + 1))
        var value = d
        for step in 1...100_000 {
            let m = Double(step)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 / nonzero(1 + even * d)
            c = nonzero(1 + even / c)
            value *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 / nonzero(1 + odd * d)
            c = nonzero(1 + odd / c)
            value *= d * c
            if abs(d * c - 1) < 1e-15 { break }
        }
        return min(1, front * value)
    }
}
