internal import Topics

/// What an operator may choose; times are event time but for `quietCloseMs`.
public struct FeaturizerSettings: Equatable, Sendable {
    /// How long behind the latest invocation of a partition one may come without a correction.
    public var latenessMs: Int64
    /// How long a closed slot can still be corrected.
    public var horizonMs: Int64
    /// How long a partition is quiet, by the wall clock, before what is open is published early.
    public var quietCloseMs: Int64
    /// How far ahead of the wall clock an invocation may have started.
    public var aheadMs: Int64
    /// Whether an invocation that comes twice within the lateness counts once; that takes 16 to 32
    /// bytes for each of the last minutes'.
    public var deduplicates: Bool

    public init(
        latenessMs: Int64 = 60_000, horizonMs: Int64 = 3_600_000, quietCloseMs: Int64 = 10_000,
        aheadMs: Int64 = 86_400_000, deduplicates: Bool = false
    ) {
        precondition(latenessMs >= 0 && horizonMs >= 0, "lateness and horizon are not negative")
        self.latenessMs = latenessMs
        self.horizonMs = horizonMs
        self.quietCloseMs = quietCloseMs
        self.aheadMs = aheadMs
        self.deduplicates = deduplicates
    }
}

public enum FeaturizerLimits {
    /// Functions of one partition that are told apart.
    public static let functionsMax = 1_000_000
    /// How many times its deadline an invocation may have lasted: a day, of a deadline of 0.1 ms.
    static let deadlineUsedMax = 1e9
}
