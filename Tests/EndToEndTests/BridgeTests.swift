import Foundation
import Kafka
import TestSupport
import Testing
import Topics

/// The bridge as the process that it is, killed and disturbed, on a broker of the test.
@Suite(
    .serialized, .timeLimit(.minutes(10)),
    .enabled(if: EmbeddedBroker.isBuilt, "needs a build"))
struct `The bridge` {
    static let events = 60_000

    @Test func `writes the same, once, when it is killed ten times in the middle`() throws {
        let undisturbed = try EmbeddedBroker.withBroker { servers in
            let line = BridgeLine(bootstrapServers: servers)
            try line.fill(Self.events)
            let bridge = try line.start(group: "calm")
            defer { bridge.kill() }
            #expect(try isCarried(line, group: "calm", within: 60), "\(bridge.standardError)")
            return try (line.committed(.invocations), line.committed(.rejections))
        }
        // 2 of 50 are a metric and garbage.
        #expect(undisturbed.0.values.reduce(0, +) == Self.events / 50 * 48)
        #expect(undisturbed.1.values.reduce(0, +) == Self.events / 50)
        #expect(undisturbed.0.values.allSatisfy { $0 == 1 })

        try EmbeddedBroker.withBroker { servers in
            let line = BridgeLine(bootstrapServers: servers)
            try line.fill(Self.events)
            var random = TestRandom(seed: 10)
            var kills = 0
            while kills < 10 {
                let before = try line.carried(by: "killed")
                // Its name stays the same, so that it goes on at once.
                let bridge = try line.start(
                    group: "killed", ["--bridge-instance", "one", "--kafka-debug", "eos"])
                // In the middle: something of this life is committed, and much is left.
                #expect(
                    try eventually(within: .seconds(30)) {
                        try line.carried(by: "killed") > before
                    }, "\(bridge.standardError)")
                usleep(UInt32(random.next() % 15_000))
                bridge.kill()
                bridge.wait(within: .seconds(10))
                kills += 1
                #expect(try line.carried(by: "killed") < Int64(Self.events))
            }
            let last = try line.start(group: "killed", ["--bridge-instance", "one"])
            defer { last.kill() }
            #expect(try isCarried(line, group: "killed", within: 60), "\(last.standardError)")
            #expect(try line.committed(.invocations) == undisturbed.0)
            #expect(try line.committed(.rejections) == undisturbed.1)
        }
    }

    @Test func `writes each once when another joins, one freezes, and the broker goes away`() throws
    {
        let broker = try EmbeddedBroker()
        defer { broker.kill() }
        let line = BridgeLine(bootstrapServers: broker.bootstrapServers)
        try line.fill(Self.events)
        let first = try line.start(group: "shared", ["--bridge-transaction-records-max", "100"])
        defer { first.kill() }
        #expect(try eventually { try line.carried(by: "shared") > 0 }, "\(first.standardError)")
        let second = try line.start(group: "shared")
        defer { second.kill() }
        first.freeze()
        // Longer than its transaction, and than its membership.
        Thread.sleep(forTimeInterval: 10)
        first.resume()
        broker.kill()
        Thread.sleep(forTimeInterval: 1)
        try broker.restart()
        #expect(
            try isCarried(line, group: "shared", within: 90),
            "\(first.standardError)\(second.standardError)")
        let invocations = try line.committed(.invocations)
        #expect(invocations.values.reduce(0, +) == Self.events / 50 * 48)
        #expect(invocations.values.allSatisfy { $0 == 1 })
        first.terminate()
        second.terminate()
        #expect(first.wait(within: .seconds(10)) == .exited(0))
        #expect(second.wait(within: .seconds(10)) == .exited(0))
    }

    @Test(.enabled(if: RealKafka.isInstalled, "needs ../shared/kafka and Java"))
    func `writes each once on Apache Kafka, killed three times, another beside it`() throws {
        let kafka = try RealKafka()
        defer { kafka.stop() }
        let line = BridgeLine(bootstrapServers: kafka.bootstrapServers)
        try line.fill(Self.events)
        let other = try line.start(group: "killed", ["--bridge-transaction-records-max", "50"])
        defer { other.kill() }
        for _ in 0..<3 {
            let before = try line.carried(by: "killed")
            let bridge = try line.start(group: "killed")
            #expect(
                try eventually(within: .seconds(60)) { try line.carried(by: "killed") > before },
                "\(bridge.standardError)")
            bridge.kill()
            bridge.wait(within: .seconds(10))
        }
        let last = try line.start(group: "killed")
        defer { last.kill() }
        #expect(
            try isCarried(line, group: "killed", within: 120),
            "\(last.standardError)\(other.standardError)")
        let invocations = try line.committed(.invocations)
        #expect(invocations.values.reduce(0, +) == Self.events / 50 * 48)
        #expect(invocations.values.allSatisfy { $0 == 1 })
    }

    @Test func `waits for its topic, counts what it reads, and says so`() throws {
        try EmbeddedBroker.withBroker { servers in
            let line = BridgeLine(bootstrapServers: servers)
            let bridge = try line.start(group: "early")
            defer { bridge.kill() }
            #expect(
                try eventually {
                    try bridge.get("/ready").contains("topic events, which bridge.topic names")
                })
            try line.fill(1_000)
            #expect(try isCarried(line, group: "early", of: 1_000, within: 30))
            #expect(try eventually { try bridge.get("/ready").contains("\"ready\":true") })
            for (metric, value) in [
                ("messages_read_total", 1_000.0),
                ("messages_published_total{topic=\"invocations\"}", 960),
                ("messages_rejected_total{topic=\"events\",reason=\"not_json\"}", 20),
                ("bridge_left_out_total{kind=\"metric\"}", 20),
            ] {
                #expect(try bridge.metric(metric) == value, "\(metric)")
            }
        }
    }

    @Test(.enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL"))
    func `leads from a fleet that writes OpenWhisk's events to shapes`() throws {
        try withTemporaryFolder { folder in
            let trace = try SmallTrace(seed: 7, in: folder)
            try ThrowawayPostgres.withProvisionedDatabase { url in
                try EmbeddedBroker.withBroker { servers in
                    let line = Line(bootstrapServers: servers, databaseURL: url)
                    defer { line.killAll() }
                    try line.start("featurizer")
                    try line.start("bridge")
                    let counts = "\(folder)/counts.csv"
                    let fleet = try line.start(
                        "fleet",
                        [
                            "replay", "--as", "openwhisk", "--speed", "max", "--seed", "1",
                            "--counts", counts, folder,
                        ])
                    #expect(fleet.wait(within: .seconds(90)) == .exited(0), "\(line.said)")
                    // What was throttled did not run, and OpenWhisk has no activation of it.
                    var expected = trace.counts
                    let metrics = try throttled(on: servers)
                    try #expect(
                        waitFor(60) { try line.total() == trace.total - metrics }, "\(line.said)")
                    let folded = try line.folded()
                    for (function, count) in folded { expected[function, default: 0] -= count }
                    #expect(expected.values.allSatisfy { $0 >= 0 })
                    #expect(expected.values.reduce(0, +) == metrics)
                    #expect(Set(folded.keys) == Set(trace.counts.keys))
                }
            }
        }
    }

    private func isCarried(
        _ line: BridgeLine, group: String, of count: Int = events, within seconds: Int
    ) throws -> Bool {
        try eventually(within: .seconds(seconds)) {
            usleep(50_000)
            return try line.carried(by: group) == Int64(count)
        }
    }

    /// How many of the fleet's events say that something was throttled.
    private func throttled(on servers: String) throws -> Int {
        var options = BatchConsumer.Options(bootstrapServers: servers)
        options.reportsPartitionEnd = true
        let consumer = try BatchConsumer(options)
        try consumer.assignAll(of: ["events"], from: .beginning, timeoutMs: 10_000)
        var open = consumer.assignment
        var count = 0
        while !open.isEmpty {
            try consumer.withBatch(timeoutMs: 100) { batch in
                for record in batch {
                    let text = String(decoding: record.copyValue() ?? [], as: UTF8.self)
                    if text.contains("\"eventType\":\"Metric\"") { count += 1 }
                }
                for case .partitionEnd(let partition, _) in batch.events { open.remove(partition) }
            }
        }
        return count
    }
}
