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

    /// Shapes and counts are checked by the benchmark itself, which throws where they are wrong.
    @Test(
        .enabled(
            if: EmbeddedBroker.isBuilt && ThrowawayPostgres.isInstalled,
            "needs the product broker, and PostgreSQL"))
    func `of the featurizer works`() throws {
        var options = FeaturizerBenchmark.Options()
        options.size = .smoke
        options.passes = 1
        // JSON is in the other parts.
        options.forms = [.protobuf, .telemetry]
        options.parts = [.speed, .restart, .rebalance, .scaleOut]
        var told = ""
        let tables = try FeaturizerBenchmark(options).run { told += "\($0)\n" }
        // Speed, memory and checkpoints of the two forms; then one table a part.
        #expect(tables.map(\.rows.count) == [2, 2, 2, 1, 1, 2])
        #expect(tables.allSatisfy { told.contains("\($0)") })
        #expect(
            tables[0].rows.map { $0[0] } == ["protobuf, 85 B", "telemetry, 482 B"])
    }

    @Test(
        .enabled(if: Products.path(of: "benchmark") != nil, "needs the product benchmark"))
    func `counts a featurizer's instructions, or says why not`() throws {
        var options = FeaturizerBenchmark.Options()
        options.size = .smoke
        options.forms = [.protobuf]
        options.parts = [.instructions]
        let table = try #require(try FeaturizerBenchmark(options).run { _ in }.first)
        #expect(table.rows.count == 1 || table.notes.contains { $0.hasPrefix("Skipped") })
    }

    @Test(arguments: InvocationForm.allCases)
    func `writes events that the featurizer takes`(form: InvocationForm) throws {
        #expect(try FeaturizerBenchmark.fold(form, events: 200, rounds: 2) == 400)
    }

    @Test(.enabled(if: EmbeddedBroker.isBuilt, "needs the product broker: swift build"))
    func `of the bridge works`() throws {
        let rows = try BridgeBenchmark(size: .smoke, passes: 1).run { _ in }
        #expect(rows.map(\.form) == ["openwhisk", "lambda", "otlp_json"])
        #expect(rows.allSatisfy { $0.perSecond > 0 && $0.ratio > 0 })
    }

    @Test(
        .enabled(
            if: EmbeddedBroker.isBuilt && ThrowawayPostgres.isInstalled,
            "needs the product broker, and PostgreSQL"))
    func `of first predictions works`() throws {
        let rows = try FirstPredictionBenchmark(size: .smoke, passes: 1).run { _ in }
        #expect(rows.map(\.known) == [0, 100])
        #expect(rows.allSatisfy { $0.latenciesMs.count == 20 && $0.latenciesMs[0] > 0 })
        #expect(rows.allSatisfy { $0.quantileMs(0.5) <= $0.quantileMs(0.99) })
        #expect(FirstPredictionBenchmark.table(rows).rows.count == 2)
    }

    @Test func `of placements works`() throws {
        var lines: [String] = []
        try PlacementBenchmark(size: .smoke).run { lines.append($0) }
        #expect(lines.count == 3)
        #expect(lines[2].hasPrefix("60 functions packed from nothing"))
        #expect(lines[1].contains("20 new functions placed among 20 workers"))
        #expect(lines[0].hasPrefix("a cell that keeps a week of 100 functions"))
    }

    @Test func `has a name of its own`() {
        #expect(Set(Benchmark.all.map(\.name)).count == Benchmark.all.count)
    }
}
