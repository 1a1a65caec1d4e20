/// All that the stages know of one function; nil where a stage knows nothing yet.
struct FunctionDetail: Sendable, Equatable {
    var name: FunctionName
    var facts: Facts?
    /// The latest day that it was seen on, and the day before that one.
    var days: [Day]
    var representation: Representation?
    var prediction: Prediction?
    var assignment: Assignment?
    /// The first function in antiphase with its latest two days.
    var oppositeDays: [Day]
    /// Event time of the latest invocation of the whole fleet: nothing is known of later slots.
    var fleetLastSeenMs: Int64?

    var isKnown: Bool { facts != nil || representation != nil || assignment != nil }

    struct Facts: Sendable, Equatable {
        var trigger: String?
        var runtime: String?
        var memoryMb: Double
        var deadlineMs: Double?
        var invocations: Int
        /// `success` first.
        var outcomes: [Outcome]
        var coldStarts: Int
        var firstSeenMs: Int64
        var lastSeenMs: Int64
    }

    struct Outcome: Sendable, Equatable {
        var name: String
        var invocations: Int
    }

    /// (288) values, a slot each; nil where there was nothing.
    struct Day: Sendable, Equatable {
        var startMs: Int64
        var cpuMs: [Double?]

        /// Mean CPU in use, a slot each; 0 where there was nothing, nil from `endMs` on.
        func milliCPU(untilMs endMs: Int64?) -> [Double?] {
            (0..<Times.slotsPerDay).map { slot in
                let cpu = slot < cpuMs.count ? cpuMs[slot] : nil
                let atMs = startMs + Int64(slot) * Times.slotMs
                if let endMs, atMs >= endMs / Times.slotMs * Times.slotMs { return nil }
                return (cpu ?? 0) / Double(Times.slotMs) * 1_000
            }
        }
    }

    struct Neighbour: Sendable, Equatable {
        var name: FunctionName
        var score: Double
    }

    struct Representation: Sendable, Equatable {
        var cluster: Int
        var modelVersion: Int
        var predictability: Double
        var slots: Int
        var asOfMs: Int64
        var nearest: [Neighbour]
        var opposite: [Neighbour]
    }

    /// Of its service.
    struct Prediction: Sendable, Equatable {
        var tier: String
        var rate: Double
        var low: Double
        var high: Double
        var samples: Int
        var level: String
        var baseline: Double
        var perDay: Double
        var perDayLow: Double
        var perDayHigh: Double
        var canaryWhy: String?
    }

    struct Assignment: Sendable, Equatable {
        var cell: Int
        var tier: String
        var reason: String
        var decidedMs: Int64
        var revision: Int
        var placements: [Placement]
    }

    struct Placement: Sendable, Equatable {
        var worker: String
        var share: Double
    }
}

/// A function in a list.
struct FunctionLine: Sendable, Equatable {
    var name: FunctionName
    var trigger: String?
    var invocations: Int
    var successes: Int
    var lastSeenMs: Int64
    /// Names, comma-separated; nil while it waits, or nobody has decided.
    var workers: String?
}
