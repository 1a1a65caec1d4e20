internal import Numerics
public import Topics

/// What stays the same about a function from one execution to the next.
public final class FunctionProfile: Sendable {
    /// Counts a workload's functions in order of appearance.
    public let number: Int
    public let id: FunctionID
    public let trigger: String
    /// Nil where the trace does not say.
    public let runtime: String?
    /// Allotted.
    public let memoryMb: Double
    public let deadlineMs: Double
    /// What it used of the CPU while it ran, in (0, 1].
    public let utilisation: Double

    let seed: UInt64
    let durationMs: Spread
    /// Durations were measured, those of failures with them: an outcome drawn changes none.
    let durationIsMeasured: Bool
    /// A trace says how each execution came out, and nothing is drawn: what it does not say is left
    /// out of the invocations.
    let isRecorded: Bool
    let memoryPeakMb: Spread
    let initMs: Spread
    let failures: FailureLaw
    /// The pieces of its JSON that never change.
    let template: InvocationTemplate

    init(
        number: Int, id: FunctionID, trigger: String, runtime: String?, memoryMb: Double,
        deadlineMs: Double, utilisation: Double, seed: UInt64, durationMs: Spread,
        durationIsMeasured: Bool = false, isRecorded: Bool = false, memoryPeakMb: Spread,
        initMs: Spread, failures: FailureLaw
    ) {
        precondition(utilisation > 0 && utilisation <= 1, "utilisation is \(utilisation)")
        self.number = number
        self.id = id
        self.trigger = trigger
        self.runtime = runtime
        self.memoryMb = memoryMb
        self.deadlineMs = deadlineMs
        self.utilisation = utilisation
        self.seed = seed
        self.durationMs = durationMs
        self.durationIsMeasured = durationIsMeasured
        self.isRecorded = isRecorded
        self.memoryPeakMb = memoryPeakMb
        self.initMs = initMs
        self.failures = failures
        template = InvocationTemplate(
            id, trigger: trigger, runtime: runtime, memoryMb: memoryMb,
            deadlineMs: isRecorded ? nil : deadlineMs)
    }

    /// A function of which nothing is drawn.
    convenience init(recorded id: FunctionID, number: Int, trigger: String, seed: UInt64) {
        var random = SeededRandom(seed: seed, for: id.path)
        let none = Spread.logNormal(median: 0, sigma: 0)
        self.init(
            number: number, id: id, trigger: trigger, runtime: nil,
            memoryMb: RecordedReplay.memoryMb, deadlineMs: RecordedReplay.deadlineMs,
            utilisation: 1, seed: random.next(), durationMs: none, durationIsMeasured: true,
            isRecorded: true, memoryPeakMb: none, initMs: none,
            failures: FailureLaw(rate: 0, deploySeed: nil))
    }
}

/// How often a function fails, and when worse than usual.
struct FailureLaw: Sendable, Equatable {
    /// Outside broken deploys.
    let rate: Double
    /// Where broken deploys are drawn from; nil where there are none.
    let deploySeed: UInt64?

    /// A deploy breaks a service on one day in fifty...
    static let brokenDeploysPerDay = 0.02
    /// ...which then fails this often...
    static let brokenRate = 0.85
    /// ...until it is rolled back.
    static let brokenMinutes = 60...360

    func rate(minute: Int) -> Double {
        guard let deploySeed else { return rate }
        let day = minute / dayMinutes
        // Yesterday's may reach into today.
        for d in max(0, day - 1)...day {
            var random = SeededRandom(seed: deploySeed, at: UInt64(d))
            guard random.chance(Self.brokenDeploysPerDay) else { continue }
            let from = d * dayMinutes + random.integer(below: dayMinutes)
            let span = Self.brokenMinutes.upperBound - Self.brokenMinutes.lowerBound
            let length = Self.brokenMinutes.lowerBound + random.integer(below: span + 1)
            if (from..<from + length).contains(minute) { return Self.brokenRate }
        }
        return rate
    }
}
