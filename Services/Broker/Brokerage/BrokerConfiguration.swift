/// What a broker is started with.
public struct BrokerConfiguration: Sendable {
    public var dataFolder: String
    /// The address to listen on; anything but loopback is open to whoever reaches it.
    public var host = "127.0.0.1"
    /// 0 lets the system choose; `Broker.port` tells.
    public var port = 9_092
    /// What clients are told to connect to, when it is not `host` and `port`.
    public var advertisedHost: String?
    public var advertisedPort: Int?
    public var connectionsMax = 1_024

    /// How much a machine's crash may lose; 0 flushes before every acknowledgement.
    public var fsyncIntervalMs = 1_000
    /// How often logs are looked through for what to delete or compact.
    public var cleaningIntervalMs = 30_000
    /// A new group waits so long for more members before its first generation.
    public var initialRebalanceDelayMs = 100

    /// Whether asking for a topic, or producing to it, creates it.
    public var autoCreateTopics = false
    public var partitionsDefault = 16
    /// As Kafka's `message.max.bytes`; a topic may set its own.
    public var messageBytesMax = 1_048_588
    public var segmentBytes = 64 << 20
    public var retentionMs: Int64 = 7 * 86_400_000
    public var retentionBytes: Int64 = -1

    public init(dataFolder: String) { self.dataFolder = dataFolder }
}
