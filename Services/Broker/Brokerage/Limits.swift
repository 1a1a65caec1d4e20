/// What the broker refuses to exceed: memory, time and files that a client could ask for.
enum Limits {
    // Wire.
    /// As Kafka's `socket.request.max.bytes`.
    static let requestBytes = 104_857_600
    static let arrayElements = 100_000
    /// A connection keeps a request buffer up to this size between requests.
    static let retainedRequestBytes = 4 << 20
    static let fetchResponseBytes = 64 << 20
    static let fetchWaitMs: Int32 = 60_000
    /// As Kafka's `connections.max.idle.ms`.
    static let connectionIdleSeconds = 600
    static let connectionBacklog: Int32 = 256
    static let threadStackBytes = 512 << 10

    // Topics.
    static let topicNameBytes = 249
    static let topics = 2_000
    static let partitionsPerTopic = 1_024
    static let partitions = 8_192
    static let segmentBytes: ClosedRange<Int64> = 1_024...(1 << 30)
    static let messageBytesMax: Int64 = 64 << 20

    // Logs.
    static let indexIntervalBytes = 32 << 10
    /// Batches at the end of a segment whose places are known one by one.
    static let recentBatches = 128
    /// What is read at once of a segment that is checked at start.
    static let recoveryWindowBytes = 1 << 20
    static let headerWindowBytes = 16 << 10
    static let producersPerPartition = 10_000
    static let producerIdleMs: Int64 = 86_400_000
    /// An idempotent producer has at most 5 requests in flight (KIP-98).
    static let batchesRemembered = 5
    static let decompressedBytes = 256 << 20
    static let compactionKeyBytes = 256 << 20
    /// A smaller active segment is not closed at start only to be compacted.
    static let compactionBytesMin = 1 << 20
    static let journalBytesBeforeRewrite = 1 << 20
    static let journalEntryBytes = 16 << 20

    // Coordinators.
    static let groups = 10_000
    /// As often as Kafka looks for groups without members (`offsets.retention.check.interval.ms`).
    static let emptyGroupMs: Int64 = 600_000
    static let membersPerGroup = 1_000
    static let memberMetadataBytes = 1 << 20
    static let sessionTimeoutMs: ClosedRange<Int32> = 100...1_800_000
    static let rebalanceTimeoutMs: ClosedRange<Int32> = 1...86_400_000
    static let offsetMetadataBytes = 4_096
    static let committedOffsets = 1_000_000
    static let transactions = 10_000
    static let transactionPartitions = 10_000
    /// A decided transaction that the disk did not take is tried again so much later.
    static let transactionRetryMs: Int64 = 1_000
    static let transactionTimeoutMs: ClosedRange<Int32> = 1...900_000
    /// Producer ids are reserved on disk so many at a time; a restart skips the rest of a block.
    static let producerIDBlock: Int64 = 1_000
    static let stopSeconds: Int64 = 10
}
