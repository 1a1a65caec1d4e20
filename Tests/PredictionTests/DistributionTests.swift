import Numerics
import Testing

// Reference values: scipy 1.17.1 (special.gammaln, stats.beta, stats.gamma, stats.nbinom), and for
// ln B mpmath 1.3 with 40 digits, as scipy's cancels where its arguments are large.

private func isClose(_ value: Double, _ expected: Double, within relative: Double) -> Bool {
    abs(value - expected) <= relative * max(abs(expected), 1e-3)
}

@Suite struct `The logarithm of the gamma function` {
    @Test(arguments: [
        (1e-3, 6.907178885383853), (0.5, 0.5723649429247), (1, 0), (2.5, 0.2846828704729192),
        (9.99, 12.779315214350195), (10, 12.801827480081469), (100.25, 360.28455963776423),
        (1e6, 12815504.569147611), (1e12, 26631021115915.65),
    ])
    func `agrees with another implementation`(x: Double, expected: Double) {
        #expect(abs(logGamma(x) - expected) <= 1e-14 * max(1, abs(expected)))
    }

    @Test(arguments: [
        (0.5, 0.5, 1.1447298858494002), (0.01, 3, 4.5902323136238842),
        (9, 12, -14.228705712134349), (20, 30, -33.968820791977383),
        (1e6, 2.5, -34.254095399436516), (1e6, 1e6, -1386300.0033629211),
        (0.3, 1e9, -5.1211817561608478),
    ])
    func `of two numbers' beta function loses no digits`(a: Double, b: Double, expected: Double) {
        #expect(isClose(logBeta(a, b), expected, within: 1e-12))
        #expect(logBeta(a, b) == logBeta(b, a))
    }
}

@Suite struct `A beta distribution` {
    @Test(arguments: [
        (0.5, 0.5, 0.05, 0.0061558297024311365), (0.2, 3, 0.95, 0.3243985452659058),
        (2, 5, 0.05, 0.06284989170835438), (2, 5, 0.95, 0.5818034092520259),
        (99.5, 1.5, 0.05, 0.9615852119095223), (99.5, 1.5, 0.95, 0.9982379037459226),
        (1000, 10, 0.5, 0.9904207023496605), (900_001, 100_001, 0.05, 0.8995052884716209),
        (999_999, 2, 0.95, 0.9999996446383748),
    ])
    func `has the quantiles of another implementation`(
        a: Double, b: Double, p: Double, expected: Double
    ) {
        #expect(isClose(BetaDistribution(alpha: a, beta: b).quantile(p), expected, within: 1e-9))
    }

    @Test(arguments: [
        (2, 5, 0.3, 0.579825), (0.5, 0.5, 0.9, 0.7951672353008665),
        (900_001, 100_001, 0.9, 0.5007092297571671),
    ])
    func `has the shares of another implementation`(
        a: Double, b: Double, x: Double, expected: Double
    ) {
        let share = BetaDistribution(alpha: a, beta: b).cumulative(at: x)
        #expect(isClose(share, expected, within: 1e-9))
    }

    @Test(arguments: UInt64(0)..<40)
    func `has quantiles that its shares undo`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let some = BetaDistribution(
            alpha: 0.1 + 50 * random.uniform(), beta: 0.1 + 50 * random.uniform())
        let p = 0.01 + 0.98 * random.uniform()
        #expect(isClose(some.cumulative(at: some.quantile(p)), p, within: 1e-9))
    }
}

@Suite struct `A gamma distribution` {
    @Test(arguments: [
        (0.1, 0.95, 0.5804351053231342), (0.5, 0.05, 0.001966070000009761),
        (3, 0.5, 2.674060313723559), (50, 0.95, 62.17105670200203),
        (5000, 0.05, 4884.262567833768), (2e5, 0.95, 200736.1689801604),
    ])
    func `has the quantiles of another implementation`(
        shape: Double, p: Double, expected: Double
    ) {
        let unit = GammaDistribution(shape: shape, rate: 1)
        #expect(isClose(unit.quantile(p), expected, within: 1e-7))
        // A rate of 4 divides every value by 4.
        let quarter = GammaDistribution(shape: shape, rate: 4)
        #expect(isClose(quarter.quantile(p), expected / 4, within: 1e-7))
        #expect(isClose(quarter.cumulative(at: quarter.quantile(p)), p, within: 1e-5))
    }
}

@Suite struct `A gamma-Poisson count` {
    // nbinom.ppf(p, r = 1 / dispersion, r / (r + mean)).
    @Test(arguments: [
        (0.1, 1.0, 0.95, 1.0), (3, 0.5, 0.05, 0), (3, 0.5, 0.95, 8), (60, 2, 0.95, 231),
        (60, 0.001, 0.05, 47),
    ])
    func `has the quantiles of another implementation`(
        mean: Double, dispersion: Double, p: Double, expected: Double
    ) {
        #expect(GammaPoisson(mean: mean, dispersion: dispersion).quantile(p) == expected)
    }

    @Test(arguments: [(1000.0, 0.3, 0.95, 2039.0), (1e6, 0.1, 0.05, 542538)])
    func `is nearly a gamma distribution where it is large`(
        mean: Double, dispersion: Double, p: Double, expected: Double
    ) {
        let count = GammaPoisson(mean: mean, dispersion: dispersion)
        #expect(isClose(count.quantile(p), expected, within: 1e-3))
    }

    @Test func `of nothing expected is nothing`() {
        #expect(GammaPoisson(mean: 0, dispersion: 1).quantile(0.95) == 0)
    }
}
