/// What this module bounds, and by how much.
enum Limits {
    /// Records handed out by one poll.
    static let batchRecordsMax = 10_000
    /// Records kept ready, over all partitions. When there are so many, or so many kilobytes of them,
    /// librdkafka 2.0.2 stops fetching for a whole second: they have to last for that long.
    static let prefetchRecords = 1_000_000
    /// Beside as many in the batch that is in work and what one more fetch brings. Messages that all
    /// are large come at that many a second at most.
    static let prefetchKilobytesMax = 196_608
    /// Bytes that one fetch brings of a partition, compressed; a larger message comes all the same.
    static let fetchBytesPerPartition = 262_144
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
