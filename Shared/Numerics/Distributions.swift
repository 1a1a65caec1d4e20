internal import Foundation

// Seeded draws from the distributions that fleets are described by. Those that have a closed
// quantile function take one uniform number each, so that a change to one draw moves no other.

extension SeededRandom {
    /// The stream of one item of a sequence (a minute, a day): any item without those before it.
    public init(seed: UInt64, at index: UInt64) {
        // Neighbouring seeds of SplitMix64 would give overlapping streams; its output does not.
        var mixer = SeededRandom(seed: seed ^ (index &* 0xD6E8_FEB8_6659_FD93))
        self.init(seed: mixer.next())
    }

    /// Uniform in (0, 1): safe to take the logarithm of.
    public mutating func openUniform() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

    public mutating func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// - Precondition: the range is not empty.
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "no whole number lies in 0..<\(bound)")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// Mean 0, variance 1.
    public mutating func normal() -> Double { normalQuantile(openUniform()) }

    /// - Parameter logMean: the mean of the logarithm; `exp(logMean)` is the median.
    public mutating func logNormal(logMean: Double, sigma: Double) -> Double {
        exp(logMean + sigma * normal())
    }

    /// Burr type XII: P(X <= x) = 1 - (1 + (x / scale)^c)^-k.
    public mutating func burr(c: Double, k: Double, scale: Double) -> Double {
        scale * pow(pow(openUniform(), -1 / k) - 1, 1 / c)
    }

    /// A whole number from 1 to `most` with P(X >= n) = n^-exponent: a Zipf-like tail.
    public mutating func discretePareto(exponent: Double, most: Int) -> Int {
        // The bound comes before the conversion: the tail reaches beyond Int.
        Int(min(Double(most), pow(openUniform(), -1 / exponent)))
    }

    /// How many of rare independent things happen.
    ///
    /// - SeeAlso: Hoermann, "The transformed rejection method for generating Poisson random
    ///   variables" (1993), algorithm PTRS, for means of 10 and more.
    public mutating func poisson(mean: Double) -> Int {
        precondition(mean >= 0 && mean < 1e12, "a Poisson mean is 0 to 1e12, got \(mean)")
        return mean < 10 ? poissonByInversion(mean) : poissonByRejection(mean)
    }

    private mutating func poissonByInversion(_ mean: Double) -> Int {
        let u = uniform()
        var probability = exp(-mean)
        var cumulated = probability
        var n = 0
        // 200 is beyond the 1 - 2^-53 quantile of any mean under 10.
        while u >= cumulated, n < 200 {
            n += 1
            probability *= mean / Double(n)
            cumulated += probability
        }
        return n
    }

    private mutating func poissonByRejection(_ mean: Double) -> Int {
        let b = 0.931 + 2.53 * mean.squareRoot()
        let a = -0.059 + 0.02483 * b
        let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
        let vr = 0.9277 - 3.6224 / (b - 2)
        while true {
            let u = uniform() - 0.5
            let v = openUniform()
            let us = 0.5 - abs(u)
            let k = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
            if us >= 0.07, v <= vr { return Int(k) }
            guard k >= 0, us >= 0.013 || v <= us else { continue }
            let left = log(v * inverseAlpha / (a / (us * us) + b))
            if left <= k * log(mean) - mean - logFactorial(k) { return Int(k) }
        }
    }
}

/// One of `weights.count` things in proportion to its weight, at the cost of one comparison.
///
/// - SeeAlso: Vose, "A linear algorithm for generating random numbers with a given distribution"
///   (1991): the alias method.
public struct AliasTable: Sendable {
    private var threshold: [Double]
    private var alias: [Int]

    /// - Precondition: weights are not negative and one at least is positive.
    public init(_ weights: [Double]) {
        let total = weights.reduce(0, +)
        precondition(
            total > 0 && weights.allSatisfy { $0 >= 0 }, "weights sum to \(total), expected > 0")
        let n = Double(weights.count)
        threshold = weights.map { $0 / total * n }
        alias = Array(weights.indices)
        var small = alias.filter { threshold[$0] < 1 }
        var large = alias.filter { threshold[$0] >= 1 }
        while let less = small.popLast(), let more = large.popLast() {
            alias[less] = more
            threshold[more] -= 1 - threshold[less]
            if threshold[more] < 1 { small.append(more) } else { large.append(more) }
        }
    }

    public func draw(_ random: inout SeededRandom) -> Int {
        let i = random.integer(below: threshold.count)
        return random.uniform() < threshold[i] ? i : alias[i]
    }
}

/// The value that a standard normal variable stays below with probability `p`.
///
/// Acklam's rational approximation: relative error below 1.15e-9.
public func normalQuantile(_ p: Double) -> Double {
    precondition(p > 0 && p < 1, "a quantile's probability is between 0 and 1, got \(p)")
    if p < 0.02425 { return tailQuantile(p) }
    if p > 1 - 0.02425 { return -tailQuantile(1 - p) }
    let q = p - 0.5
    let r = q * q
    let above =
        ((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r
            + 138.3577518672690) * r - 30.66479806614716) * r + 2.506628277459239
    let below =
        ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r
            + 66.80131188771972) * r - 13.28068155288572) * r + 1
    return above * q / below
}

private func tailQuantile(_ p: Double) -> Double {
    let q = (-2 * log(p)).squareRoot()
    let above =
        ((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q
            - 2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783
    let below =
        (((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q
            + 3.754408661907416) * q + 1
    return above / below
}

/// ln n!, by Stirling's series from 10 on; relative error below 1e-10.
private func logFactorial(_ n: Double) -> Double {
    guard n >= 10 else {
        return stride(from: 2, through: n, by: 1).reduce(0) { $0 + log($1) }
    }
    let inverse = 1 / n
    return (n + 0.5) * log(n) - n + 0.918938533204672742
        + inverse * (1.0 / 12 - inverse * inverse * (1.0 / 360 - inverse * inverse / 1260))
}
