internal import Foundation
internal import Kafka
public import Postgres
public import Processing
public import Settings
internal import Telemetry
public import Topics

/// Work of a stage that is not a step from a message to its effects: training a model, say.
///
/// It runs beside the stream, in the process that owns partition 0, and so in one process only. A
/// stop does not wait for it.
public struct Housekeeping {
    let everyMs: Int64
    let run: (inout Session) throws -> [any TopicMessage]

    /// - Parameter run: returns messages to publish; it may be repeated when PostgreSQL was away.
    public init(everyMs: Int64, run: @escaping (inout Session) throws -> [any TopicMessage]) {
        self.everyMs = everyMs
        self.run = run
    }
}

/// Runs a stage as a process until SIGTERM.
///
/// - Parameters:
///   - name: the stage's, which is that of its schema, its role and its consumer group, too.
///   - migrations: of the stage's own tables.
///   - settings: of the stage alone.
///   - make: an empty partition.
///   - write: table rows, inside the transaction of a checkpoint.
public func runStage<Run: Stage>(
    _ stage: Run.Type, named name: String, summary: String, settings own: [any AnySetting] = [],
    migrations: [Migration], make: (Settings, Int32) -> Run,
    write: @escaping @Sendable ([Run.Row], inout Session) throws -> Void,
    housekeeping: ((Settings) -> Housekeeping)? = nil
) -> Never {
    let command = Command(
        name: name, summary: summary, settings: StageSettings.all + own,
        families: [StageSettings.kafka])
    Program.run(
        command, waitingFor: [Dependency.postgres, Dependency.kafka], stopLimitMs: Limits.stopMs
    ) { program in
        try program.serveOperations {
            try run(stage, name, migrations, program, make, write, housekeeping)
        }
    }
}

private func run<Run: Stage>(
    _ stage: Run.Type, _ name: String, _ migrations: [Migration], _ program: Program,
    _ make: (Settings, Int32) -> Run,
    _ write: @escaping @Sendable ([Run.Row], inout Session) throws -> Void,
    _ housekeeping: ((Settings) -> Housekeeping)?
) throws {
    let settings = program.settings
    let cluster = settings.cluster
    let role = settings[StageSettings.databaseRole]
    let owner = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"
    let postgres = Dependency(Dependency.postgres, log: program.log, health: program.health)
    let kafka = Dependency(Dependency.kafka, log: program.log, health: program.health)
    // One for each thread that talks to it.
    func database() -> Database {
        Database(
            target: settings.databaseTarget,
            role: role == "(stage)" ? name : (role.isEmpty ? nil : role),
            schema: name, application: name, stop: program.stop, dependency: postgres)
    }
    let own = database()
    guard let keyed = try prepareTopics(settings, program, Run.inputs + Run.broadcasts) else {
        return
    }
    let prepared: Void? = try own.perform { session in
        try Migrations(schema: name, set: "runtime", runtimeMigrations).apply(to: &session)
        try Migrations(schema: name, set: name, migrations).apply(to: &session)
    }
    guard prepared != nil else { return }
    guard
        let broadcasts = try Broadcasts.caughtUp(
            Run.broadcasts, cluster, kafka: kafka, stop: program.stop)
    else { return }

    var options = BatchConsumer.Options(cluster, group: name)
    // A position that the log does not hold is ours to decide.
    options.settings["auto.offset.reset"] = "error"
    options.batchRecordsMax = settings[StageSettings.batchRecordsMax]
    let consumer = try BatchConsumer(options)
    let publisher = try Publisher(
        cluster, keyed: keyed, stop: program.stop, log: program.log,
        kafka: kafka, metrics: program.metrics)
    let store = CheckpointStore<Run>(owner: owner, writeRows: write)
    try withoutActuallyEscaping(make) { make in
        let loop = StageLoop<Run>(
            StageLoop.Parts(
                name: name, cluster: cluster, make: { make(settings, $0) },
                store: store, writer: CheckpointWriter(store, database()),
                housekeeping: housekeeping.map { HousekeepingThread($0(settings), database()) },
                checkpointIntervalMs: Int64(settings[StageSettings.checkpointIntervalMs]),
                checkpointRowsMax: settings[StageSettings.checkpointRowsMax],
                database: own, publisher: publisher, broadcasts: broadcasts,
                consumer: consumer, kafka: kafka, stop: program.stop, log: program.log,
                metrics: StageMetrics(program.metrics)))
        try loop.run()
    }
}

let runtimeMigrations = [
    Migration(file: "0001-checkpoints.sql", PackageResources._001_checkpoints_sql),
    Migration(file: "0002-epochs.sql", PackageResources._002_epochs_sql),
    Migration(file: "0003-checkpoint-order.sql", PackageResources._003_checkpoint_order_sql),
    Migration(file: "0004-state-storage.sql", PackageResources._004_state_storage_sql),
]
