import Foundation
import Kafka
import Postgres
import TestSupport
import Testing

/// A process that lost its partitions while it was frozen, caught at the two moments at which it
/// could do harm when it wakes.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: canRunStages, "needs PostgreSQL"))
struct `A process that froze and woke` {
    /// Within its checkpoint: what it would commit is of an epoch that is over.
    @Test func `is refused its checkpoint by PostgreSQL`() throws {
        try withServers { broker, database in
            let source = try InvocationSource(broker.bootstrapServers)
            let frozen = try start(broker, database)
            #expect(eventually { database.claims() == 4 }, "\(frozen.said)")
            try source.send(200)
            #expect(database.comesTo(source.sent), "\(frozen.said)")
            // Nobody can write the stage's rows, so that it stays in its transaction and retries.
            try database.query { session in
                try session.transaction { session in
                    try session.run(script: "lock table featurizer.functions in exclusive mode")
                    try source.send(1_000)
                    let waits = try eventually(within: .seconds(15)) {
                        try frozen.waitsFor?.contains("55P03") == true
                    }
                    #expect(waits, "\(frozen.said)")
                    frozen.process.freeze()
                }
            }
            #expect(database.counted() == source.sent - 1_000)
            let heir = try start(broker, database)
            #expect(database.comesTo(source.sent), "\(heir.said)")
            // Nobody else is to keep anything meanwhile.
            heir.process.freeze()
            let kept = try database.everythingKept()
            frozen.process.resume()
            let isRefused = eventually(within: .seconds(15)) {
                frozen.said.contains("checkpoint refused")
            }
            #expect(isRefused, "\(frozen.said)")
            // Whole: no row, no position, no state of it was taken.
            #expect(try database.everythingKept() == kept)
            heir.process.resume()
            try source.send(500)
            #expect(database.comesTo(source.sent), "\(frozen.said)\(heir.said)")
            #expect(frozen.process.isRunning && heir.process.isRunning)
        }
    }

    /// With messages under way: they arrive behind those of the heir, with an epoch that is over.
    @Test func `is not listened to by readers of what it says`() throws {
        try withServers { broker, database in
            let source = try InvocationSource(broker.bootstrapServers)
            let frozen = try start(broker, database)
            #expect(eventually { database.claims() == 4 }, "\(frozen.said)")
            try source.send(400)
            #expect(database.comesTo(source.sent), "\(frozen.said)")
            // Once it waits for its checkpoint, librdkafka reads ahead; when Kafka is gone it
            // processes what was read, and cannot say so before it freezes.
            try database.query { session in
                try session.transaction { session in
                    try session.run(script: "lock table featurizer.functions in exclusive mode")
                    try source.send(10)
                    let waits = try eventually(within: .seconds(15)) {
                        try frozen.waitsFor?.contains("55P03") == true
                    }
                    #expect(waits, "\(frozen.said)")
                    // For 2 s after the checkpoint began processing goes on.
                    usleep(3_000_000)
                    try source.send(4_000)
                    // Nobody tells how much was read ahead: a fetch waits 0.5 s at most.
                    usleep(1_500_000)
                    broker.kill()
                }
            }
            let waits = try eventually(within: .seconds(15)) {
                try frozen.waitsFor?.contains("messages under way") == true
            }
            #expect(waits, "\(frozen.said)")
            frozen.process.freeze()
            try broker.restart()
            let heir = try start(broker, database)
            #expect(database.comesTo(source.sent), "\(heir.said)")
            // After the broker's end: who loses its partitions reads on from its checkpoint, and
            // would count what is late twice.
            let reader = try RunningStage(
                bootstrapServers: broker.bootstrapServers, databaseURL: database.url,
                program: "predictor")
            let listens = eventually(within: .seconds(15)) {
                (try? reader.process.metric("partitions_owned")) == 4
            }
            #expect(listens, "\(reader.said)")
            frozen.process.resume()
            let loses = eventually(within: .seconds(20)) { frozen.said.contains("partitions lost") }
            #expect(loses, "\(frozen.said)")
            // They are on the topic behind higher epochs of the same writers, and each of them was
            // passed over by the stage that reads it; both are still growing when looked at first.
            var late: [String] = []
            let isIgnored = try eventually(within: .seconds(30)) {
                late = try backwardEpochs(broker.bootstrapServers)
                return try !late.isEmpty
                    && reader.process.metric(#"messages_stale_total{topic="shapes"}"#)
                        == Double(late.count)
            }
            let figures = try reader.get("/metrics")
            #expect(isIgnored, "\(late.count) late\n\(figures)\n\(reader.said)")
            #expect(database.comesTo(source.sent), "\(frozen.said)\(heir.said)")
        }
    }

    private func start(_ broker: EmbeddedBroker, _ database: StageDatabase) throws -> RunningStage {
        try RunningStage(bootstrapServers: broker.bootstrapServers, databaseURL: database.url)
    }
}

extension StageDatabase {
    /// Every row that a checkpoint of the featurizer writes, but for when it was written.
    fileprivate func everythingKept() throws -> [String] {
        try query { session in
            try ["functions", "state", "checkpoints", "function_numbers", "slots"].flatMap {
                table in
                try session.execute(
                    """
                    select (to_jsonb(t) - 'checkpointed_at' - 'lag_messages')::text as row
                    from featurizer.\(table) t order by row
                    """
                ).map { "\(table) \($0[0] as String)" }
            }
        }
    }
}

/// Messages on `shapes` that a writer said after a later owner of its partition had spoken.
func backwardEpochs(_ servers: String) throws -> [String] {
    let consumer = try BatchConsumer(.init(bootstrapServers: servers))
    let ends = try consumer.endOffsets(of: "shapes", timeoutMs: 10_000).reduce(0, +)
    try consumer.assignAll(of: ["shapes"], from: .beginning, timeoutMs: 10_000)
    var newest: [String: Int64] = [:]
    var offences: [String] = []
    var seen: Int64 = 0
    _ = try eventually(within: .seconds(10)) {
        try consumer.withBatch(timeoutMs: 100) { batch in
            for record in batch {
                seen += 1
                let writer = String(decoding: record.header("writer") ?? [], as: UTF8.self)
                let epoch = Int64(String(decoding: record.header("epoch") ?? [], as: UTF8.self))
                if let epoch, epoch < newest[writer, default: 0] {
                    offences.append("\(writer) says \(epoch) at \(record.offset)")
                }
                newest[writer] = max(newest[writer, default: 0], epoch ?? 0)
            }
        }
        return seen >= ends
    }
    #expect(seen > 0)
    return offences
}
