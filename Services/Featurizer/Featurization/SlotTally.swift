internal import Numerics
internal import Topics

/// What a function did in one slot, added up.
///
/// Adding is exact and commutes: the same invocations in any order give the same tally.
struct SlotTally: Equatable {
    /// Counted from 1970.
    let slot: Int64

    // Of invocations that started in the slot.
    var counts = OutcomeCounts()
    /// (5) of the slot's minutes.
    var perMinute: [Int32] = [0, 0, 0, 0, 0]
    var durationMs = LogSketch()
    var memoryPeakMb = LogSketch()
    /// Duration as a part of the deadline: slack is 1 less this.
    var deadlineUsed = LogSketch()
    /// One value each cold start.
    var initMs = LogSketch()

    // Of executions that ran in the slot, wherever they started.
    var cpuNs: Int64 = 0
    var gbNanoseconds: Int64 = 0
    var concurrency = ConcurrencyProfile()
    var setup: FunctionSetup

    // Of what was published.
    /// The `correction` that the next publication has.
    var nextCorrection = 0
    /// Something was added since.
    var isDue = true
    /// Something changed since the state was last taken.
    var isChanged = true

    init(slot: Int64, setup: FunctionSetup) {
        self.slot = slot
        self.setup = setup
    }

    /// - Parameter part: the invocation's part in this slot.
    mutating func add(_ part: ExecutionPart, of invocation: CompactInvocation, starts: Bool) {
        cpuNs = saturatingSum(cpuNs, part.cpuNs)
        gbNanoseconds = saturatingSum(gbNanoseconds, part.gbNanoseconds)
        concurrency.add(from: part.from, to: part.to)
        setup.update(invocation)
        guard starts else { return }
        counts.add(invocation.outcome)
        perMinute[part.from / 60_000] += 1
        durationMs.add(invocation.durationMs)
        if let peak = invocation.memoryPeakMb { memoryPeakMb.add(peak) }
        if let deadline = invocation.deadlineMs, deadline > 0 {
            let used = invocation.durationMs / deadline
            deadlineUsed.add(min(used, FeaturizerLimits.deadlineUsedMax))
        }
        if let initMs = invocation.initMs { self.initMs.add(initMs) }
    }

    /// What is published of it.
    mutating func shape(of function: FunctionID) -> FunctionShape {
        FunctionShape(
            customer: function.service.customer, service: function.service.service,
            function: function.function, slotStartMs: slot * FunctionShape.slotMs,
            correction: nextCorrection, counts: counts, perMinute: perMinute.map(Int.init),
            cpuMs: cpuMs, gbSeconds: Double(gbNanoseconds) / 1e9,
            concurrencyPeak: concurrency.peak(), durationMs: durationMs.percentiles(),
            memoryPeakMb: memoryPeakMb.percentiles(),
            deadlineSlack: deadlineUsed.percentilesOfRest(), coldStarts: initMs.count,
            initMs: initMs.percentiles(), memoryMb: setup.memoryMb, trigger: setup.trigger,
            runtime: setup.runtime, deadlineMs: setup.deadlineMs)
    }

    var cpuMs: Double { Double(cpuNs) / 1e6 }
}

/// Of numbers that are not negative, so the order does not matter: what is too much stays so.
func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
}

extension LogSketch {
    func percentiles() -> Percentiles? {
        guard let mean, let p1 = quantile(0.01), let p50 = quantile(0.5),
            let p95 = quantile(0.95), let p99 = quantile(0.99)
        else { return nil }
        return Percentiles(p1: p1, p50: p50, p95: p95, p99: p99, max: most, mean: mean)
    }

    /// Of 1 less each value: the least of those is 1 less the most of these.
    func percentilesOfRest() -> Percentiles? {
        guard let mean else { return nil }
        func rest(_ share: Double) -> Double {
            1 - value(rank: count + 1 - Self.rank(share, of: count))
        }
        return Percentiles(
            p1: rest(0.01), p50: rest(0.5), p95: rest(0.95), p99: rest(0.99), max: 1 - least,
            mean: 1 - mean)
    }
}
