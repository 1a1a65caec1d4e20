/// Something an operator may want to know, told to the closure that the broker was made with.
public enum BrokerEvent: Sendable, Equatable {
    case started(host: String, port: Int, fsyncIntervalMs: Int)
    case stopped
    /// At start, the torn or damaged end of a segment was cut off; `offset` is the log's next.
    case logCut(topic: String, partition: Int, offset: Int64, bytes: Int, path: String)
    /// At start, what follows a segment that was cut begins later: records are missing between.
    case logGap(topic: String, partition: Int, offset: Int64, nextOffset: Int64)
    /// At start, a sealed segment's summary was missing or damaged; the segment is read instead.
    case summaryUnusable(topic: String, partition: Int, path: String)
    /// At start, the torn or damaged end of a journal was cut off.
    case journalCut(path: String, position: Int, bytes: Int)
    case unknownFolder(path: String)
    case storageFailed(StorageError)
    /// The disk did not take what was written: the partition takes no more until a restart.
    case partitionClosed(topic: String, partition: Int, StorageError)
    /// Producers of the partition get errors, until `partitionRecovered`.
    case partitionRefuses(topic: String, partition: Int, StorageError)
    /// The disk takes batches again.
    case partitionRecovered(topic: String, partition: Int, batchesRefused: Int)
    case topicCreated(String, partitions: Int)
    case topicDeleted(String)
    case segmentsDeleted(topic: String, partition: Int, count: Int, startOffset: Int64)
    case compacted(topic: String, partition: Int, bytesBefore: Int, bytesAfter: Int)
    case compactionFailed(topic: String, partition: Int, reason: String)
    case rebalanced(group: String, generation: Int, members: Int)
    case memberRemoved(group: String, member: String, reason: String)
    case transactionTimedOut(String)
    case connectionRefused(connections: Int)
    case connectionClosed(client: String, reason: String)

    public enum Severity: Sendable { case info, warning, error }

    public var severity: Severity {
        switch self {
        case .storageFailed, .partitionClosed, .partitionRefuses, .compactionFailed, .logGap:
            .error
        case .logCut, .journalCut, .summaryUnusable, .unknownFolder, .memberRemoved,
            .transactionTimedOut, .connectionRefused, .connectionClosed:
            .warning
        default: .info
        }
    }
}
