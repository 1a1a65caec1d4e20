public import Postgres
public import Processing
public import Settings
internal import Telemetry
public import Topics

/// Runs what an operator does to a stage now and then: it asks the stage's tables, publishes what
/// follows, and ends. The stage itself may run meanwhile; it hears of it by topic, as of anything.
///
/// - Parameters:
///   - command: the word after the stage's name.
///   - messages: asked until PostgreSQL answers.
/// - Returns: never; with status 0 when everything is written.
public func runCommand(
    _ command: String, of stage: String, summary: String, settings own: [any AnySetting] = [],
    messages: (Settings, inout Session) throws -> [any TopicMessage]
) -> Never {
    let declared = Command(
        name: "\(stage) \(command)", summary: summary, settings: StageSettings.all + own,
        families: [StageSettings.kafka])
    Program.run(declared, arguments: Array(CommandLine.arguments.dropFirst(2))) { program in
        let settings = program.settings
        let postgres = Dependency(Dependency.postgres, log: program.log, health: program.health)
        let kafka = Dependency(Dependency.kafka, log: program.log, health: program.health)
        let role = settings[StageSettings.databaseRole]
        let database = Database(
            target: settings.databaseTarget,
            role: role == "(stage)" ? stage : (role.isEmpty ? nil : role), schema: stage,
            application: "\(stage) \(command)", stop: program.stop, dependency: postgres)
        let found = try database.perform { session in try messages(settings, &session) }
        guard let found, let keyed = try prepareTopics(settings, program, []) else {
            throw Stopped()
        }
        let publisher = try Publisher(
            settings.cluster, keyed: keyed, stop: program.stop, log: program.log, kafka: kafka,
            metrics: program.metrics)
        // Apart from the partitions' writers, whose epochs it does not know.
        let outgoing = found.map {
            Outgoing(message: $0, writer: "\(stage)/\(command)", epoch: Clock.wallMs / 1_000)
        }
        while true {
            switch try publisher.publish(outgoing) {
            case .written: return
            // All of it again: they are whole values.
            case .failed: continue
            case .stopped: throw Stopped()
            }
        }
    }
}

/// Runs what an operator asks a stage's tables: it prints the answer, changes nothing, and ends.
///
/// - Parameters:
///   - command: the word after the stage's name.
///   - answer: asked until PostgreSQL answers.
/// - Returns: never; with status 0 when there was an answer.
public func runInquiry(
    _ command: String, of stage: String, summary: String, positional: [Positional],
    settings own: [any AnySetting], answer: (Settings, inout Session) throws -> String
) -> Never {
    let declared = Command(
        name: "\(stage) \(command)", summary: summary, positional: positional,
        settings: StageSettings.all + own, families: [StageSettings.kafka])
    Program.run(declared, arguments: Array(CommandLine.arguments.dropFirst(2))) { program in
        let settings = program.settings
        let postgres = Dependency(Dependency.postgres, log: program.log, health: program.health)
        let role = settings[StageSettings.databaseRole]
        let database = Database(
            target: settings.databaseTarget,
            role: role == "(stage)" ? stage : (role.isEmpty ? nil : role), schema: stage,
            application: "\(stage) \(command)", stop: program.stop, dependency: postgres)
        guard let text = try database.perform({ session in try answer(settings, &session) }) else {
            throw Stopped()
        }
        print(text)
    }
}

/// A stage as its partition's last checkpoint has it, without claiming the partition.
///
/// - Throws: when the entries are not of this stage.
public func restored<Run: Stage>(
    _ stage: Run, partition: Int32, _ session: inout Session
) throws -> Run {
    var stage = stage
    for row in try session.execute(
        "select key, value from state where partition = $1 order by key", .int4(partition))
    {
        try stage.restore(StateEntry(key: row[0], value: row[1] as [UInt8]))
    }
    try stage.completeRestore()
    return stage
}

private struct Stopped: Error, CustomStringConvertible {
    let description = "stopped before it was done: PostgreSQL or Kafka did not answer"
}
