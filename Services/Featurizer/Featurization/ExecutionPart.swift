internal import Topics

/// The part of an execution that lies in one slot.
struct ExecutionPart: Equatable {
    /// Counted from 1970.
    let slot: Int64
    /// Milliseconds from the slot's start; `to` is the first at which it no longer ran.
    let from: Int
    let to: Int
    // Whole numbers, so that adding them up does not depend on the order.
    let cpuNs: Int64
    let gbNanoseconds: Int64
}

/// An execution cut at slots' borders; CPU and memory-time are shared out in proportion to time.
///
/// It runs from `startedAtMs` for `durationMs`, and at least in the millisecond in which it starts.
/// Where CPU time was not measured it counts as one busy core throughout.
struct ExecutionParts: Sequence, IteratorProtocol {
    let firstSlot: Int64
    let lastSlot: Int64
    private let startMs: Int64
    private let endMs: Int64
    private let durationMs: Double
    private let cpuNs: Double
    private let gbNanoseconds: Double
    private var slot: Int64
    private var cpuNsGiven: Int64 = 0
    private var gbNanosecondsGiven: Int64 = 0

    init(_ invocation: BatchedInvocation) {
        startMs = invocation.startedAtMs
        durationMs = invocation.durationMs
        endMs = startMs + Swift.max(1, roundedUp(durationMs))
        firstSlot = startMs / FunctionShape.slotMs
        lastSlot = (endMs - 1) / FunctionShape.slotMs
        slot = firstSlot
        cpuNs = (invocation.cpuMs ?? durationMs) * 1e6
        // MB/1024 x ms/1000 = GB x s; 1e9 of ours make one.
        gbNanoseconds = invocation.memoryMb / 1_024 * durationMs * 1e6
    }

    /// All of it, where it lies in one slot, as most do; else nil.
    @inline(__always)
    var whole: ExecutionPart? {
        guard firstSlot == lastSlot else { return nil }
        let slotStartMs = firstSlot * FunctionShape.slotMs
        return ExecutionPart(
            slot: firstSlot, from: Int(startMs - slotStartMs), to: Int(endMs - slotStartMs),
            cpuNs: rounded(cpuNs), gbNanoseconds: rounded(gbNanoseconds))
    }

    mutating func next() -> ExecutionPart? {
        guard slot <= lastSlot else { return nil }
        defer { slot += 1 }
        let slotStartMs = slot * FunctionShape.slotMs
        // What was due by this slot's end, less what earlier slots got: the parts add up exactly.
        let share =
            slot == lastSlot
            ? 1 : Swift.min(1, Double(slotStartMs + FunctionShape.slotMs - startMs) / durationMs)
        let cpuNsDue = rounded(cpuNs * share)
        let gbNanosecondsDue = rounded(gbNanoseconds * share)
        defer {
            cpuNsGiven = cpuNsDue
            gbNanosecondsGiven = gbNanosecondsDue
        }
        return ExecutionPart(
            slot: slot, from: Int(Swift.max(startMs - slotStartMs, 0)),
            to: Int(Swift.min(endMs - slotStartMs, FunctionShape.slotMs)),
            cpuNs: cpuNsDue - cpuNsGiven, gbNanoseconds: gbNanosecondsDue - gbNanosecondsGiven)
    }
}

// Of values that are not negative. Where the processor is not told that it has an instruction for
// it, `rounded` is a call.

private func rounded(_ value: Double) -> Int64 { Int64(value + 0.5) }

private func roundedUp(_ value: Double) -> Int64 {
    let whole = Int64(value)
    return Double(whole) < value ? whole + 1 : whole
}
