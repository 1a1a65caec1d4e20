internal import Scanning

/// An invocation as those take it who fold millions: its function as one path, and no text that
/// folding does not need.
public struct CompactInvocation: Equatable, Sendable {
    /// `FunctionID.path` in UTF-8.
    public let path: [UInt8]
    /// The same for the same path, everywhere and always; unkeyed, so compare the path too.
    public let pathDigest: UInt64
    public let startedAtMs: Int64
    public let durationMs: Double
    public let cpuMs: Double?
    public let memoryMb: Double
    public let memoryPeakMb: Double?
    public let initMs: Double?
    public let deadlineMs: Double?
    public let trigger: String?
    public let runtime: String?
    public let outcome: Outcome

    init(
        path: [UInt8], startedAtMs: Int64, durationMs: Double, cpuMs: Double?, memoryMb: Double,
        memoryPeakMb: Double?, initMs: Double?, deadlineMs: Double?, trigger: String?,
        runtime: String?, outcome: Outcome
    ) {
        self.path = path
        pathDigest = Self.digest(ofPath: path)
        self.startedAtMs = startedAtMs
        // JSON has -0, which equals 0 and is written otherwise; adding 0 makes it 0.
        self.durationMs = durationMs + 0
        self.cpuMs = cpuMs.map { $0 + 0 }
        self.memoryMb = memoryMb + 0
        self.memoryPeakMb = memoryPeakMb.map { $0 + 0 }
        self.initMs = initMs.map { $0 + 0 }
        self.deadlineMs = deadlineMs.map { $0 + 0 }
        self.trigger = trigger
        self.runtime = runtime
        self.outcome = outcome
    }

    public init(_ invocation: Invocation) {
        self.init(
            path: Array(invocation.functionID.path.utf8), startedAtMs: invocation.startedAtMs,
            durationMs: invocation.durationMs, cpuMs: invocation.cpuMs,
            memoryMb: invocation.memoryMb, memoryPeakMb: invocation.memoryPeakMb,
            initMs: invocation.initMs, deadlineMs: invocation.deadlineMs,
            trigger: invocation.trigger, runtime: invocation.runtime, outcome: invocation.outcome)
    }

    /// What `pathDigest` is of invocations with that path.
    public static func digest(ofPath path: [UInt8]) -> UInt64 { Scanning.digest(of: path) }

    func checkNumbers() throws(Rejection) {
        try Invocation.check(
            startedAtMs: startedAtMs, durationMs: durationMs, cpuMs: cpuMs, memoryMb: memoryMb,
            memoryPeakMb: memoryPeakMb, initMs: initMs, deadlineMs: deadlineMs)
    }
}
