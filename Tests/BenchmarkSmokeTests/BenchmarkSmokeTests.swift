import Testing
import Workloads

@Suite struct `A benchmark` {
    /// Two measurements, for each makes its input anew; a baseline's result is checked in each.
    @Test(arguments: Benchmark.all.map(\.name))
    func `works, and comes to the same result again`(name: String) throws {
        let benchmark = try #require(Benchmark.all.first { $0.name == name })
        let measured = try (0..<2).map { _ in
            try Measurement(of: benchmark, size: benchmark.smokeSize, passes: 2)
        }
        #expect(measured[0].count > 0)
        #expect(measured[0].digest == measured[1].digest)
        #expect(measured[0].digest != Digest())
        #expect((measured[0].ratio != nil) == (benchmark.baselineName != nil))
        #expect(measured[0].line.contains(name))
    }

    @Test func `has a name of its own`() {
        #expect(Set(Benchmark.all.map(\.name)).count == Benchmark.all.count)
    }
}
