/// What this module bounds, and by how much.
enum Limits {
    /// Records handed out by one poll.
    static let batchRecordsMax = 10_000
    /// Records kept ready per partition; memory grows with partitions and record size.
    static let prefetchRecordsPerPartition = 10_000
    /// Kilobytes kept ready over all partitions, beside as many in the batch that is in work and what
    /// one more fetch brings. When they are full, librdkafka 2.0.2 stops fetching for a whole second:
    /// messages of 6 KB and more come at 64 MB a second at most, smaller ones never meet it.
    static let prefetchKilobytesMax = 65_536
    /// Bytes of one message, key and headers included; Kafka's own default.
    static let messageBytesMax = 1_000_000
    /// How long `Producer.send` waits for room before it gives up.
    static let sendWaitMs = 60_000
    /// Events and errors kept between two polls; the oldest are kept, later ones counted.
    static let eventsPendingMax = 1_000
    /// Headers of one message.
    static let headersMax = 32
    /// Topics that one client may name.
    static let topicsMax = 1_000
}
