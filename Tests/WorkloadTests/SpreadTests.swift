import Testing

@testable import Workload

@Suite struct `A quantile curve` {
    private let curve = QuantileCurve([(0, 0), (0.5, 100), (0.75, 400), (1, 1_600)], least: 1)

    @Test(arguments: [(1e-9, 1.0), (0.25, 10.0), (0.5, 100.0), (0.625, 200.0), (0.875, 800.0)])
    func `passes through its points and between them in log space`(u: Double, expected: Double) {
        // Half way from 1 to 100 is sqrt(100), from 100 to 400 200, from 400 to 1,600 800.
        #expect(abs(curve.value(at: u) / expected - 1) < 1e-6)
    }

    @Test func `never falls, whatever the percentiles say`() {
        let torn = QuantileCurve([(0, 50), (0.5, 40), (1, 60)], least: 1)
        #expect(torn.value(at: 0.5) == torn.value(at: 0.01))
        #expect(torn.largest.rounded() == 60)
    }

    @Test func `has the mean of what it gives`() {
        let n = 100_000
        let sum = (0..<n).reduce(0) { $0 + curve.value(at: (Double($1) + 0.5) / Double(n)) }
        #expect(abs(curve.mean / (sum / Double(n)) - 1) < 1e-6)
    }
}
