internal import Topics

/// How a function was set up, as the last of some invocations said.
struct FunctionSetup: Equatable {
    private(set) var saidAtMs: Int64
    private(set) var memoryMb: Double
    private(set) var trigger: String?
    private(set) var runtime: String?
    private(set) var deadlineMs: Double?

    init(
        saidAtMs: Int64, memoryMb: Double, trigger: String?, runtime: String?, deadlineMs: Double?
    ) {
        self.saidAtMs = saidAtMs
        self.memoryMb = memoryMb
        self.trigger = trigger
        self.runtime = runtime
        self.deadlineMs = deadlineMs
    }

    init(_ invocation: CompactInvocation) {
        self.init(
            saidAtMs: invocation.startedAtMs, memoryMb: invocation.memoryMb,
            trigger: invocation.trigger, runtime: invocation.runtime,
            deadlineMs: invocation.deadlineMs)
    }

    /// The last is the one that started last; of those in one millisecond, the greater one, so that
    /// the order of arrival does not matter.
    mutating func update(_ invocation: CompactInvocation) {
        guard invocation.startedAtMs >= saidAtMs else { return }
        let said = FunctionSetup(invocation)
        if saidAtMs < said.saidAtMs || isBelow(said) { self = said }
    }

    private func isBelow(_ other: Self) -> Bool {
        (memoryMb, deadlineMs ?? -1, trigger ?? "", runtime ?? "")
            < (other.memoryMb, other.deadlineMs ?? -1, other.trigger ?? "", other.runtime ?? "")
    }
}

/// What a function did since ever, and its slots that may still change.
struct FunctionTally {
    let id: FunctionID
    /// `id.path` in UTF-8.
    let path: [UInt8]
    /// nil while only slots of it were restored.
    var setup: FunctionSetup?
    /// Every accepted invocation once.
    var counts = OutcomeCounts()
    var coldStarts = 0
    var firstSeenMs = Int64.max
    var lastSeenMs = Int64.min
    /// Ascending by slot.
    var slots: [SlotTally] = []

    /// Something changed since the state was last taken.
    var isChanged = false
    /// Something changed since its row was last written.
    var isRowDue = false

    init(id: FunctionID, path: [UInt8]) {
        self.id = id
        self.path = path
    }

    mutating func count(_ invocation: CompactInvocation) {
        counts.add(invocation.outcome)
        if invocation.initMs != nil { coldStarts += 1 }
        firstSeenMs = min(firstSeenMs, invocation.startedAtMs)
        lastSeenMs = max(lastSeenMs, invocation.startedAtMs)
        if setup == nil { setup = FunctionSetup(invocation) }
        setup?.update(invocation)
    }

    /// Where the slot is, or would be. Most invocations are of the last slots.
    func place(ofSlot slot: Int64) -> (index: Int, isThere: Bool) {
        var i = slots.count
        while i > 0, slots[i - 1].slot >= slot { i -= 1 }
        return (i, i < slots.count && slots[i].slot == slot)
    }

    func totals(partition: Int32) -> FunctionTotals? {
        guard let setup else { return nil }
        return FunctionTotals(
            function: id, partition: partition, trigger: setup.trigger, runtime: setup.runtime,
            memoryMb: setup.memoryMb, deadlineMs: setup.deadlineMs, counts: counts,
            coldStarts: coldStarts, firstSeenMs: firstSeenMs, lastSeenMs: lastSeenMs)
    }
}
