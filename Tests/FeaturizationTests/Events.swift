import Topics

/// Numbers that a seed gives: SplitMix64.
struct Draws: RandomNumberGenerator {
    private var state: UInt64

    /// Neighbouring seeds begin far from each other.
    init(seed: UInt64) {
        state = seed
        state = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

let slotMs = FunctionShape.slotMs

/// An invocation of acme/shop; tests set what matters to them.
func invocation(
    _ function: String = "checkout", at startedAtMs: Int64, for durationMs: Double = 100,
    cpuMs: Double? = nil, memoryMb: Double = 128, memoryPeakMb: Double? = nil,
    initMs: Double? = nil, deadlineMs: Double? = nil, trigger: String? = nil,
    outcome: Outcome = .success
) -> Invocation {
    Invocation(
        customer: "acme", service: "shop", function: function, invocation: "i",
        startedAtMs: startedAtMs, durationMs: durationMs, cpuMs: cpuMs, memoryMb: memoryMb,
        memoryPeakMb: memoryPeakMb, initMs: initMs, deadlineMs: deadlineMs, trigger: trigger,
        outcome: outcome)
}

/// Some events in the first hours of 1970, in the order of their starts; laws are checked with the
/// clock at 0, and a day ahead of it is the most that is taken.
func someEvents(_ count: Int, _ draws: inout Draws, longestMs: Double = 700_000) -> [Invocation] {
    var startMs: Int64 = 120_000
    return (0..<count).map { i in
        startMs += Int64.random(in: 0...6_000, using: &draws)
        let size = Double.random(in: 0...1, using: &draws)
        let durationMs = size * size * size * longestMs
        func maybe(_ value: Double) -> Double? { Bool.random(using: &draws) ? value : nil }
        var event = invocation(
            "f\(Int.random(in: 0..<5, using: &draws))", at: startMs,
            for: i % 17 == 0 ? 0 : durationMs, cpuMs: maybe(durationMs * 0.37),
            memoryMb: Double([128, 256, 512][i % 3]), memoryPeakMb: maybe(size * 100),
            initMs: i % 11 == 0 ? size * 400 : nil, deadlineMs: maybe(900_000),
            trigger: ["http", "queue", nil][Int.random(in: 0..<3, using: &draws)],
            outcome: Outcome.allCases[Int.random(in: 0..<7, using: &draws)])
        event.service = "shop\(Int.random(in: 0..<2, using: &draws))"
        return event
    }
}

/// Each moved by less than the lateness: what any network may do to them.
func shuffled(_ events: [Invocation], withinMs: Int64, _ draws: inout Draws) -> [Invocation] {
    events.map { ($0, $0.startedAtMs + Int64.random(in: 0..<withinMs, using: &draws)) }
        .sorted { $0.1 < $1.1 }.map(\.0)
}
