public import Settings
internal import Topics

/// Settings that every process of the line has.
public enum StageSettings {
    public static let bootstrapServers = Setting(
        "kafka.bootstrap.servers", default: "127.0.0.1:19092",
        "Kafka's addresses, host:port, separated by commas")
    public static let partitions = Setting(
        "topics.partitions", default: Int(Topic.defaultPartitions), in: 1...1_024,
        "partitions of the keyed topics, where this process creates them")
    public static let replication = Setting(
        "topics.replication", default: -1, in: -1...7,
        "replicas of the topics, where this process creates them; -1: the broker's default")
    public static let databaseURL = Setting(
        "database.url", default: "", isSecret: true,
        "PostgreSQL, as libpq writes it, TLS included; empty: libpq's own variables")
    public static let databaseRole = Setting(
        "database.role", default: "(stage)",
        "the role to act as; (stage): the stage's own; empty: the one that connects")
    public static let checkpointIntervalMs = Setting(
        "checkpoint.interval_ms", default: 2_000, in: 100...600_000,
        "how often state, tables and positions are kept in PostgreSQL")
    public static let checkpointRowsMax = Setting(
        "checkpoint.rows_max", default: 200_000, in: 100...10_000_000,
        "table rows that wait for a checkpoint at most; with more it comes early")
    public static let batchRecordsMax = Setting(
        "batch.records_max", default: 2_000, in: 1...10_000,
        "messages that are processed between two publications at most")
    public static let operationsAddress = Setting(
        "operations.address", default: "127.0.0.1",
        "where /health, /ready and /metrics are served")
    public static let operationsPort = Setting(
        "operations.port", default: 0, in: 0...65_535,
        "their port; 0 takes a free one, which the log names")
    public static let logLevel = Setting(
        "log.level", default: LogLevel.info, "the least level that is written")

    public enum LogLevel: String, CaseIterable, SettingValue { case debug, info, warning, error }

    public static let all: [any AnySetting] =
        [bootstrapServers, partitions, replication] + database + [
            databaseRole, checkpointIntervalMs, checkpointRowsMax, batchRecordsMax,
            operationsAddress, operationsPort, logLevel,
        ]
}
