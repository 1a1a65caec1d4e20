internal import Runtime
internal import Settings
internal import Topics
internal import Translation

enum BridgeSettings {
    enum Form: String, CaseIterable, SettingValue {
        case openwhisk, lambda
        case otlpJSON = "otlp_json"

        var platform: PlatformForm {
            switch self {
            case .openwhisk: .openWhisk
            case .lambda: .lambda
            case .otlpJSON: .otlpJSON
            }
        }
    }

    static let form = Setting(
        "bridge.form", default: Form.openwhisk,
        "what is read: OpenWhisk's user events, AWS Lambda's platform.report telemetry, or "
            + "OpenTelemetry spans as the Collector's Kafka exporter writes them")
    static let topic = Setting("bridge.topic", default: "events", "where it is read")
    static let group = Setting(
        "bridge.group", default: "bridge", "the consumer group; another form needs another")
    static let instance = Setting(
        "bridge.instance", default: "",
        "a name that this process keeps over restarts, and no other of the group has: a killed one "
            + "then goes on at once; empty: each start is a new member")
    static let transactionIntervalMs = Setting(
        "bridge.transaction.interval_ms", default: 200, in: 10...2_000,
        "how long a transaction is open, and an event at most invisible")
    static let transactionRecordsMax = Setting(
        "bridge.transaction.records_max", default: 100_000, in: 1...200_000,
        "invocations of one transaction; with more it ends early")
    static let memoryMb = Setting(
        "bridge.memory_mb", default: 0, in: 0...16_777_216,
        "what a span counts as allotted that does not say (faas.max_memory); 0: it is rejected")

    static let own: [any AnySetting] = [
        form, topic, group, instance, transactionIntervalMs, transactionRecordsMax, memoryMb,
    ]

    static let command = Command(
        name: "bridge",
        summary: "reads another platform's events and writes invocations, each once",
        settings: own + [
            StageSettings.bootstrapServers, StageSettings.partitions, StageSettings.replication,
            StageSettings.operationsAddress, StageSettings.operationsPort, StageSettings.logLevel,
        ], families: [StageSettings.kafka])
}

/// A setting that makes no sense beside the topics.
struct OwnTopic: Error, CustomStringConvertible {
    let topic: String

    var description: String {
        "bridge.topic is \(topic), which is Antiphase's own: name the other platform's"
    }

    static func check(_ topic: String) throws(OwnTopic) {
        if Topic.all.contains(where: { $0.name == topic }) { throw OwnTopic(topic: topic) }
    }
}
