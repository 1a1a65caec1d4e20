internal import Foundation

/// ln Γ(x), to about 15 digits.
///
/// - Parameter x: above 0.
/// - SeeAlso: NIST DLMF 5.5.1 (recurrence), 5.11.1 (Stirling's series) <https://dlmf.nist.gov/5.11>
public func logGamma(_ x: Double) -> Double {
    precondition(x > 0, "ln Γ is for numbers above 0, got \(x)")
    var shifted = x
    var product = 1.0
    while shifted < stirlingFrom {
        product *= shifted
        shifted += 1
    }
    let leading = (shifted - 0.5) * log(shifted) - shifted + 0.5 * log(2 * Double.pi)
    return leading + stirlingRest(shifted) - log(product)
}

/// From here on seven terms of the series leave less than 1e-16.
let stirlingFrom = 10.0

/// What Stirling's leading terms leave out of ln Γ(x), for `x` from `stirlingFrom` on.
func stirlingRest(_ x: Double) -> Double {
    let inverse = 1 / x
    let square = inverse * inverse
    return stirlingTerms.reduce(0) { $0 * square + $1 } * inverse
}

/// B_2k / (2k (2k - 1)), the highest first.
private let stirlingTerms: [Double] = [
    1 / 156, -691 / 360_360, 1 / 1_188, -1 / 1_680, 1 / 1_260, -1 / 360, 1 / 12,
]

/// A gamma distribution.
public struct GammaDistribution: Equatable, Sendable {
    public let shape: Double
    public let rate: Double

    public init(shape: Double, rate: Double) {
        precondition(shape > 0 && rate > 0, "shape and rate are above 0, got \(shape), \(rate)")
        self.shape = shape
        self.rate = rate
    }

    /// The one with that mean and variance.
    public init(mean: Double, variance: Double) {
        self.init(shape: mean * mean / variance, rate: mean / variance)
    }

    public var mean: Double { shape / rate }

    /// The share of it up to `x`.
    public func cumulative(at x: Double) -> Double {
        x <= 0 ? 0 : Self.regularized(shape, x * rate)
    }

    /// Where the share `p` of it lies below.
    public func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1, "a quantile is between 0 and 1, got \(p)")
        // Wilson and Hilferty: the cube root is nearly normal.
        let ninth = 1 / (9 * shape)
        let root = 1 - ninth + normalQuantile(p) * ninth.squareRoot()
        let guess = shape * root * root * root
        // Beyond, the guess is right to eight digits and the sum below long.
        if shape > 1e5 { return guess / rate }
        let logNorm = logGamma(shape)
        return solve(
            p, below: shape + 40 * (shape.squareRoot() + 1), guess: guess > 0 ? guess : shape,
            cumulative: { Self.regularized(shape, $0) },
            density: { exp((shape - 1) * log($0) - $0 - logNorm) }) / rate
    }

    /// P(a, x). - SeeAlso: DLMF 8.11.4 (series), 8.9.2 (continued fraction).
    private static func regularized(_ a: Double, _ x: Double) -> Double {
        if x <= 0 { return 0 }
        let front = exp(a * log(x) - x - logGamma(a))
        if x < a + 1 {
            var term = 1 / a
            var sum = term
            var n = a
            while term > sum * 1e-16 {
                n += 1
                term *= x / n
                sum += term
            }
            return min(1, front * sum)
        }
        // Lentz's evaluation of 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - ...)).
        var b = x + 1 - a
        var c = 1e300
        var d = 1 / b
        var value = d
        for i in 1...100_000 {
            let numerator = -Double(i) * (Double(i) - a)
            b += 2
            d = 1 / nonzero(numerator * d + b)
            c = nonzero(b + numerator / c)
            value *= d * c
            if abs(d * c - 1) < 1e-15 { break }
        }
        return max(0, 1 - front * value)
    }
}

/// Keeps a continued fraction from dividing by nothing.
func nonzero(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }

/// The `x` at which a distribution on 0...`high` has the share `p` below it.
///
/// Newton's steps, and a halving of the bracket wherever one would leave it.
func solve(
    _ p: Double, below high: Double, guess: Double, cumulative: (Double) -> Double,
    density: (Double) -> Double
) -> Double {
    var low = 0.0
    var high = high
    var x = min(max(guess, 1e-12), high * (1 - 1e-12))
    for _ in 0..<200 {
        let error = cumulative(x) - p
        if error < 0 { low = x } else { high = x }
        var next = x - error / density(x)
        if !(next > low && next < high) { next = (low + high) / 2 }
        let moved = abs(next - x)
        x = next
        if moved <= 1e-14 * x || high - low < 1e-16 { break }
    }
    return x
}
