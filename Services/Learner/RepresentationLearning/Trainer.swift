public import Numerics
public import Processing
public import Topics

/// Fits the fleet's encoder on days that the partitions keep, and makes a release of it.
///
/// - Complexity: it reads and holds at most `Limits.trainingSamples` functions.
public struct Trainer: Sendable {
    private var histories: [FunctionID: FunctionHistory] = [:]

    public init() {}

    public var functions: Int { histories.count }

    /// Adds an entry of a partition's state; one that holds no day of a function is passed over.
    public mutating func add(_ entry: StateEntry) throws(CorruptState) {
        guard case .day(let function) = StateKey(entry.key), let value = entry.value else { return }
        guard histories[function] != nil || histories.count < Limits.trainingSamples else { return }
        try histories[function, default: FunctionHistory()].restore(day: value)
    }

    /// - Parameter previous: the model in force, whose cluster ids are to be kept.
    /// - Parameter knownFunctions: of the whole fleet, for the next decision.
    /// - Returns: nil when no function has an hour yet.
    public func release(
        previous: EncoderModel?, version: Int, knownFunctions: Int, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> ModelReleased? {
        let samples = histories.sorted { $0.key < $1.key }.compactMap { $0.value.ownView }
            .filter { $0.count >= DemandView.slotsPerHour }
        guard let from = samples.map(\.startSlot).min(), let to = samples.map(\.endSlot).max()
        else { return nil }
        let fit = try Training.fit(
            samples: samples, previous: previous, version: version, seed: seed)
        var metrics = fit.metrics
        metrics[Self.knownFunctions] = Double(knownFunctions)
        let parameters = fit.model.bytes
        precondition(
            parameters.count <= Limits.modelBytes, "encoder of \(parameters.count) bytes")
        return ModelReleased(
            name: LearnerStage.modelName, version: version, metrics: metrics,
            fittedFromMs: from * FunctionShape.slotMs, fittedToMs: to * FunctionShape.slotMs,
            seed: seed, parameters: parameters)
    }

    private static let knownFunctions = "known_functions"

    /// What the schedule has to know of a release.
    public static func summary(of release: ModelReleased) -> TrainingSchedule.Release {
        TrainingSchedule.Release(
            version: release.version, functions: Int(release.metrics[knownFunctions] ?? 0),
            fittedToMs: release.fittedToMs)
    }
}
