internal import Kafka
internal import Runtime
internal import Settings
internal import Telemetry
internal import Topics
internal import Workload

/// Where a fleet's executions are written, and how.
struct EventForm {
    enum Name: String, CaseIterable, SettingValue { case invocations, openwhisk }

    let name: Name
    let topic: String
    let partitions: Int32

    /// The member of an event that says which one it is.
    var idMember: String { name == .invocations ? "invocation" : "activationId" }

    private static let askMs = 5_000
    private static let retryMs = 500

    /// Makes the topic where it is missing and not one of ours.
    ///
    /// - Returns: nil when a stop came first.
    static func prepare(_ program: Program, keyed: Int32) throws -> EventForm? {
        // What is run is written as our own stages read it.
        let name =
            program.command == FleetSettings.run.name
            ? .invocations : program.settings[FleetSettings.form]
        guard name == .openwhisk else {
            return EventForm(name: name, topic: Topic.invocations.name, partitions: keyed)
        }
        let topic = program.settings[FleetSettings.eventsTopic]
        if Topic.all.contains(where: { $0.name == topic }) { throw OwnTopic(topic: topic) }
        while !program.stop.isRequested {
            do throws(KafkaError) {
                let admin = try Admin(program.settings.cluster)
                try admin.createTopics(
                    [.init(topic, partitions: Int(keyed))], mayBeRefused: true, timeoutMs: askMs)
                if let count = try admin.partitionCounts(timeoutMs: askMs)[topic] {
                    program.health.isReady("kafka")
                    return EventForm(name: name, topic: topic, partitions: Int32(count))
                }
                program.health.waits(for: "kafka", "waiting for kafka: topic \(topic) is not there")
            } catch {
                guard error.kind == .retriable else { throw error }
                program.health.waits(for: "kafka", "waiting for kafka: \(error)")
            }
            program.stop.sleep(ms: retryMs)
        }
        return nil
    }

    struct OwnTopic: Error, CustomStringConvertible {
        let topic: String
        var description: String {
            "events.topic is \(topic), which is Antiphase's own: events of OpenWhisk need another"
        }
    }
}

/// Writes executions in one form or the other.
enum EventWriter {
    case invocations(InvocationWriter)
    case openWhisk(OpenWhiskWriter)

    init(_ name: EventForm.Name, run: String) {
        switch name {
        case .invocations: self = .invocations(InvocationWriter(run: run))
        case .openwhisk: self = .openWhisk(OpenWhiskWriter(run: run))
        }
    }

    mutating func write(
        _ execution: Execution, of profile: FunctionProfile, worker: String?,
        to bytes: inout [UInt8]
    ) {
        switch self {
        case .invocations(let writer):
            writer.write(execution, of: profile, worker: worker, to: &bytes)
        case .openWhisk(var writer):
            writer.write(execution, of: profile, to: &bytes)
            self = .openWhisk(writer)
        }
    }
}
