/// A function's full name.
struct FunctionName: Sendable, Hashable {
    var customer: String
    var service: String
    var function: String

    var text: String { "\(customer)/\(service)/\(function)" }
}

/// A stage of the line.
enum Stage: String, Sendable, CaseIterable {
    case featurizer, learner, predictor, allocator

    var work: String {
        switch self {
        case .featurizer: "invocations → shapes"
        case .learner: "shapes → representations"
        case .predictor: "services, shapes → predictions"
        case .allocator: "shapes, workers → assignments"
        }
    }
}

/// What is known of the fleet at one moment; what a stage would have told is nil until it started.
struct FleetSnapshot: Sendable, Equatable {
    var takenAtMs: Int64
    var totals: Totals?
    var allocation: Allocation?
    var stages: [StageProgress]
    var rejections: [Rejections]

    struct Totals: Sendable, Equatable {
        var invocations: Int
        var successes: Int
        var functions: Int
        var services: Int
        /// Event time of the latest invocation.
        var lastSeenMs: Int64?
    }

    struct Allocation: Sendable, Equatable {
        var assigned: Int
        var waiting: Int
        var workersReady: Int
        var workersUsed: Int
        /// What packing by each function's own peak would use; nil while unknown.
        var workersSumOfPeaks: Int?
        /// What no placement can do without.
        var workersBound: Int?
        /// Workers that are planned beyond what they have.
        var workersOverloaded: Int
    }

    struct StageProgress: Sendable, Equatable {
        var stage: Stage
        /// False until it made its views.
        var hasStarted: Bool
        var partitions = 0
        var lagMessages = 0
        var owners: [String] = []
        var newestCheckpointMs: Int64?
        /// Partitions that have messages waiting and were not kept for long, and since when.
        var stuckPartitions = 0
        var stuckSinceMs: Int64?
    }

    struct Rejections: Sendable, Equatable {
        var stage: Stage
        var topic: String
        var reason: String
        var messages: Int
        var lastDetail: String
        var lastRejectedMs: Int64
    }

    /// Before anything was read.
    static func unread(atMs: Int64) -> FleetSnapshot {
        FleetSnapshot(
            takenAtMs: atMs, totals: nil, allocation: nil,
            stages: Stage.allCases.map { StageProgress(stage: $0, hasStarted: false) },
            rejections: [])
    }
}
