import Foundation
import Kafka
import Postgres
import TestSupport
import Testing
import Topics

/// More than a stage can take, and a database that does not answer: what waits, waits on the
/// topics, not in memory.
@Suite(
    .serialized, .timeLimit(.minutes(30)),
    .enabled(if: ThrowawayPostgres.isInstalled && EmbeddedBroker.isBuilt, "needs PostgreSQL"))
struct `A stage that cannot keep up` {
    static let isLong = ProcessInfo.processInfo.environment["ANTIPHASE_FAULTS"] == "1"
    static let partitions: Int32 = 4

    /// What a stage may hold in RAM beyond what it holds at rest, in MiB, whatever waits on the topics.
    ///
    /// Read ahead: 10,000 messages a partition and what one more fetch brings (1 MiB), of 4
    /// partitions of the one topic that is loaded; of 0.6 KiB with what librdkafka keeps of each:
    /// 4 x (10,000 x 1.2 KiB + 1 MiB) = 51 MiB. In work: a batch of 10,000 messages, 20,000
    /// messages to publish (2 KiB each: 40 MiB) and 50,000 rows for the next checkpoint (0.5 KiB
    /// each: 25 MiB), and the checkpoint itself as libpq sends it, 32 MiB. State: 500 functions.
    static let growthMaxMiB = 160
    /// What the broker may hold altogether, in MiB: it keeps no messages, but buffers of connections
    /// (a request of 100 MiB at most, 64 connections here and none near that) and indices.
    static let brokerMaxMiB = 256

    @Test(arguments: isLong ? Line.stages : ["featurizer", "allocator"])
    func `shows its lag, stays within its memory and drains`(stage: String) throws {
        try withStage(stage) { line, asked, process, broker in
            var load = try Load(
                for: stage, on: asked.bootstrapServers, partitions: Self.partitions)
            let rate = try measure(stage, &load, asked)
            let restMiB = try #require(process.peakMemoryKiB) / 1_024
            let seconds = Self.isLong ? 60.0 : 3.0
            var shown = (gauge: 0.0, view: 0)
            let lag = "position_lag_messages{topic=\"\(Self.input(of: stage))\"}"
            try load.send(perSecond: 2 * rate, for: seconds) {
                shown.gauge = max(shown.gauge, try process.metric(lag) ?? 0)
                shown.view = max(shown.view, try asked.lagShown(of: stage))
            }
            let drains = try waitFor(Self.isLong ? 600 : 60) {
                shown.gauge = max(shown.gauge, try process.metric(lag) ?? 0)
                shown.view = max(shown.view, try asked.lagShown(of: stage))
                return try asked.taken(by: stage) == load.sent
            }
            let taken = try asked.taken(by: stage)
            #expect(drains, "\(taken) of \(load.sent)\n\(line.said(by: stage))")
            let peakMiB = try #require(process.peakMemoryKiB) / 1_024
            let brokerMiB = try #require(broker.child.peakMemoryKiB) / 1_024
            say(
                """
                overload of \(stage): takes \(Int(rate))/s, sent \(load.sent); lag shown up to \
                \(Int(shown.gauge)) on /metrics and \(shown.view) in the view; \
                \(restMiB) MiB at rest, \(peakMiB) MiB at most; the broker \(brokerMiB) MiB
                """)
            #expect(peakMiB - restMiB <= Self.growthMaxMiB)
            #expect(brokerMiB <= Self.brokerMaxMiB)
            // At twice its rate half of what was sent must wait at the end; a quarter leaves room
            // for a machine that got faster in between.
            let waiting = rate * seconds / 4
            #expect(shown.gauge > waiting)
            #expect(Double(shown.view) > waiting)
            try #expect(waitFor(30) { try process.metric(lag) == 0 })
            try #expect(waitFor(30) { try asked.lagShown(of: stage) == 0 })
            // Nothing was lost, nothing came twice.
            if stage == "featurizer" { try #expect(asked.total() == load.sent) }
            #expect(process.isRunning && line.endedAlone.isEmpty)
        }
    }

    @Test func `waits while a lock is held in PostgreSQL, and then goes on exactly`() throws {
        try withStage("featurizer") { line, asked, process, _ in
            var load = try Load(
                for: "featurizer", on: asked.bootstrapServers, partitions: Self.partitions)
            let rate = try measure("featurizer", &load, asked)
            let restMiB = try #require(process.peakMemoryKiB) / 1_024
            let before = load.sent
            let given = line.rebalances["featurizer"]
            let readBefore = try process.metric("messages_read_total") ?? 0
            var readWithin = 0.0
            try asked.query { session in
                try session.transaction { session in
                    try session.run(
                        script: """
                            lock table featurizer.checkpoints, featurizer.state in exclusive mode
                            """)
                    try load.send(perSecond: rate, for: Self.isLong ? 30 : 5) {}
                    readWithin = (try process.metric("messages_read_total") ?? 0) - readBefore
                    #expect(try process.get("/ready").contains("55P03"))
                    // All that it has not read is shown to wait, though nothing is fetched any more.
                    let sent = Double(load.sent)
                    let shows = try eventually(within: .seconds(15)) {
                        guard let read = try process.metric("messages_read_total") else {
                            return false
                        }
                        let lag = try process.metric(
                            "position_lag_messages{topic=\"invocations\"}")
                        return lag == sent - read
                    }
                    let figures = try process.get("/metrics")
                    #expect(shows, "\(sent) sent\n\(figures)")
                }
            }
            // It does not read on once its next checkpoint, due after 0.5 s, has not ended for 2 s: what it
            // takes in that time and a second, for good measure, and two batches in work.
            #expect(readWithin <= 3.5 * rate + 20_000)
            try #expect(
                waitFor(120) { try asked.taken(by: "featurizer") == load.sent },
                "\(load.sent) sent\n\(line.said(by: "featurizer"))")
            try #expect(asked.total() == load.sent)
            let peakMiB = try #require(process.peakMemoryKiB) / 1_024
            say(
                """
                lock held: \(load.sent - before) messages came meanwhile, \(Int(readWithin)) were \
                read; \(restMiB) MiB before, \(peakMiB) MiB at most
                """)
            #expect(peakMiB - restMiB <= Self.growthMaxMiB)
            // It stayed a member of its group, and nobody had to start anything.
            #expect(line.rebalances["featurizer"] == given)
            #expect(process.isRunning && line.endedAlone.isEmpty)
            try #expect(waitFor(30) { try process.get("/ready").contains(" 200 ") })
        }
    }

    /// In work and read ahead 64 MiB each, and what one more fetch brings: 50 MiB, librdkafka's
    /// `fetch.max.bytes`; the messages themselves are ten times that. Long form alone.
    @Test(.enabled(if: isLong, "the long form: compose/test --faults"))
    func `stays within its memory when messages are as large as can be`() throws {
        try withStage("featurizer") { line, asked, process, _ in
            var options = Producer.Options(bootstrapServers: asked.bootstrapServers)
            options.settings = ["compression.codec": "none"]
            let producer = try Producer(options)
            let restMiB = try #require(process.peakMemoryKiB) / 1_024
            let value = [UInt8](repeating: UInt8(ascii: "["), count: 999_000)
            let count = 1_600
            try asked.query { session in
                try session.transaction { session in
                    try session.run(
                        script: "lock table featurizer.checkpoints in exclusive mode")
                    for number in 0..<count {
                        try producer.send(
                            to: "invocations", partition: Int32(number) % Self.partitions, key: nil,
                            value: value)
                    }
                    #expect(producer.flush(timeoutMs: 120_000) == .delivered)
                }
            }
            // An invocation is smaller: each is rejected.
            try #expect(waitFor(120) { try asked.rejections() == ["too_large": count] })
            let peakMiB = try #require(process.peakMemoryKiB) / 1_024
            say("\(count) messages of 1 MB: \(restMiB) MiB at rest, \(peakMiB) MiB at most")
            #expect(peakMiB - restMiB <= 64 + 64 + 50 + Self.growthMaxMiB)
            #expect(process.isRunning && line.endedAlone.isEmpty)
        }
    }

    @Test func `hands over to one who joined while a lock was held`() throws {
        try withStage("featurizer") { line, asked, process, _ in
            var load = try Load(
                for: "featurizer", on: asked.bootstrapServers, partitions: Self.partitions)
            _ = try measure("featurizer", &load, asked)
            try asked.query { session in
                try session.transaction { session in
                    try session.run(
                        script: "lock table featurizer.checkpoints in exclusive mode")
                    try load.send(5_000)
                    try load.flush()
                    #expect(
                        try eventually(within: .seconds(15)) {
                            try process.get("/ready").contains("55P03")
                        })
                    try line.add("featurizer")
                    // Past the group's session timeout, 6 s.
                    usleep(8_000_000)
                }
            }
            try #expect(waitFor(60) { try asked.owners(of: "featurizer") == 2 })
            try load.send(5_000)
            try load.flush()
            try #expect(waitFor(60) { try asked.taken(by: "featurizer") == load.sent })
            try #expect(asked.total() == load.sent)
            #expect(line.endedAlone.isEmpty)
        }
    }

    // MARK: the stage's rate

    /// How many messages a second the stage takes, from when there are some to when it has kept that it
    /// took them.
    private func measure(_ stage: String, _ load: inout Load, _ line: Line) throws -> Double {
        // Twice as many, until they take so long that the checkpoints' interval of 0.5 s, by which
        // what was taken is seen late, is little beside it.
        var count = stage == "featurizer" ? 5_000 : 500
        while true {
            try load.send(count)
            try load.flush()
            let began = ContinuousClock.now
            let from = try line.taken(by: stage)
            let sent = load.sent
            guard try waitFor(120, { try line.taken(by: stage) == sent }) else { throw NotTaken() }
            let passed = ContinuousClock.now - began
            if passed >= Self.measuringTime { return Double(sent - from) / (passed / .seconds(1)) }
            count *= 2
        }
    }

    private static let measuringTime: Duration = isLong ? .seconds(8) : .seconds(3)

    struct NotTaken: Error {}

    static func input(of stage: String) -> String {
        stage == "featurizer" ? Topic.invocations.name : Topic.shapes.name
    }

    /// One process of one stage, on servers of its own; its other topics are empty.
    private func withStage(
        _ stage: String,
        _ body: (FaultLine, Line, ChildProcess, EmbeddedBroker) throws -> Void
    ) throws {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            let broker = try EmbeddedBroker()
            defer { broker.kill() }
            let line = FaultLine(
                bootstrapServers: broker.bootstrapServers, databaseURL: url, servers: [:],
                environment: ["TOPICS_PARTITIONS": "\(Self.partitions)"])
            defer { line.killAll() }
            try line.add(stage)
            let asked = Line(bootstrapServers: broker.bootstrapServers, databaseURL: url)
            try #expect(waitFor(30) { try asked.owners(of: stage) == 1 })
            let process = try #require(line.processes(stage).first)
            try body(line, asked, process, broker)
        }
    }
}

extension Line {
    /// Messages of its main topic that a stage has kept that it took.
    func taken(by stage: String) throws -> Int {
        let topic = `A stage that cannot keep up`.input(of: stage)
        return try query { session in
            Int(
                try session.execute(
                    """
                    select coalesce(sum((positions ->> $1)::bigint), 0)::bigint
                    from \(stage).checkpoints
                    """, .text(topic))[0][0] as Int64)
        }
    }

    /// What the dashboard says that waits.
    func lagShown(of stage: String) throws -> Int {
        try query { session in
            Int(
                try session.execute(
                    "select coalesce(sum(lag_messages), 0)::bigint from dashboard.\(stage)_checkpoints"
                )[0][0] as Int64)
        }
    }
}
