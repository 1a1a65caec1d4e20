public import Numerics
public import Processing
public import Topics

/// Fits the fleet's encoder on days that the partitions keep, and makes a release of it.
///
public struct Trainer: Sendable {
    private let functionsMax: Int
    private var histories: [FunctionID: FunctionHistory] = [:]

    /// - Parameter functionsMax: those beyond are passed over.
    public init(functionsMax: Int = Limits.trainingSamples) { self.functionsMax = functionsMax }

    public var functions: Int { histories.count }

    /// Adds an entry of a partition's state; one that is not of a function is passed over.
    public mutating func add(_ entry: StateEntry) throws(CorruptState) {
        guard let key = StateKey(entry.key), let value = entry.value else { return }
        switch key {
        case .function(let function):
            guard hasRoom(for: function) else { return }
            try histories[function, default: FunctionHistory()].restore(head: value)
        case .day(let function):
            guard hasRoom(for: function) else { return }
            try histories[function, default: FunctionHistory()].restore(day: value)
        case .partition, .model: break
        }
    }

    private func hasRoom(for function: FunctionID) -> Bool {
        histories[function] != nil || histories.count < functionsMax
    }

    /// A fit, and whether it is to take the place of the model in force.
    public struct Trained: Sendable {
        public let release: ModelReleased
        /// The sizes that were tried.
        public let candidates: [ModelCandidate]
        /// Not worse than the model in force where both were judged; the first one always is.
        public let isReleased: Bool
    }

    /// How much worse a model may be and still be released, in the share of functions recognised:
    /// what one day differs from another.
    static let recallLost = 0.01

    /// - Parameter previous: the model in force, whose cluster ids are to be kept.
    /// - Parameter knownFunctions: of the whole fleet, for the next decision.
    /// - Parameter budget: what the model may cost. Its groups are customers and triggers.
    /// - Returns: nil when no function has an hour yet.
    public func train(
        previous: EncoderModel?, budget: ModelBudget = ModelBudget(), version: Int,
        knownFunctions: Int, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> Trained? {
        let samples = histories.sorted { $0.key < $1.key }.compactMap(Self.sample)
        let views = samples.flatMap(\.views)
        guard let from = views.map(\.startSlot).min(), let to = views.map(\.endSlot).max()
        else { return nil }
        let fit = try Training.fit(
            samples: samples, budget: budget, previous: previous, version: version, seed: seed)
        var metrics = fit.metrics
        metrics[Self.knownFunctions] = Double(knownFunctions)
        let parameters = fit.model.bytes
        precondition(
            parameters.count <= Limits.modelBytes, "encoder of \(parameters.count) bytes")
        let release = ModelReleased(
            name: LearnerStage.modelName, version: version, metrics: metrics,
            fittedFromMs: from * FunctionShape.slotMs, fittedToMs: to * FunctionShape.slotMs,
            seed: seed, parameters: parameters)
        guard let own = metrics["recall_at_1"], let inForce = metrics["recall_at_1_in_force"]
        else { return Trained(release: release, candidates: fit.candidates, isReleased: true) }
        return Trained(
            release: release, candidates: fit.candidates,
            isReleased: own >= inForce - Self.recallLost)
    }

    /// nil where less than an hour of it is known.
    private static func sample(_ id: FunctionID, _ history: FunctionHistory) -> TrainingSample? {
        guard let view = history.ownView, view.count >= DemandView.slotsPerHour else { return nil }
        let trigger = history.trigger.map { [FunctionGroup(.trigger, $0)] } ?? []
        return TrainingSample(
            [view], groups: [FunctionGroup(.customer, id.service.customer)] + trigger,
            successShare: history.successShare)
    }

    private static let knownFunctions = "known_functions"
    private static let rolledBackTo = "rolled_back_to"
    private static let rolledBackAtMs = "rolled_back_at_ms"

    /// What the schedule has to know of a release.
    public static func summary(of release: ModelReleased) -> TrainingSchedule.Release {
        // Who went back does not want to be overtaken at once.
        let since = max(release.fittedToMs, Int64(release.metrics[rolledBackAtMs] ?? 0))
        return TrainingSchedule.Release(
            version: release.version, functions: Int(release.metrics[knownFunctions] ?? 0),
            fittedToMs: since, distance: release.metrics["distance"])
    }

    /// An earlier release again, under a version of its own: every partition takes it as it takes any.
    ///
    /// - Parameter timeMs: the fleet's event time: the schedule counts from here.
    /// - Throws: when its parameters are no encoder's.
    public static func rollBack(
        to old: ModelReleased, version: Int, timeMs: Int64
    ) throws(CorruptState) -> ModelReleased {
        var metrics = old.metrics
        metrics[rolledBackTo] = Double(old.version)
        metrics[rolledBackAtMs] = Double(timeMs)
        let model = try EncoderModel(bytes: Array(old.parameters)).with(version: version)
        return ModelReleased(
            name: old.name, version: version, metrics: metrics, fittedFromMs: old.fittedFromMs,
            fittedToMs: old.fittedToMs, seed: old.seed, parameters: model.bytes)
    }
}
