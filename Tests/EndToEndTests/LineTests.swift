import Foundation
import Kafka
import Postgres
import TestSupport
import Testing
import Topics

/// Real processes, a real broker, a real database; the expected counts are the trace's own.
@Suite(
    .serialized, .timeLimit(.minutes(10)),
    .enabled(if: ThrowawayPostgres.isInstalled && EmbeddedBroker.isBuilt, "needs PostgreSQL"))
struct `The line` {
    /// Two hours of fleet time in 12 s.
    static let speed = "600"

    @Test func `counts every invocation and assigns every function`() throws {
        try withLine { line, trace, folder in
            try line.startStages()
            let counts = "\(folder)/counts.csv"
            let fleet = try line.replay(folder, speed: Self.speed, counts: counts)
            #expect(fleet.wait(within: .seconds(90)) == .exited(0))
            try expectComplete(line, trace)
            // What the fleet says it sent is what the trace says.
            let sent = try String(contentsOfFile: counts, encoding: .utf8)
            #expect(sent.split(separator: "\n").count >= trace.counts.count)
            try #expect(waitFor(30) { try line.represented() == Set(trace.counts.keys) })
            try #expect(
                waitFor(30) { try line.predicted() == Set(trace.counts.keys.map(\.service)) })
            #expect(line.isAlive, "\(line.said)")
            try expectRollBack(line)
            #expect(line.stopAll() < .seconds(5))
        }
    }

    @Test(arguments: Line.stages)
    func `counts the same when a stage is killed and started again`(stage: String) throws {
        try withLine { line, trace, folder in
            try line.startStages()
            let fleet = try line.replay(folder, speed: Self.speed)
            try #expect(waitFor(60) { try line.total() > trace.total / 5 }, "\(line.said)")
            line.kill(stage)
            #expect(fleet.wait(within: .milliseconds(1_500)) == nil)
            try line.start(stage)
            #expect(fleet.wait(within: .seconds(90)) == .exited(0))
            try expectComplete(line, trace)
        }
    }

    @Test func `counts the same when a second featurizer joins and the first is killed`() throws {
        try withLine { line, trace, folder in
            try line.startStages()
            let fleet = try line.replay(folder, speed: Self.speed)
            try #expect(waitFor(60) { try line.total() > trace.total / 10 }, "\(line.said)")
            try line.start("featurizer")
            try #expect(waitFor(30) { try line.owners(of: "featurizer") == 2 }, "\(line.said)")
            line.kill("featurizer")
            #expect(fleet.wait(within: .seconds(90)) == .exited(0))
            try expectComplete(line, trace)
        }
    }

    @Test func `goes on where it stopped, the fleet too`() throws {
        try withLine { line, trace, folder in
            try line.startStages()
            try line.replay(folder, speed: Self.speed)
            try #expect(waitFor(60) { try line.total() > trace.total / 5 }, "\(line.said)")
            #expect(line.stopAll() < .seconds(10))
            try line.startStages()
            try line.replay(folder, speed: Self.speed)
            try #expect(waitFor(60) { try line.total() > trace.total / 2 }, "\(line.said)")
            // This time without a word.
            line.killAll()
            try line.startStages()
            let fleet = try line.replay(folder, speed: "max")
            #expect(fleet.wait(within: .seconds(90)) == .exited(0))
            try expectComplete(line, trace)
        }
    }

    @Test func `rejects bad input with its reason and loses nothing else`() throws {
        try withLine { line, trace, folder in
            try line.startStages()
            let fleet = try line.replay(folder, speed: Self.speed)
            try #expect(waitFor(60) { try line.total() > 0 }, "\(line.said)")
            try BadInput.send(to: line.bootstrapServers)
            let refusal = try BadInput.refusal(by: line.bootstrapServers)
            #expect(refusal?.code == .messageTooLarge)
            #expect(fleet.wait(within: .seconds(90)) == .exited(0))
            try expectComplete(line, trace)
            _ = try waitFor(30) { try line.rejections() == BadInput.expected }
            let rejections = try line.rejections()
            #expect(rejections == BadInput.expected)
            let published = try BadInput.published(on: line.bootstrapServers)
            #expect(published == BadInput.expected)
        }
    }

    @Test(.enabled(if: RealKafka.isInstalled, "needs ../shared/kafka and Java"))
    func `counts the same on Apache Kafka`() throws {
        let kafka = try RealKafka.shared()
        try withLine(bootstrapServers: kafka.bootstrapServers) { line, trace, folder in
            try line.startStages()
            let fleet = try line.replay(folder, speed: Self.speed)
            #expect(fleet.wait(within: .seconds(120)) == .exited(0))
            try expectComplete(line, trace)
        }
    }

    /// Every function's count is the trace's, stays it, and every function has a worker.
    private func expectComplete(_ line: Line, _ trace: SmallTrace) throws {
        try #expect(waitFor(60) { try line.folded() == trace.counts }, "\(line.said)")
        try #expect(waitFor(60) { try line.assigned() == Set(trace.counts.keys) }, "\(line.said)")
        // Nothing is counted twice later on, either.
        Thread.sleep(forTimeInterval: 2)
        #expect(try line.folded() == trace.counts)
    }

    /// What an operator does who does not like the encoder in force.
    private func expectRollBack(_ line: Line) throws {
        func newest() throws -> Int {
            try line.query { session in
                Int(
                    try session.execute("select coalesce(max(version), 0) from learner.models")[0][
                        0]
                        as Int32)
            }
        }
        try #expect(waitFor(30) { try newest() > 0 }, "\(line.said)")
        let before = try newest()
        let none = try line.start("learner", ["roll-back", "--model-version", "1000"])
        #expect(none.wait(within: .seconds(20)) == .exited(1))
        let rollBack = try line.start("learner", ["roll-back", "--model-version", "1"])
        #expect(rollBack.wait(within: .seconds(20)) == .exited(0), "\(rollBack.standardError)")
        try #expect(waitFor(30) { try newest() == before + 1 }, "\(line.said)")
        let goneBackTo: String = try line.query { session in
            try session.execute(
                "select metrics ->> 'rolled_back_to' from learner.models where version = $1",
                .int4(Int32(before + 1)))[0][0]
        }
        #expect(goneBackTo == "1")
        let trainings: Int64 = try line.query { session in
            try session.execute("select count(*) from dashboard.trainings where released")[0][0]
        }
        #expect(trainings > 0)
        let clusters: Int64 = try line.query { session in
            try session.execute(
                "select count(*) from learner.clusters where model_version = $1 "
                    + "and functions > 0 and success_prior is not null", .int4(Int32(before + 1))
            )[0][0]
        }
        #expect(clusters > 0)
    }

    private func withLine(
        bootstrapServers: String? = nil, _ body: (Line, SmallTrace, String) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let trace = try SmallTrace(seed: 7, in: folder)
            try ThrowawayPostgres.withProvisionedDatabase { url in
                func run(_ servers: String) throws {
                    let line = Line(bootstrapServers: servers, databaseURL: url)
                    defer { line.killAll() }
                    try body(line, trace, folder)
                }
                if let bootstrapServers {
                    try run(bootstrapServers)
                } else {
                    try EmbeddedBroker.withBroker(run)
                }
            }
        }
    }
}

extension Line {
    /// How many processes own partitions of a stage.
    func owners(of stage: String) throws -> Int {
        try query { session in
            Int(
                try session.execute(
                    "select count(distinct owner) from dashboard.\(stage)_checkpoints")[0][0]
                    as Int64)
        }
    }
}
