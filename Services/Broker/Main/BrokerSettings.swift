internal import Brokerage
internal import Runtime
internal import Settings

enum BrokerSettings {
    static let dataDirectory = Setting<String>(
        "data.directory", "where topics, offsets and logs are kept")
    static let host = Setting(
        "host", default: "127.0.0.1",
        "the address to listen on; anything but loopback is open to whoever reaches it")
    static let port = Setting(
        "port", default: 19_092, in: 0...65_535, "the port to listen on; 0 takes a free one")
    static let advertisedHost = Setting(
        "advertised.host", default: "", "what clients are told to connect to; empty: the host")
    static let advertisedPort = Setting(
        "advertised.port", default: 0, in: 0...65_535, "likewise; 0: the port")
    static let addressFile = Setting(
        "address.file", default: "", "a file to write host:port to, once it listens")
    static let fsyncIntervalMs = Setting(
        "fsync.interval_ms", default: 1_000, in: 0...60_000,
        "what a crash of the machine may lose; 0 syncs before every acknowledgement")
    static let cleaningIntervalMs = Setting(
        "cleaning.interval_ms", default: 30_000, in: 100...86_400_000,
        "how often logs are looked through for what to delete or compact")
    static let segmentBytes = Setting(
        "segment.bytes", default: 64 << 20, in: 4_096...(1 << 30),
        "size of a log's files; only full ones are deleted or compacted")
    static let retentionBytes = Setting(
        "retention.bytes", default: -1, in: -1...Int.max,
        "of each partition of a topic that does not say itself; -1: no limit")
    static let connectionsMax = Setting(
        "connections.max", default: 1_024, in: 1...100_000, "clients at once")
    static let rebalanceDelayMs = Setting(
        "group.initial_rebalance_delay_ms", default: 100, in: 0...60_000,
        "how long a new group waits for more members")
    static let autoCreateTopics = Setting(
        "topics.auto_create", default: false, "whether asking for a topic creates it")

    static let all: [any AnySetting] = [
        dataDirectory, host, port, advertisedHost, advertisedPort, addressFile, fsyncIntervalMs,
        cleaningIntervalMs, segmentBytes, retentionBytes, connectionsMax, rebalanceDelayMs,
        autoCreateTopics, StageSettings.logLevel,
    ]

    static func configuration(_ settings: Settings) -> BrokerConfiguration {
        var made = BrokerConfiguration(dataFolder: settings[dataDirectory])
        made.host = settings[host]
        made.port = settings[port]
        if !settings[advertisedHost].isEmpty { made.advertisedHost = settings[advertisedHost] }
        if settings[advertisedPort] != 0 { made.advertisedPort = settings[advertisedPort] }
        made.fsyncIntervalMs = settings[fsyncIntervalMs]
        made.cleaningIntervalMs = settings[cleaningIntervalMs]
        made.segmentBytes = settings[segmentBytes]
        made.retentionBytes = Int64(settings[retentionBytes])
        made.connectionsMax = settings[connectionsMax]
        made.initialRebalanceDelayMs = settings[rebalanceDelayMs]
        made.autoCreateTopics = settings[autoCreateTopics]
        return made
    }
}
