/// What this module bounds, and by how much.
enum Limits {
    /// Records handed out by one poll.
    static let batchRecordsMax = 10_000
    /// Records kept ready, over all partitions, beside what one more fetch brings.
    static let prefetchRecords = 50_000
    /// And with so many, or so many kilobytes of them, librdkafka stops fetching for a second.
    static let prefetchRecordsMax = 150_000
    static let prefetchKilobytesMax = 65_536
    /// Bytes that one fetch brings of a partition, compressed; a larger message comes all the same.
    static let fetchBytesPerPartition = 131_072
    /// How long the thread that reads from a broker waits for room.
    static let gateMs = 1_000
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
