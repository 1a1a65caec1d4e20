internal import Numerics
internal import Topics

/// Draws a workload's executions, minute after minute.
///
/// Whether an execution starts cold depends on those before it, and so do the numbers drawn for it:
/// who wants those of a minute as they are begins at `warmUpMinutes` before it.
struct ExecutionDraws: Sendable {
    var source: any FleetSource
    /// By function number: when its last execution so far ends.
    private var lastEndMicros: [Int64] = []

    init(_ source: any FleetSource) { self.source = source }

    /// An execution was cold if none ended in the keep-alive before it, and that one may itself
    /// have lasted the longest duration.
    static func warmUpMinutes(of source: any FleetSource) -> Int {
        let ms = Int64(source.durationMsMax.rounded(.up)) + Limits.keepAliveMs
        return Int(ms / minuteMs) + 1
    }

    /// Executions that begin in a minute, by function and then by start.
    mutating func executions(in minute: Int) -> [Execution] {
        var begun: [Execution] = []
        var lastEnds = lastEndMicros
        lastEndMicros = []
        let longest = source.durationMsMax
        source.arrivals(in: minute) { profile, starts in
            while lastEnds.count <= profile.number { lastEnds.append(.min) }
            var draw = ExecutionDraw(profile, minute: minute)
            var lastEnd = lastEnds[profile.number]
            var twin = 0
            var before = Int64.min
            let measured = source.measured(of: profile.number, in: minute)
            for (i, start) in starts.enumerated() {
                twin = start == before ? twin + 1 : 0
                before = start
                let warmUntil = lastEnd == .min ? .min : lastEnd + Limits.keepAliveMs * 1_000
                let execution =
                    profile.isRecorded
                    ? Execution(of: profile, startedAtMs: start, twin: twin, measured?[i])
                    : draw.execution(
                        startedAtMs: start, twin: twin, isCold: start * 1_000 > warmUntil,
                        durationMsMax: longest, measuredMicros: measured?[i].durationMicros)
                lastEnd = max(lastEnd, execution.endMicros)
                begun.append(execution)
            }
            lastEnds[profile.number] = lastEnd
        }
        lastEndMicros = lastEnds
        return begun
    }
}
