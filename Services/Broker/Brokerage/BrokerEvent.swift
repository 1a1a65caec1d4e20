/// Something an operator may want to know, told to the closure that the broker was made with.
public enum BrokerEvent: Sendable, Equatable {
    case started(host: String, port: Int, fsyncIntervalMs: Int)
    case stopped
    /// At start, the torn or damaged end of a file was cut off.
    case cut(path: String, bytes: Int)
    case unknownFolder(path: String)
    case storageFailed(StorageError)
    /// The disk did not take what was written: the partition takes no more until a restart.
    case partitionClosed(topic: String, partition: Int, StorageError)
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
        case .storageFailed, .partitionClosed, .compactionFailed: .error
        case .cut, .unknownFolder, .memberRemoved, .transactionTimedOut, .connectionRefused,
            .connectionClosed:
            .warning
        default: .info
        }
    }
}
