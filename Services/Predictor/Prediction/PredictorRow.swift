public import Topics

/// What the predictor has written to its tables.
public enum PredictorRow: Equatable, Sendable {
    /// In place of what is there of the service.
    case prediction(Prediction)
    /// Nothing more is foretold of the service.
    case forgotten(ServiceID)
    /// In place of what is there of the partition's kind at that hour, day or week.
    case kind(KindDemand)
    /// In place of what is there of the partition and day.
    case score(PredictionScore)
    /// In place of what is there of the partition and task.
    case canaries(CanaryList)
}

/// The services of a partition of which one more outcome would teach most, for a task, the best first.
public struct CanaryList: Equatable, Sendable {
    public struct Entry: Equatable, Sendable {
        public var service: ServiceID
        public var outcomes: Int
        /// By how much one more outcome is expected to lower the task's log-loss, in nats.
        public var gain: Double
        /// Of the service, in the task.
        public var weight: Double
    }

    public var partition: Int32
    public var task: CanaryTask
    /// Event time up to which is known.
    public var asOfMs: Int64
    public var entries: [Entry]

    /// Of a partition and task.
    public static let entriesMax = 20
}

/// How well a partition's success rates foretold a day's outcomes, beside the trivial baseline.
///
/// Each slot's outcomes were scored by what was foretold before any of them was known. Sums of
/// -ln p of what happened, in nats: divide by the outcomes for a mean.
public struct PredictionScore: Equatable, Sendable {
    public var partition: Int32
    /// Event time at which the day starts, UTC.
    public var dayStartMs: Int64
    public var outcomes = 0
    public var successes = 0
    public var logLoss = 0.0
    /// Of the fleet's running rate.
    public var baselineLogLoss = 0.0
    /// Of these, outcomes of services of which at most ten were known.
    public var newOutcomes = 0
    public var newLogLoss = 0.0
    public var newBaselineLogLoss = 0.0
    public var calibration = Calibration()

    public init(partition: Int32, dayStartMs: Int64) {
        self.partition = partition
        self.dayStartMs = dayStartMs
    }

    mutating func add(_ slot: ServiceState.RecentSlot) {
        let failures = slot.outcomes - slot.successes
        let ours = logLossOf(slot.foretold.rate, successes: slot.successes, failures: failures)
        let theirs = logLossOf(slot.baseline, successes: slot.successes, failures: failures)
        calibration.add(slot)
        outcomes += slot.outcomes
        successes += slot.successes
        logLoss += ours
        baselineLogLoss += theirs
        guard slot.isNew else { return }
        newOutcomes += slot.outcomes
        newLogLoss += ours
        newBaselineLogLoss += theirs
    }
}
