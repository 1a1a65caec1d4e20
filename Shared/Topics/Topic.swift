/// A Kafka topic of ours: its name, how its messages are kept, and who writes and reads it.
///
/// Keyed topics all have the same number of partitions, and a message lies in the partition of its
/// *service*: a service, its functions and their workers' cell share one partition number everywhere.
/// The message key names the entity that the value is about, so that compaction keeps the last
/// value of each entity, not only of each service.
public struct Topic: Hashable, Sendable {
    public let name: String
    public let cleanup: Cleanup
    public let retentionMs: Int64
    public let placement: Placement

    /// How a broker makes room.
    public enum Cleanup: String, Sendable {
        case delete
        case compact
        /// The last value of each key, and that only for the retention.
        case compactAndDelete = "compact,delete"
    }

    /// Which partition a message belongs in.
    public enum Placement: Sendable {
        /// `murmur2` of `customer/service`.
        case service
        /// The cell's own number.
        case cell
        /// One partition that every reader reads whole.
        case single
    }

    private static let dayMs: Int64 = 86_400_000
    public static let defaultPartitions: Int32 = 16
    /// Beyond this a broker refuses a message; Kafka's own default.
    public static let messageBytesMax = 1_048_588

    public static let invocations = Topic(
        name: "invocations", cleanup: .delete, retentionMs: 7 * dayMs, placement: .service)
    public static let services = Topic(
        name: "services", cleanup: .compact, retentionMs: -1, placement: .service)
    public static let workers = Topic(
        name: "workers", cleanup: .compact, retentionMs: -1, placement: .cell)
    public static let shapes = Topic(
        name: "shapes", cleanup: .compactAndDelete, retentionMs: 14 * dayMs, placement: .service)
    public static let models = Topic(
        name: "models", cleanup: .compact, retentionMs: -1, placement: .single)
    public static let representations = Topic(
        name: "representations", cleanup: .compact, retentionMs: -1, placement: .service)
    public static let predictions = Topic(
        name: "predictions", cleanup: .compact, retentionMs: -1, placement: .service)
    public static let assignments = Topic(
        name: "assignments", cleanup: .compact, retentionMs: -1, placement: .service)
    public static let rejections = Topic(
        name: "rejections", cleanup: .delete, retentionMs: 30 * dayMs, placement: .service)

    /// In the order in which data passes through them.
    public static let all = [
        services, workers, invocations, shapes, models, representations, predictions,
        assignments, rejections,
    ]

    /// How many partitions it is created with where keyed topics have `keyed`.
    public func partitions(keyed: Int32) -> Int32 { placement == .single ? 1 : keyed }
}
