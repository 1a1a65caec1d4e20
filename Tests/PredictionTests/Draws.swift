import Numerics

extension SeededRandom {
    /// A gamma variate of rate 1.
    ///
    /// - SeeAlso: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables" (2000).
    mutating func gamma(shape: Double) -> Double {
        if shape < 1 {
            let larger = gamma(shape: shape + 1)
            return larger * power(openUniform(), 1 / shape)
        }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let z = normal()
            let v = (1 + c * z) * (1 + c * z) * (1 + c * z)
            guard v > 0 else { continue }
            if naturalLog(openUniform()) < z * z / 2 + d - d * v + d * naturalLog(v) {
                return d * v
            }
        }
    }

    mutating func beta(mean: Double, strength: Double) -> Double {
        let a = gamma(shape: mean * strength)
        let b = gamma(shape: (1 - mean) * strength)
        return min(max(a / (a + b), 1e-9), 1 - 1e-9)
    }

    mutating func binomial(_ trials: Int, _ p: Double) -> Int {
        if trials > 5_000 {
            let n = Double(trials)
            let drawn = n * p + normal() * (n * p * (1 - p)).squareRoot()
            return min(max(Int(drawn.rounded()), 0), trials)
        }
        return (0..<trials).count { _ in chance(p) }
    }
}
