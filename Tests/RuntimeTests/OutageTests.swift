import Foundation
import Postgres
import TestSupport
import Testing

let canRunStages = ThrowawayPostgres.isInstalled && EmbeddedBroker.isBuilt

/// Real processes: what is promised is promised of them.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: canRunStages, "needs PostgreSQL"))
struct `A stage` {
    @Test func `counts every message once when Kafka is killed and comes back`() throws {
        try withServers { broker, database in
            let stage = try start(broker, database)
            try expectReady(stage)
            let source = try InvocationSource(broker.bootstrapServers)
            try source.send(500)
            #expect(database.comesTo(500), "\(stage.said)")
            broker.kill()
            let noticed = try eventually(within: .seconds(15)) {
                try stage.waitsFor?.contains("waiting for kafka") == true
            }
            #expect(noticed, "\(stage.said)")
            // Away for longer than one round of attempts.
            usleep(2_000_000)
            try broker.restart()
            try source.send(500)
            #expect(database.comesTo(1_000), "\(stage.said)")
            try expectReady(stage)
            #expect(stage.said.matches(of: /"waiting"/).count <= 2, "\(stage.said)")
            #expect(stage.stop() == .exited(0), "\(stage.said)")
        }
    }

    @Test func `counts every message once when PostgreSQL stops and comes back`() throws {
        try ThrowawayPostgres.withServer { server in
            let database = try StageDatabase(on: server)
            let broker = try EmbeddedBroker()
            defer { broker.kill() }
            let stage = try start(broker, database)
            try expectReady(stage)
            let source = try InvocationSource(broker.bootstrapServers)
            try source.send(500)
            #expect(database.comesTo(500), "\(stage.said)")
            server.crash()
            try source.send(500)
            let noticed = try eventually(within: .seconds(15)) {
                try stage.waitsFor?.contains("waiting for postgres") == true
            }
            #expect(noticed, "\(stage.said)")
            try server.start()
            #expect(database.comesTo(1_000), "\(stage.said)")
            try expectReady(stage)
            #expect(stage.said.matches(of: /"waiting"/).count == 1, "\(stage.said)")
        }
    }

    @Test func `stops in time while PostgreSQL is away, and then goes on exactly`() throws {
        try ThrowawayPostgres.withServer { server in
            let database = try StageDatabase(on: server)
            let broker = try EmbeddedBroker()
            defer { broker.kill() }
            let stage = try start(broker, database)
            try expectReady(stage)
            let source = try InvocationSource(broker.bootstrapServers)
            try source.send(300)
            #expect(database.comesTo(300), "\(stage.said)")
            server.stop()
            try source.send(300)
            _ = try eventually(within: .seconds(15)) { try stage.waitsFor != nil }
            #expect(stage.stop() == .exited(0), "\(stage.said)")
            // And when it was not there from the start.
            let early = try start(broker, database)
            _ = try eventually(within: .seconds(15)) {
                try early.waitsFor?.contains("postgres: ") == true
            }
            #expect(early.stop() == .exited(0), "\(early.said)")
            try server.start()
            let next = try start(broker, database)
            #expect(database.comesTo(600), "\(next.said)")
        }
    }

    /// Killed: nobody answers the address. Frozen: connections are made and nothing comes back.
    @Test(arguments: [false, true])
    func `stops in time while Kafka is away`(frozen: Bool) throws {
        try withServers { broker, database in
            let stage = try start(broker, database)
            try expectReady(stage)
            let source = try InvocationSource(broker.bootstrapServers)
            try source.send(300)
            #expect(database.comesTo(300), "\(stage.said)")
            if frozen { broker.child.freeze() } else { broker.kill() }
            usleep(500_000)
            #expect(stage.stop() == .exited(0), "\(stage.said)")
            let early = try start(broker, database)
            _ = try eventually(within: .seconds(15)) {
                try early.waitsFor?.contains("kafka: ") == true
            }
            #expect(early.stop() == .exited(0), "\(early.said)")
        }
    }

    @Test func `stops in time while PostgreSQL takes connections and says nothing`() throws {
        // A frozen broker is as silent as a frozen PostgreSQL.
        let silent = try EmbeddedBroker()
        defer { silent.kill() }
        silent.child.freeze()
        let broker = try EmbeddedBroker()
        defer { broker.kill() }
        let stage = try RunningStage(
            bootstrapServers: broker.bootstrapServers,
            databaseURL: "postgresql://postgres@\(silent.bootstrapServers)/postgres")
        let waits = try eventually(within: .seconds(15)) {
            try stage.waitsFor?.contains("postgres: ") == true
        }
        #expect(waits, "\(stage.said)")
        #expect(stage.stop() == .exited(0), "\(stage.said)")
    }

    @Test func `waits for a lock that a frozen process holds, and stops in time`() throws {
        try withServers { broker, database in
            let first = try start(broker, database)
            try expectReady(first)
            #expect(eventually { database.claims() == 4 }, "\(first.said)")
            #expect(first.stop() == .exited(0))
            try database.query { session in
                try session.transaction { session in
                    try session.execute("select 1 from featurizer.checkpoints for update")
                    let stage = try start(broker, database)
                    let waits = try eventually(within: .seconds(15)) {
                        try stage.waitsFor?.contains("55P03") == true
                    }
                    #expect(waits, "\(stage.said)")
                    #expect(stage.stop() == .exited(0), "\(stage.said)")
                }
            }
        }
    }

    @Test func `serves health, readiness and metrics`() throws {
        try withServers { broker, database in
            let stage = try start(broker, database)
            try expectReady(stage)
            #expect(try stage.get("/health").contains(#""live":true"#))
            try InvocationSource(broker.bootstrapServers).send(100)
            #expect(database.comesTo(100), "\(stage.said)")
            let metrics = try stage.get("/metrics")
            #expect(metrics.contains("\nmessages_read_total 100\n"), "\(metrics)")
            #expect(metrics.contains("\npartitions_owned 4\n"), "\(metrics)")
            guard FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool") else { return }
            // Without the head, which ends with an empty line.
            let complaints = try stage.get(
                "/metrics", then: "sed '1,/^\\r$/d' | promtool check metrics 2>&1")
            #expect(complaints == "")
        }
    }

    private func start(_ broker: EmbeddedBroker, _ database: StageDatabase) throws -> RunningStage {
        try RunningStage(bootstrapServers: broker.bootstrapServers, databaseURL: database.url)
    }

    private func expectReady(_ stage: RunningStage) throws {
        try #expect(eventually(within: .seconds(15)) { try stage.isReady }, "\(stage.said)")
    }
}
