/// What an operator should look at, the worst first.
struct Verdict: Sendable, Equatable {
    enum Grade: String, Sendable { case good, unknown, warning, alarm }

    var grade: Grade
    var sentences: [String]

    /// With messages waiting, a stage that kept nothing for so long has a problem.
    static let stuckMs: Int64 = 20_000
    /// Said of a stage without messages, which may simply have nothing to do.
    static let quietMs: Int64 = 30_000
    /// Shapes come every five minutes: who has nothing for twice as long hears nothing.
    static let silentMs: Int64 = 600_000
    static let behindMessages = 100_000
    static let rejectedRecentlyMs: Int64 = 300_000

    init(_ live: Live, nowMs: Int64) {
        if let away = live.away {
            let shown = live.snapshot == nil ? "" : "; what is shown here was read before"
            grade = .alarm
            sentences = ["\(away.sentence) (\(Times.span(ms: nowMs - away.sinceMs)))\(shown)."]
            return
        }
        guard let snapshot = live.snapshot else {
            grade = .unknown
            sentences = ["Nothing has been read yet."]
            return
        }
        let stages = snapshot.stages.compactMap { progress in
            Self.problem(progress, StageState(progress, in: snapshot, nowMs: nowMs))
        }
        let problems = stages + Self.problems(snapshot, nowMs: nowMs)
        let alarms = problems.filter { $0.grade == .alarm }
        let others = problems.filter { $0.grade != .alarm }
        grade = !alarms.isEmpty ? .alarm : others.isEmpty ? .good : .warning
        sentences = (alarms + others).map(\.sentence)
        if snapshot.stages.allSatisfy({ !$0.hasStarted }) {
            sentences = ["No stage has started yet: there is nothing to show."]
        } else if problems.isEmpty {
            sentences = ["All four stages keep up, and every function has a worker."]
        }
    }

    private typealias Problem = (grade: Grade, sentence: String)

    private static func problem(
        _ progress: FleetSnapshot.StageProgress, _ state: StageState
    ) -> Problem? {
        let name = "The \(progress.stage.rawValue)"
        let waiting = Numbers.count(progress.lagMessages, "message")
        switch state {
        case .missing: return (.warning, "\(name) has not started yet.")
        case .idle: return (.warning, "\(name) has started, and owns no partition yet.")
        case .stuck, .stuckInPart:
            let verb = progress.lagMessages == 1 ? "waits" : "wait"
            return (.alarm, "\(name) \(state.text), and \(waiting) \(verb).")
        case .silent:
            return (.warning, "\(name) \(state.text), while the featurizer goes on.")
        case .behind: return (.warning, "\(name) is behind: \(waiting) wait.")
        case .quiet, .current: return nil
        }
    }

    private static func problems(_ snapshot: FleetSnapshot, nowMs: Int64) -> [Problem] {
        var problems: [Problem] = []
        if let allocation = snapshot.allocation {
            if allocation.waiting > 0 {
                let functions = Numbers.count(allocation.waiting, "function")
                let verb = allocation.waiting == 1 ? "waits" : "wait"
                problems.append((.warning, "\(functions) \(verb) for a worker with room."))
            }
            if allocation.workersOverloaded > 0 {
                let workers = Numbers.count(allocation.workersOverloaded, "worker")
                let verb = allocation.workersOverloaded == 1 ? "is" : "are"
                problems.append((.warning, "\(workers) \(verb) planned beyond the CPU there is."))
            }
        }
        let recent = snapshot.rejections.filter {
            nowMs - $0.lastRejectedMs < rejectedRecentlyMs
        }
        if let latest = recent.max(by: { $0.lastRejectedMs < $1.lastRejectedMs }) {
            problems.append(
                (
                    .warning,
                    "Messages of \(latest.topic) are being rejected: \(latest.reason), the last "
                        + "\(Times.ago(latest.lastRejectedMs, nowMs: nowMs))."
                ))
        }
        return problems
    }
}
