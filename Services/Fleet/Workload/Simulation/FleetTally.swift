public import Topics

/// What a simulated fleet came to.
public struct FleetTally: Sendable, Equatable {
    /// Executions that ended, those that were throttled included.
    public internal(set) var executions = Counts()
    /// Ended at their deadline.
    public internal(set) var misses = Counts()
    /// Of the misses those that would have been none alone on an idle worker.
    public internal(set) var contentionMisses = Counts()
    /// Took more than twice as long as alone.
    public internal(set) var slowed = Counts()
    public internal(set) var coldStarts = 0
    /// Ran on their home worker or one next to it, for their function had none that was up.
    public internal(set) var unplaced = 0
    /// No worker of their cell was up.
    public internal(set) var refused = 0
    /// With a worker that failed.
    public internal(set) var killed = 0
    public internal(set) var workersFailed = 0
    /// CPU that executions demanded while they ran, and what they got.
    public internal(set) var demandedCoreSeconds = 0.0
    public internal(set) var grantedCoreSeconds = 0.0
    /// Worker-minutes in which a worker had a function placed on it or ran anything.
    public internal(set) var workerMinutes = 0
    public internal(set) var joules = 0.0
    /// Minutes that were closed.
    public internal(set) var minutes = 0

    /// A number by tier.
    public struct Counts: Sendable, Equatable {
        private var byRank = Array(repeating: 0, count: Tier.allCases.count)

        public subscript(tier: Tier) -> Int {
            get { byRank[tier.rank] }
            set { byRank[tier.rank] = newValue }
        }
        public var total: Int { byRank.reduce(0, +) }

        static func - (a: Self, b: Self) -> Self {
            var difference = a
            for i in b.byRank.indices { difference.byRank[i] -= b.byRank[i] }
            return difference
        }
    }

    public init() {}

    /// Of the CPU demanded, what was not to be had at that moment.
    public var throttledShare: Double {
        demandedCoreSeconds > 0 ? 1 - grantedCoreSeconds / demandedCoreSeconds : 0
    }

    /// On average over the minutes.
    public var workersUsed: Double {
        minutes > 0 ? Double(workerMinutes) / Double(minutes) : 0
    }

    /// What happened since an earlier moment.
    public func since(_ earlier: FleetTally) -> FleetTally {
        var tally = FleetTally()
        tally.executions = executions - earlier.executions
        tally.misses = misses - earlier.misses
        tally.contentionMisses = contentionMisses - earlier.contentionMisses
        tally.slowed = slowed - earlier.slowed
        tally.coldStarts = coldStarts - earlier.coldStarts
        tally.unplaced = unplaced - earlier.unplaced
        tally.refused = refused - earlier.refused
        tally.killed = killed - earlier.killed
        tally.workersFailed = workersFailed - earlier.workersFailed
        tally.demandedCoreSeconds = demandedCoreSeconds - earlier.demandedCoreSeconds
        tally.grantedCoreSeconds = grantedCoreSeconds - earlier.grantedCoreSeconds
        tally.workerMinutes = workerMinutes - earlier.workerMinutes
        tally.joules = joules - earlier.joules
        tally.minutes = minutes - earlier.minutes
        return tally
    }

    mutating func count(_ end: SimulatedEnd) {
        executions[end.tier] += 1
        let execution = end.execution
        if execution.outcome == .timeout { misses[end.tier] += 1 }
        if end.missesByContention { contentionMisses[end.tier] += 1 }
        if execution.durationMicros > 2 * end.aloneMicros { slowed[end.tier] += 1 }
        if execution.initMicros != nil { coldStarts += 1 }
    }
}
