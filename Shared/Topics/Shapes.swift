/// A function's closed slot: what it used and did in five minutes: `shapes`.
///
/// A correction is the whole slot again and supersedes what was published of it before.
public struct FunctionShape: FunctionMessage {
    public static let topic = Topic.shapes
    public static let slotMs: Int64 = 300_000
    public static let minutesPerSlot = 5

    public var customer: String
    public var service: String
    public var function: String
    /// A multiple of `slotMs`.
    public var slotStartMs: Int64
    /// 0 for the first publication of this slot, then one more for each correction.
    public var correction: Int

    /// Invocations that started in the slot, by how they ended.
    public var counts: OutcomeCounts
    /// (5) of the slot's minutes: invocations that started then.
    public var perMinute: [Int]
    /// CPU time used inside the slot: a long invocation is spread over the slots it ran in.
    public var cpuMs: Double
    /// Memory allotted x time, inside the slot, in GB-seconds.
    public var gbSeconds: Double
    /// The most executions at any one moment of the slot.
    public var concurrencyPeak: Int

    /// Of invocations that started in the slot; nil when none did.
    public var durationMs: Percentiles?
    /// Between one start and the next, of those in the slot; nil when fewer than two started.
    public var interarrivalMs: Percentiles?
    public var memoryPeakMb: Percentiles?
    /// `(deadline - duration) / deadline`: near 0 is strict, near 1 lax.
    public var deadlineSlack: Percentiles?
    /// Of `counts.success`, those that did not end after their deadline; those without one count, too.
    /// Nil where no invocation of the slot had a deadline, or nobody counted.
    public var successInTime: Int?
    public var coldStarts: Int
    public var initMs: Percentiles?

    /// As the last invocation said.
    public var memoryMb: Double
    public var trigger: String?
    public var runtime: String?
    public var deadlineMs: Double?

    public init(
        customer: String, service: String, function: String, slotStartMs: Int64,
        correction: Int = 0, counts: OutcomeCounts = OutcomeCounts(),
        perMinute: [Int] = [0, 0, 0, 0, 0], cpuMs: Double = 0, gbSeconds: Double = 0,
        concurrencyPeak: Int = 0, durationMs: Percentiles? = nil,
        interarrivalMs: Percentiles? = nil, memoryPeakMb: Percentiles? = nil,
        deadlineSlack: Percentiles? = nil, coldStarts: Int = 0, initMs: Percentiles? = nil,
        memoryMb: Double = 0, trigger: String? = nil, runtime: String? = nil,
        deadlineMs: Double? = nil, successInTime: Int? = nil
    ) {
        self.customer = customer
        self.service = service
        self.function = function
        self.slotStartMs = slotStartMs
        self.correction = correction
        self.counts = counts
        self.perMinute = perMinute
        self.cpuMs = cpuMs
        self.gbSeconds = gbSeconds
        self.concurrencyPeak = concurrencyPeak
        self.durationMs = durationMs
        self.interarrivalMs = interarrivalMs
        self.memoryPeakMb = memoryPeakMb
        self.deadlineSlack = deadlineSlack
        self.coldStarts = coldStarts
        self.initMs = initMs
        self.memoryMb = memoryMb
        self.trigger = trigger
        self.runtime = runtime
        self.deadlineMs = deadlineMs
        self.successInTime = successInTime
    }

    /// Mean CPU in use over the slot, in thousandths of a core.
    public var demandMilliCpu: Double { cpuMs / Double(Self.slotMs) * 1_000 }
    /// Mean memory in use over the slot.
    public var demandMemoryMb: Double { gbSeconds * 1_024 / (Double(Self.slotMs) / 1_000) }

    public func validate() throws(Rejection) {
        try FieldLimits.check(name: customer, of: "customer")
        try FieldLimits.check(name: service, of: "service")
        try FieldLimits.check(name: function, of: "function")
        try FieldLimits.check(timeMs: slotStartMs, of: "slot_start_ms")
        guard slotStartMs % Self.slotMs == 0 else {
            throw Rejection(.outOfRange, "slot_start_ms \(slotStartMs) starts no slot")
        }
        guard perMinute.count == Self.minutesPerSlot else {
            throw Rejection(.outOfRange, "per_minute has \(perMinute.count) values, expected 5")
        }
        try FieldLimits.check(cpuMs, in: 0...1e15, of: "cpu_ms")
        try FieldLimits.check(gbSeconds, in: 0...1e15, of: "gb_seconds")
        try checkCounts()
        try FieldLimits.check(memoryMb, in: 0...FieldLimits.memoryMbMax, of: "memory_mb")
        if let deadlineMs {
            try FieldLimits.check(
                deadlineMs, in: 0...FieldLimits.durationMsMax, of: "deadline_ms")
        }
        try checkInterarrival()
        if let trigger { try FieldLimits.check(word: trigger, of: "trigger") }
        if let runtime { try FieldLimits.check(word: runtime, of: "runtime") }
    }

    /// The gaps lie in the slot.
    private func checkInterarrival() throws(Rejection) {
        guard let gaps = interarrivalMs else { return }
        let slot = 0...Double(Self.slotMs)
        for gap in [gaps.p1, gaps.p50, gaps.p95, gaps.p99, gaps.max, gaps.mean] {
            try FieldLimits.check(gap, in: slot, of: "interarrival_ms")
        }
    }

    private func checkCounts() throws(Rejection) {
        let counted = 0...FieldLimits.countMax
        for count in counts.all { try FieldLimits.check(count, in: counted, of: "counts") }
        for count in perMinute { try FieldLimits.check(count, in: counted, of: "per_minute") }
        if let successInTime {
            try FieldLimits.check(successInTime, in: 0...counts.success, of: "success_in_time")
        }
        try FieldLimits.check(concurrencyPeak, in: counted, of: "concurrency_peak")
        try FieldLimits.check(coldStarts, in: counted, of: "cold_starts")
        try FieldLimits.check(correction, in: 0...FieldLimits.versionMax, of: "correction")
    }
}

public struct OutcomeCounts: Codable, Equatable, Sendable {
    public var success = 0
    public var error = 0
    public var timeout = 0
    public var outOfMemory = 0
    public var throttled = 0
    public var killed = 0
    /// Of `error`: those whose outcome was a word we do not know.
    public var unknown = 0

    public init() {}

    public var total: Int { success + error + timeout + outOfMemory + throttled + killed }
    public var failures: Int { total - success }
    /// Each count, `unknown` the last.
    public var all: [Int] {
        [success, error, timeout, outOfMemory, throttled, killed, unknown]
    }

    public mutating func add(_ outcome: Outcome, _ count: Int = 1) {
        switch outcome {
        case .success: success += count
        case .error: error += count
        case .timeout: timeout += count
        case .outOfMemory: outOfMemory += count
        case .throttled: throttled += count
        case .killed: killed += count
        case .unknown:
            error += count
            unknown += count
        }
    }
}

public struct Percentiles: Codable, Equatable, Sendable {
    public var p1: Double
    public var p50: Double
    public var p95: Double
    public var p99: Double
    public var max: Double
    public var mean: Double

    public init(p1: Double, p50: Double, p95: Double, p99: Double, max: Double, mean: Double) {
        self.p1 = p1
        self.p50 = p50
        self.p95 = p95
        self.p99 = p99
        self.max = max
        self.mean = mean
    }
}
