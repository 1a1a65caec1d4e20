internal import Numerics
public import Topics

/// One execution as the workload drew it: numbers only, whole thousandths, so that the same
/// execution has the same text everywhere.
public struct Execution: Sendable, Equatable {
    /// Its `FunctionProfile.number`.
    public let function: Int
    public let startedAtMs: Int64
    public private(set) var durationMicros: Int64
    /// Nil where a trace does not say and nothing is drawn; so is the peak of the memory.
    public private(set) var cpuMicros: Int64?
    /// Thousandths of an MB.
    public let memoryPeakMilliMb: Int64?
    /// Of a cold start.
    public private(set) var initMicros: Int64?
    public private(set) var outcome: Outcome
    /// Among those of its function that started at the same millisecond.
    let twin: Int
    /// What the trace calls it, if it does.
    var label: Int64?
    /// Its place in the workload; set when its turn comes.
    public internal(set) var sequence = Sequence(minute: 0, rank: 0)

    var startMicros: Int64 { startedAtMs * 1_000 }
    var endMicros: Int64 { startMicros + durationMicros }
    /// When its event is due.
    public var endedAtMs: Int64 { endMicros / 1_000 }

    /// `g1.k3f9-1a2b3c`; with a label `gj1.k3f9-1a2b3c-6251668960`.
    func id(run: String) -> String {
        sequence.invocation(run: run) + (label.map { "-\($0)" } ?? "")
    }

    /// The order of sending: by end, and the same for every equal end.
    static func isSentBefore(_ a: Execution, _ b: Execution) -> Bool {
        (a.endMicros, a.function, a.startedAtMs, a.twin)
            < (b.endMicros, b.function, b.startedAtMs, b.twin)
    }

    /// The order of starting, and the same for every equal start.
    static func isStartedBefore(_ a: Execution, _ b: Execution) -> Bool {
        (a.startedAtMs, a.function, a.twin) < (b.startedAtMs, b.function, b.twin)
    }

    /// As it came out where it ran.
    func ended(
        atMicros micros: Int64, cpuMicros: Int64?, initMicros: Int64?, _ outcome: Outcome
    ) -> Execution {
        var ended = self
        ended.durationMicros = micros - startMicros
        ended.cpuMicros = cpuMicros
        ended.initMicros = initMicros
        ended.outcome = outcome
        return ended
    }

    /// - Parameter worker: where the fleet ran it, if that is known.
    public func invocation(of profile: FunctionProfile, run: String, worker: String? = nil)
        -> Invocation
    {
        Invocation(
            customer: profile.id.service.customer, service: profile.id.service.service,
            function: profile.id.function, invocation: id(run: run),
            startedAtMs: startedAtMs, durationMs: Double(durationMicros) / 1_000,
            cpuMs: cpuMicros.map { Double($0) / 1_000 }, memoryMb: profile.memoryMb,
            memoryPeakMb: memoryPeakMilliMb.map { Double($0) / 1_000 },
            initMs: initMicros.map { Double($0) / 1_000 },
            deadlineMs: profile.isRecorded ? nil : profile.deadlineMs,
            trigger: profile.trigger, runtime: profile.runtime, worker: worker, outcome: outcome)
    }
}

extension Execution {
    /// One of which the trace says how it came out; what it does not say is left open.
    init(of profile: FunctionProfile, startedAtMs: Int64, twin: Int, _ measured: Measured?) {
        guard let measured, let outcome = measured.outcome else {
            preconditionFailure("nothing is recorded of an execution of \(profile.id)")
        }
        self.init(
            function: profile.number, startedAtMs: startedAtMs,
            durationMicros: measured.durationMicros, cpuMicros: nil, memoryPeakMilliMb: nil,
            initMicros: nil, outcome: outcome, twin: twin, label: measured.label)
    }
}

/// When an execution begins, before anything else about it is known.
struct Arrival {
    let function: Int
    let startedAtMs: Int64
}

/// Draws the executions of one function in one minute.
struct ExecutionDraw {
    let profile: FunctionProfile
    let failureRate: Double
    private var random: SeededRandom

    init(_ profile: FunctionProfile, minute: Int) {
        self.profile = profile
        failureRate = profile.failures.rate(minute: minute)
        // Apart from the stream that drew the arrivals.
        random = SeededRandom(seed: ~profile.seed, at: UInt64(minute))
    }

    /// - Parameter measuredMicros: how long it took, where that is known.
    mutating func execution(
        startedAtMs: Int64, twin: Int, isCold: Bool, durationMsMax: Double,
        measuredMicros: Int64? = nil
    ) -> Execution {
        var duration = min(durationMsMax, profile.durationMs.value(at: random.openUniform()))
        if let measuredMicros { duration = Double(measuredMicros) / 1_000 }
        var peak = min(profile.memoryMb, profile.memoryPeakMb.value(at: random.openUniform()))
        var cold = isCold ? profile.initMs.value(at: random.openUniform()) : nil
        var outcome = Outcome.success
        let u = random.uniform()
        if u < failureRate {
            outcome = failure(share: u / failureRate)
            switch outcome {
            case .timeout where profile.durationIsMeasured,
                .throttled where profile.durationIsMeasured:
                outcome = .error
            case _ where profile.durationIsMeasured: break
            case .timeout: duration = profile.deadlineMs
            case .outOfMemory: peak = profile.memoryMb
            case .throttled: (duration, peak, cold) = (0, 0, nil)
            // What fails or is killed mostly does so on the way.
            default: duration *= 0.3
            }
        }
        if duration >= profile.deadlineMs { (duration, outcome) = (profile.deadlineMs, .timeout) }
        let durationMicros = Int64((duration * 1_000).rounded())
        let cpu = Double(durationMicros) * profile.utilisation
        return Execution(
            function: profile.number, startedAtMs: startedAtMs, durationMicros: durationMicros,
            cpuMicros: Int64(cpu.rounded(.down)),
            memoryPeakMilliMb: Int64((peak * 1_000).rounded()),
            initMicros: cold.map { Int64(($0 * 1_000).rounded()) }, outcome: outcome, twin: twin)
    }

    /// Most failures are the code's own; no public trace tells the kinds apart.
    private func failure(share: Double) -> Outcome {
        switch share {
        case ..<0.80: .error
        case ..<0.88: .outOfMemory
        case ..<0.95: .timeout
        case ..<0.98: .throttled
        default: .killed
        }
    }
}
