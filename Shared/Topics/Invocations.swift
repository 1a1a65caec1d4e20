/// One execution of a function, written when it ends: `invocations`.
public struct Invocation: FunctionMessage {
    public static let topic = Topic.invocations

    public var customer: String
    public var service: String
    public var function: String
    /// The execution's own id, unique within the function.
    public var invocation: String
    public var startedAtMs: Int64
    public var durationMs: Double
    /// CPU time used; absent where the platform does not measure it.
    public var cpuMs: Double?
    /// Allotted.
    public var memoryMb: Double
    public var memoryPeakMb: Double?
    /// Time to initialise; present exactly for a cold start.
    public var initMs: Double?
    public var deadlineMs: Double?
    public var trigger: String?
    public var runtime: String?
    public var worker: String?
    public var outcome: Outcome

    public init(
        customer: String, service: String, function: String, invocation: String,
        startedAtMs: Int64, durationMs: Double, cpuMs: Double? = nil, memoryMb: Double,
        memoryPeakMb: Double? = nil, initMs: Double? = nil, deadlineMs: Double? = nil,
        trigger: String? = nil, runtime: String? = nil, worker: String? = nil, outcome: Outcome
    ) {
        self.customer = customer
        self.service = service
        self.function = function
        self.invocation = invocation
        self.startedAtMs = startedAtMs
        self.durationMs = durationMs
        self.cpuMs = cpuMs
        self.memoryMb = memoryMb
        self.memoryPeakMb = memoryPeakMb
        self.initMs = initMs
        self.deadlineMs = deadlineMs
        self.trigger = trigger
        self.runtime = runtime
        self.worker = worker
        self.outcome = outcome
    }

    /// Of producers that follow the design the key is the service; readers do not depend on it.
    public var key: String { serviceID.path }

    public func validate() throws(Rejection) {
        try FieldLimits.check(name: customer, of: "customer")
        try FieldLimits.check(name: service, of: "service")
        try FieldLimits.check(name: function, of: "function")
        try FieldLimits.check(name: invocation, of: "invocation")
        if let trigger { try FieldLimits.check(name: trigger, of: "trigger") }
        if let runtime { try FieldLimits.check(name: runtime, of: "runtime") }
        if let worker { try FieldLimits.check(name: worker, of: "worker") }
        try Self.check(
            startedAtMs: startedAtMs, durationMs: durationMs, cpuMs: cpuMs, memoryMb: memoryMb,
            memoryPeakMb: memoryPeakMb, initMs: initMs, deadlineMs: deadlineMs)
    }

    static func check(
        startedAtMs: Int64, durationMs: Double, cpuMs: Double?, memoryMb: Double,
        memoryPeakMb: Double?, initMs: Double?, deadlineMs: Double?
    ) throws(Rejection) {
        let times = 0...FieldLimits.durationMsMax
        let sizes = 0...FieldLimits.memoryMbMax
        try FieldLimits.check(timeMs: startedAtMs, of: "started_at_ms")
        try FieldLimits.check(durationMs, in: times, of: "duration_ms")
        try FieldLimits.check(memoryMb, in: sizes, of: "memory_mb")
        if let cpuMs {
            // A worker has at most 1,024 cores.
            try FieldLimits.check(cpuMs, in: 0...FieldLimits.durationMsMax * 1_024, of: "cpu_ms")
        }
        if let memoryPeakMb {
            try FieldLimits.check(memoryPeakMb, in: sizes, of: "memory_peak_mb")
        }
        if let initMs { try FieldLimits.check(initMs, in: times, of: "init_ms") }
        if let deadlineMs { try FieldLimits.check(deadlineMs, in: times, of: "deadline_ms") }
    }
}

/// How an invocation ended.
public enum Outcome: String, CaseIterable, Codable, Sendable {
    case success
    case error
    case timeout
    case outOfMemory = "out_of_memory"
    case throttled
    case killed
    /// A word that we do not know: it counts as `error` and is counted apart.
    case unknown

    public init(from decoder: any Decoder) throws {
        self = Outcome(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }
}
