internal import Numerics
public import Topics

/// What happens in a fleet, in order of time.
public enum FleetEvent: Sendable {
    /// Before the first invocation of each service, and again for those alive where a stream
    /// goes on in the middle.
    case announced(ServiceAnnounced, atMs: Int64)
    /// An execution ended.
    case ended(Execution)

    public var atMs: Int64 {
        switch self {
        case .announced(_, let atMs): atMs
        case .ended(let execution): execution.endedAtMs
        }
    }
}

/// Where executions come from: a trace, or a generated fleet.
///
/// A value gives the same for a minute whatever was asked before, as long as minutes rise.
public protocol FleetSource: Sendable {
    /// Tells this run's events from any other's: kind, seed, and a digest of all that
    /// the events depend on.
    var run: String { get }
    /// When minute 0 begins.
    var startMs: Int64 { get }
    /// Minutes in which something may begin; nil for a workload without end.
    var minutes: Int? { get }
    /// No execution lasts longer.
    var durationMsMax: Double { get }
    /// What the functions known at the start need at their peaks.
    var peakDemands: [PeakDemand] { get }
    /// Goes on to a minute.
    ///
    /// - Returns: services that appear now, or appeared since the minute asked for before and
    ///   are still there.
    mutating func advance(to minute: Int) -> [ServiceAnnounced]
    /// Calls `body` with each function that begins something in the minute, in order of number,
    /// and the moments, rising.
    func arrivals(in minute: Int, _ body: (FunctionProfile, [Int64]) -> Void)
    /// What is known of each of a function's executions that begin in the minute, in the order of
    /// `arrivals`; nil where all is drawn.
    func measured(of function: Int, in minute: Int) -> [Measured]?
    /// - Precondition: it appeared, and did not end longer ago than the longest execution.
    func profile(_ number: Int) -> FunctionProfile
}

extension FleetSource {
    public func measured(of function: Int, in minute: Int) -> [Measured]? { nil }
}

/// What a trace says of one execution.
public struct Measured: Sendable, Equatable {
    public let durationMicros: Int64
    /// Nil where it is drawn.
    public let outcome: Outcome?
    /// What the trace calls it, if it does.
    public let label: Int64?

    init(durationMicros: Int64, outcome: Outcome? = nil, label: Int64? = nil) {
        self.durationMicros = durationMicros
        self.outcome = outcome
        self.label = label
    }
}

/// A workload's events, drawn minute by minute as they are asked for.
///
/// Holds one minute's events and what still runs, nothing of the past. The same source gives the
/// same events with the same sequences from whatever minute it is read.
public struct EventStream {
    private var draws: ExecutionDraws
    private let from: Int
    private var minute: Int
    /// The current minute's, in order of sending; and how many were taken.
    private var announcements: [ServiceAnnounced] = []
    private var ended: [Execution] = []
    private var taken = 0
    private var running: [Execution] = []

    /// - Parameter minute: where to begin; earlier events are not given.
    public init(_ source: any FleetSource, from minute: Int = 0) {
        draws = ExecutionDraws(source)
        from = minute
        // An execution that ends from `minute` on began at most one longest duration before.
        let longestMs = Int64(source.durationMsMax.rounded(.up))
        let first = minute - Int(longestMs / minuteMs) - 1
        self.minute = max(0, first - ExecutionDraws.warmUpMinutes(of: source))
    }

    public var run: String { draws.source.run }
    public var startMs: Int64 { draws.source.startMs }
    public func profile(of execution: Execution) -> FunctionProfile {
        draws.source.profile(execution.function)
    }

    /// - Returns: nil after the last event.
    public mutating func next() -> FleetEvent? {
        while taken == announcements.count + ended.count {
            guard drawMinute() else { return nil }
        }
        defer { taken += 1 }
        guard taken < announcements.count else {
            return .ended(ended[taken - announcements.count])
        }
        return .announced(
            announcements[taken], atMs: startMs + Int64(minute - 1) * minuteMs)
    }

    /// - Returns: false when nothing can come any more.
    private mutating func drawMinute() -> Bool {
        let isOver = draws.source.minutes.map { minute >= $0 } ?? false
        guard !isOver || !running.isEmpty else { return false }
        taken = 0
        announcements = isOver ? [] : draws.source.advance(to: minute)
        if !isOver { running += draws.executions(in: minute) }
        let closes = (startMs + Int64(minute + 1) * minuteMs) * 1_000
        // Whatever begins later ends later: this minute is complete.
        let due = running.partition { $0.endMicros < closes }
        ended = Array(running[due...])
        running.removeSubrange(due...)
        ended.sort(by: Execution.isSentBefore)
        for i in ended.indices { ended[i].sequence = Sequence(minute: minute, rank: i) }
        // What precedes `from` was drawn for what still ran then.
        if minute < from { ended = [] }
        minute += 1
        return true
    }
}
