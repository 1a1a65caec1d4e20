public import Topics

/// What the featurizer writes to its tables.
public enum FeaturizerRow: Equatable, Sendable {
    case function(FunctionTotals)
    case slot(FunctionSlot)
}

/// A function's totals since ever.
public struct FunctionTotals: Equatable, Sendable {
    public var function: FunctionID
    public var partition: Int32
    /// As the last invocation said.
    public var trigger: String?
    public var runtime: String?
    public var memoryMb: Double
    public var deadlineMs: Double?
    /// Each accepted invocation once.
    public var counts: OutcomeCounts
    public var coldStarts: Int
    /// When the earliest and the latest of them started.
    public var firstSeenMs: Int64
    public var lastSeenMs: Int64
}

/// A published slot's place in the function's day; a later one of the same slot supersedes it.
public struct FunctionSlot: Equatable, Sendable {
    public var function: FunctionID
    public var partition: Int32
    /// Counted from 1970.
    public var slot: Int64
    public var invocations: Int
    public var cpuMs: Double
}
