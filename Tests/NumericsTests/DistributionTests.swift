import Foundation
import Numerics
import Testing

/// Sample means against the distributions' own; bounds are four standard errors.
@Suite struct `A seeded draw` {
    private let n = 200_000

    @Test(arguments: [0.0, 0.01, 0.7, 9.9, 10, 30, 1_000, 250_000])
    func `from a Poisson has its mean and variance`(mean: Double) {
        let counts = draws { Double($0.poisson(mean: mean)) }
        let got = counts.reduce(0, +) / Double(n)
        #expect(abs(got - mean) <= 4 * (mean / Double(n)).squareRoot())
        let variance = counts.reduce(0) { $0 + ($1 - got) * ($1 - got) } / Double(n)
        // The variance of a Poisson's sample variance is (2 m^2 + m) / n.
        #expect(
            abs(variance - mean) <= 4 * ((2 * mean * mean + mean) / Double(n)).squareRoot() + 1e-12)
    }

    @Test func `from a Burr stays under its quantiles as often as they say`() {
        let values = draws { $0.burr(c: 11.652, k: 0.221, scale: 107.083) }
        // P(X <= x) = 1 - (1 + (x / 107.083)^11.652)^-0.221.
        for x in [60.0, 107.083, 170, 400, 1_000] {
            let expected = 1 - pow(1 + pow(x / 107.083, 11.652), -0.221)
            #expect(abs(Double(values.count { $0 <= x }) / Double(n) - expected) < 0.0045)
        }
    }

    @Test func `from a log-normal has its median and spread`() {
        let values = draws { $0.logNormal(logMean: -0.38, sigma: 2.36) }
        // One deviation above the median lies 0.8413 of it.
        #expect(abs(Double(values.count { $0 < exp(-0.38) }) / Double(n) - 0.5) < 0.0045)
        #expect(abs(Double(values.count { $0 < exp(1.98) }) / Double(n) - 0.8413) < 0.0045)
    }

    @Test func `from a discrete Pareto has its tail`() {
        let values = draws { Double($0.discretePareto(exponent: 1.2, most: 20)) }
        for least in [1.0, 2, 11] {
            let expected = pow(least, -1.2)
            #expect(abs(Double(values.count { $0 >= least }) / Double(n) - expected) < 0.0045)
        }
        #expect(values.max() == 20)
    }

    @Test func `from an alias table has the weights' shares`() {
        let weights = [5.0, 0, 1, 4]
        let table = AliasTable(weights)
        let values = draws { Double(table.draw(&$0)) }
        for (i, weight) in weights.enumerated() {
            let got = Double(values.count { $0 == Double(i) }) / Double(n)
            #expect(abs(got - weight / 10) < 0.0045)
        }
    }

    /// From tables of the normal distribution.
    @Test(arguments: [(0.5, 0.0), (0.975, 1.959963985), (0.99, 2.326347874), (1e-6, -4.753424309)])
    func `inverts the normal distribution`(p: Double, expected: Double) {
        #expect(abs(normalQuantile(p) - expected) < 1e-7)
    }

    @Test func `of neighbouring items has nothing in common`() {
        var seen: Set<UInt64> = []
        for index in UInt64(0)..<1_000 {
            var random = SeededRandom(seed: 1, at: index)
            for _ in 0..<100 { seen.insert(random.next()) }
        }
        #expect(seen.count == 100_000)
    }

    private func draws(_ draw: (inout SeededRandom) -> Double) -> [Double] {
        var random = SeededRandom(seed: 42)
        return (0..<n).map { _ in draw(&random) }
    }
}
