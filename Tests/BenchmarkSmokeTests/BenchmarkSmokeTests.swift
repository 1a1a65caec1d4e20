import TestSupport
import Testing
import Workloads

@Suite struct `A benchmark` {
    /// Two measurements, for each makes its input anew; a baseline's result is checked in each.
    @Test(arguments: Benchmark.all.map(\.name))
    func `works, and comes to the same result again`(name: String) throws {
        let benchmark = try #require(Benchmark.all.first { $0.name == name })
        let measured = try (0..<2).map { _ in
            try Measurement(of: benchmark, size: benchmark.smokeSize, passes: 1)
        }
        #expect(measured[0].count > 0)
        #expect(measured[0].digest == measured[1].digest)
        #expect(measured[0].digest != Digest())
        #expect((measured[0].ratio != nil) == (benchmark.baselineName != nil))
        #expect(measured[0].line.contains(name))
    }

    @Test(.enabled(if: EmbeddedBroker.isBuilt, "needs the product broker: swift build"))
    func `of the broker works`() throws {
        let report = try BrokerBenchmark(size: .smoke, passes: 2).run(besideKafka: false) { _ in }
        #expect(report.rows.count == 8)
        #expect(report.rows.allSatisfy { $0.ours > 0 && $0.ratio == nil })
        #expect(report.facts.count == 7)
    }

    @Test(
        .enabled(
            if: EmbeddedBroker.isBuilt && ThrowawayPostgres.isInstalled,
            "needs the product broker, and PostgreSQL"))
    func `of the featurizer works`() throws {
        let rows = try FeaturizerBenchmark(size: .smoke, passes: 1).run { _ in }
        #expect(rows.map(\.form) == ["JSON", "Protobuf"])
        #expect(rows.allSatisfy { $0.perSecond > 0 && $0.ratio > 0 })
    }

    @Test(.enabled(if: EmbeddedBroker.isBuilt, "needs the product broker: swift build"))
    func `of the bridge works`() throws {
        let rows = try BridgeBenchmark(size: .smoke, passes: 1).run { _ in }
        #expect(rows.map(\.form) == ["openwhisk", "lambda", "otlp_json"])
        #expect(rows.allSatisfy { $0.perSecond > 0 && $0.ratio > 0 })
    }

    @Test func `has a name of its own`() {
        #expect(Set(Benchmark.all.map(\.name)).count == Benchmark.all.count)
    }
}
