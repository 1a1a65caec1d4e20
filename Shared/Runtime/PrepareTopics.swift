internal import Kafka
public import Settings
internal import Telemetry
public import Topics

/// Creates the topics that are missing, waiting while Kafka is away.
///
/// Where this process may not create topics it takes what is there, and waits, saying so, while one
/// that it reads is not.
/// - Parameter used: what it cannot begin without.
/// - Returns: how many partitions the keyed topics have; nil when a stop came first.
/// - Throws: when keyed topics differ in their number of partitions, for then a service would not
///   have one partition number everywhere.
public func prepareTopics(
    _ settings: Settings, _ program: Program, _ used: [Topic]
) throws -> Int32? {
    let cluster = settings.cluster
    let partitions = Int32(settings[StageSettings.partitions])
    let replication = settings[StageSettings.replication]
    let kafka = Dependency(Dependency.kafka, log: program.log, health: program.health)
    if let warning = ClientProperties.warning(of: cluster.settings) {
        program.log.warning("SCRAM", [.reason: .string(warning)])
    }
    var backoff = Backoff()
    while !program.stop.isRequested {
        let admin = try Admin(cluster)
        do {
            let existing = try admin.partitionCounts(timeoutMs: Limits.askMs)
            let missing = Topic.all.filter { existing[$0.name] == nil }
            let keyed = try keyedPartitions(existing, otherwise: partitions)
            let created = try admin.createTopics(
                missing.map { topic(for: $0, keyed: keyed, replication: replication) },
                mayBeRefused: true, timeoutMs: Limits.createTopicsMs)
            if !created.isEmpty {
                program.log.info("topics created", [.count: .integer(created.count)])
            }
            let counts = try admin.partitionCounts(timeoutMs: Limits.askMs)
            let absent = used.map(\.name).filter { counts[$0] == nil }
            guard absent.isEmpty else {
                kafka.isAway(
                    "topics \(absent.joined(separator: ", ")) are not there for this client, "
                        + "which may not create them: compose/kafka/topics.sh makes topics, "
                        + "compose/kafka/acls.sh lets stages read them")
                backoff.wait(program.stop)
                continue
            }
            kafka.isBack()
            return try keyedPartitions(counts, otherwise: partitions)
        } catch let error as KafkaError where error.code != .invalidArgument {
            // That the time is out is what it comes to; the connection knows why.
            let reason = admin.takeErrors().first ?? error
            kafka.isAway("at \(cluster.bootstrapServers): \(reason)")
            backoff.wait(program.stop)
        }
    }
    return nil
}

/// Keyed topics that do not share one number of partitions.
public struct UnevenTopics: Error, Equatable, CustomStringConvertible {
    public let counts: [String: Int]

    public var description: String {
        let list = counts.sorted { $0.key < $1.key }.map { "\($0.key) has \($0.value)" }
        return "keyed topics must have one number of partitions: \(list.joined(separator: ", "))"
    }
}

private func keyedPartitions(
    _ existing: [String: Int], otherwise partitions: Int32
) throws(UnevenTopics) -> Int32 {
    let keyed = Topic.all.filter { $0.placement != .single }.map(\.name)
    let counts = existing.filter { keyed.contains($0.key) }
    guard let one = counts.values.first else { return partitions }
    guard counts.values.allSatisfy({ $0 == one }) else { throw UnevenTopics(counts: counts) }
    return Int32(one)
}

private func topic(for topic: Topic, keyed: Int32, replication: Int) -> Admin.NewTopic {
    var configuration = [
        "cleanup.policy": topic.cleanup.rawValue,
        "max.message.bytes": "\(Topic.messageBytesMax)",
    ]
    if topic.cleanup != .compact { configuration["retention.ms"] = "\(topic.retentionMs)" }
    return Admin.NewTopic(
        topic.name, partitions: Int(topic.partitions(keyed: keyed)),
        replication: replication > 0 ? replication : nil, configuration: configuration)
}
