internal import Numerics
internal import Topics

/// What a function did in one slot, added up; its lists lie in the store's arena.
///
/// Adding is exact and commutes: the same invocations in any order give the same tally.
struct SlotTally {
    // Of invocations that started in the slot.
    /// By outcome, in the order of `OutcomeCounts.all`; `unknown` counts as `error`, too.
    var counts = InlineArray<7, UInt32>(repeating: 0)
    /// Of the slot's minutes.
    var perMinute = InlineArray<5, UInt32>(repeating: 0)
    /// Successes that ended after their deadline; -1 where state of before they were counted does not tell.
    var late: Int32 = 0
    var durationMs = Sketch()
    // Most functions have none of these: their places in the store, -1 for none.
    var memoryPeakMb: Int32 = -1
    /// Duration as a part of the deadline: slack is 1 less this.
    var deadlineUsed: Int32 = -1
    /// One value each cold start.
    var initMs: Int32 = -1

    // Of executions that ran in the slot, wherever they started.
    var cpuNs: Int64 = 0
    var gbNanoseconds: Int64 = 0
    var moments = Moments()
    var setup = Setup()

    mutating func add(_ outcome: Outcome) {
        switch outcome {
        case .success: counts[0] &+= 1
        case .error: counts[1] &+= 1
        case .timeout: counts[2] &+= 1
        case .outOfMemory: counts[3] &+= 1
        case .throttled: counts[4] &+= 1
        case .killed: counts[5] &+= 1
        case .unknown:
            counts[1] &+= 1
            counts[6] &+= 1
        }
    }

    var outcomeCounts: OutcomeCounts {
        var sum = OutcomeCounts()
        sum.success = Int(counts[0])
        sum.error = Int(counts[1])
        sum.timeout = Int(counts[2])
        sum.outOfMemory = Int(counts[3])
        sum.throttled = Int(counts[4])
        sum.killed = Int(counts[5])
        sum.unknown = Int(counts[6])
        return sum
    }

    /// Nil where no invocation had a deadline, or it is not known.
    var successInTime: Int? {
        deadlineUsed < 0 || late < 0 ? nil : Int(counts[0]) - Int(late)
    }

    mutating func set(_ sum: OutcomeCounts) {
        for (i, count) in sum.all.enumerated() { counts[i] = UInt32(clamping: count) }
    }
}

/// Of numbers that are not negative, so the order does not matter: what is too much stays so.
func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
}
