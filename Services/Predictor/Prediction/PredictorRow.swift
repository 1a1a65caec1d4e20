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

    public init(partition: Int32, dayStartMs: Int64) {
        self.partition = partition
        self.dayStartMs = dayStartMs
    }

    mutating func add(_ slot: ServiceState.RecentSlot) {
        let failures = slot.outcomes - slot.successes
        let ours = logLossOf(slot.foretold, successes: slot.successes, failures: failures)
        let theirs = logLossOf(slot.baseline, successes: slot.successes, failures: failures)
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
