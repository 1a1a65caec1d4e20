import Foundation
import Kafka
import Postgres
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: canRunStages, "needs PostgreSQL"))
struct `A partition` {
    @Test func `of a process that froze and woke is counted once and told in order`() throws {
        try withServers { broker, database in
            let source = try warm(broker, database)
            let frozen = try start(broker, database)
            #expect(database.comesTo(source.sent), "\(frozen.said)")
            frozen.process.freeze()
            // They lie in its sockets when it wakes: it processes them before it knows.
            try source.send(1_000)
            let heir = try start(broker, database)
            #expect(database.comesTo(source.sent), "\(heir.said)")
            frozen.process.resume()
            try source.send(1_000)
            // Both go on, each with partitions that it claimed anew.
            #expect(
                eventually(within: .seconds(15)) { database.owners().count == 2 },
                "\(frozen.said)\(heir.said)")
            #expect(database.comesTo(source.sent), "\(frozen.said)\(heir.said)")
            #expect(frozen.said.contains("partitions lost"), "\(frozen.said)")
            #expect(frozen.process.isRunning && heir.process.isRunning)
            #expect(try backwardEpochs(broker.bootstrapServers) == [])
        }
    }

    @Test func `is claimed anew where the group leaves it to a process that lost it`() throws {
        try withServers { broker, database in
            let source = try warm(broker, database)
            let stage = try start(broker, database)
            #expect(database.comesTo(source.sent), "\(stage.said)")
            try database.query { session in
                _ = try session.execute(
                    "update featurizer.checkpoints set epoch = epoch + 1, owner = 'other'")
            }
            try source.send(500)
            #expect(eventually(within: .seconds(10)) { stage.said.contains("partitions lost") })
            #expect(database.counted() == source.sent - 500)
            #expect(
                eventually(within: .seconds(20)) { !database.owners().contains("other") },
                "\(stage.said)")
            #expect(database.comesTo(source.sent), "\(stage.said)")
        }
    }

    @Test func `whose topic ends before its position goes on at the end, and says so`() throws {
        try withServers { broker, database in
            let source = try warm(broker, database)
            let first = try start(broker, database)
            #expect(database.comesTo(source.sent), "\(first.said)")
            #expect(first.stop() == .exited(0), "\(first.said)")
            try database.query { session in
                _ = try session.execute(
                    """
                    update featurizer.checkpoints set positions = '{"invocations": 1000000}'
                    """)
            }
            let stage = try start(broker, database)
            let says = eventually(within: .seconds(15)) {
                stage.said.matches(of: /position is behind the end/).count == 4
            }
            #expect(says, "\(stage.said)")
            try source.send(100)
            #expect(database.comesTo(source.sent), "\(stage.said)")
        }
    }

    @Test func `whose next message expired goes on with the oldest, and says so`() throws {
        try withServers(["--cleaning-interval-ms", "100"]) { broker, database in
            try createTopics(broker, ["retention.ms": "1", "segment.bytes": "1024"])
            let first = try start(broker, database)
            #expect(eventually { database.claims() == 4 }, "\(first.said)")
            #expect(first.stop() == .exited(0), "\(first.said)")
            try database.query { session in
                _ = try session.execute(
                    "update featurizer.checkpoints set positions = '{\"invocations\": 0}'")
            }
            try InvocationSource(broker.bootstrapServers).send(600)
            let left = try awaitExpiry(broker.bootstrapServers)
            let stage = try start(broker, database)
            let says = eventually(within: .seconds(15)) {
                stage.said.matches(of: /messages expired unread/).count == 4
            }
            #expect(says, "\(stage.said)")
            #expect(database.comesTo(left), "\(stage.said)")
            let metrics = try stage.get("/metrics")
            #expect(
                metrics.contains(
                    "messages_expired_total{topic=\"invocations\"} \(600 - left)\n"))
        }
    }

    /// - Returns: how many messages are left once all that can has expired in every partition.
    private func awaitExpiry(_ servers: String) throws -> Int {
        let consumer = try BatchConsumer(.init(bootstrapServers: servers))
        var left = 0
        let isOver = try eventually(within: .seconds(15)) {
            let marks = try (0..<4).map {
                try consumer.watermarks(of: TopicPartition("invocations", $0), timeoutMs: 5_000)
            }
            let before = left
            left = marks.reduce(0) { $0 + Int($1.high - $1.low) }
            usleep(300_000)
            return left == before && marks.allSatisfy { $0.low > 0 }
        }
        #expect(isOver)
        return left
    }

    /// Topics are there, and 200 invocations.
    private func warm(
        _ broker: EmbeddedBroker, _ database: StageDatabase
    ) throws -> InvocationSource {
        try createTopics(broker)
        let source = try InvocationSource(broker.bootstrapServers)
        try source.send(200)
        return source
    }

    private func createTopics(
        _ broker: EmbeddedBroker, _ configuration: [String: String] = [:]
    ) throws {
        let names =
            ["services", "workers", "invocations", "shapes", "representations"]
            + ["predictions", "assignments", "rejections"]
        try Admin(bootstrapServers: broker.bootstrapServers).createTopics(
            names.map { Admin.NewTopic($0, partitions: 4, configuration: configuration) },
            timeoutMs: 10_000)
    }

    private func start(_ broker: EmbeddedBroker, _ database: StageDatabase) throws -> RunningStage {
        try RunningStage(bootstrapServers: broker.bootstrapServers, databaseURL: database.url)
    }
}
