/// How a stage is doing.
enum StageState: Sendable, Equatable {
    case missing, idle, current, behind
    /// Nothing waited at its last look, and it may have nothing to do.
    case quiet(forMs: Int64)
    /// The same for longer than can be, while there are new shapes.
    case silent(forMs: Int64)
    case stuck(forMs: Int64)
    case stuckInPart(forMs: Int64, partitions: Int, of: Int)

    init(
        _ progress: FleetSnapshot.StageProgress, in snapshot: FleetSnapshot, nowMs: Int64
    ) {
        guard progress.hasStarted else {
            self = .missing
            return
        }
        guard progress.partitions > 0 else {
            self = .idle
            return
        }
        let age = progress.newestCheckpointMs.map { max(0, nowMs - $0) } ?? 0
        if progress.stuckPartitions > 0, let since = progress.stuckSinceMs {
            self =
                age >= Verdict.stuckMs
                ? .stuck(forMs: age)
                : .stuckInPart(
                    forMs: nowMs - since, partitions: progress.stuckPartitions,
                    of: progress.partitions)
        } else if progress.lagMessages >= Verdict.behindMessages {
            self = .behind
        } else if age >= Verdict.silentMs, progress.stage != .featurizer,
            let first = snapshot.stages.first(where: { $0.stage == .featurizer }),
            let kept = first.newestCheckpointMs, nowMs - kept < Verdict.quietMs
        {
            self = .silent(forMs: age)
        } else {
            self = age >= Verdict.quietMs ? .quiet(forMs: age) : .current
        }
    }

    var grade: Verdict.Grade {
        switch self {
        case .current: .good
        case .quiet: .unknown
        case .missing, .idle, .behind, .silent: .warning
        case .stuck, .stuckInPart: .alarm
        }
    }

    /// What a sentence says of the stage.
    var text: String {
        switch self {
        case .missing: "has not started yet"
        case .idle: "owns no partition yet"
        case .current: "keeps up"
        case .behind: "is behind"
        case .quiet(let ms): "had nothing to keep for \(Times.span(ms: ms))"
        case .silent(let ms), .stuck(let ms):
            "has not kept anything for \(Times.span(ms: ms))"
        case .stuckInPart(let ms, let partitions, let all):
            "has not kept \(partitions) of \(Numbers.count(all, "partition")) for "
                + Times.span(ms: ms)
        }
    }
}
