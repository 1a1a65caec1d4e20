internal import Processing
internal import Topics

/// A partition that this process owns: its stage, and what is known of it but not yet kept.
final class OwnedPartition<Owned: Stage> {
    let number: Int32
    /// Of the claim; who claims next has a higher one, and this one's checkpoints are refused.
    let epoch: Int64
    /// The number of the last checkpoint.
    var checkpoint: Int64
    var stage: Owned
    /// The next offset to read, by topic.
    var positions: [String: Int64]
    var fences: Fences
    var rejections: [RejectionKey: RejectionCount]
    /// Rows for the next checkpoint.
    var rows: [Owned.Row] = []
    /// Whether anything happened since the last checkpoint.
    var changed = false
    /// The wall clock, monotonic, of the last record, or of the claim.
    var lastRecordMs: Int64
    /// The lag that the last checkpoint told.
    var lagKept: Int64 = 0
    /// When that was, monotonic.
    var keptMs: Int64 = 0

    init(
        number: Int32, epoch: Int64, checkpoint: Int64, stage: Owned, positions: [String: Int64],
        fences: Fences, rejections: [RejectionKey: RejectionCount], nowMs: Int64
    ) {
        self.number = number
        self.epoch = epoch
        self.checkpoint = checkpoint
        self.stage = stage
        self.positions = positions
        self.fences = fences
        self.rejections = rejections
        lastRecordMs = nowMs
    }
}

struct RejectionKey: Hashable, Comparable, Sendable {
    let topic: String
    let reason: String

    static func < (a: Self, b: Self) -> Bool { (a.topic, a.reason) < (b.topic, b.reason) }
}

/// Since ever, so that writing it again changes nothing.
struct RejectionCount: Equatable, Sendable {
    var messages: Int64 = 0
    var lastDetail = ""
    var lastOffset: Int64 = 0
    var changed = false
}

/// The highest epoch seen of each writer: a process that froze, lost its partition and woke cannot
/// do harm, because what it writes carries the epoch it lost.
struct Fences: Equatable, Sendable {
    private(set) var epochs: [String: Int64] = [:]

    init(_ epochs: [String: Int64] = [:]) { self.epochs = epochs }

    /// Whether a message may be taken; one without an epoch is not a stage's.
    mutating func admits(writer: String, epoch: Int64) -> Bool {
        guard let known = epochs[writer] else {
            // More writers than partitions there are: somebody else's headers.
            if epochs.count < Limits.fencedWriters { epochs[writer] = epoch }
            return true
        }
        guard epoch >= known else { return false }
        epochs[writer] = epoch
        return true
    }
}

/// Header names that the runtime sets and reads.
enum HeaderName {
    /// `stage/partition`.
    static let writer: StaticString = "writer"
    static let epoch: StaticString = "epoch"
    static let contentType: StaticString = "content-type"
    static let customer: StaticString = "customer"
    static let service: StaticString = "service"
    static let function: StaticString = "function"
}
