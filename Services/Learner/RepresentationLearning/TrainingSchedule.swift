public import Processing
internal import Topics

/// What a partition's state entry `partition` says of it.
public struct PartitionSummary: Equatable, Sendable {
    public let lastSlot: Int64
    let lookedUntil: Int64
    public let functions: Int
    /// Functions known for an hour or more.
    public let functionsOfAnHour: Int
    public let modelVersion: Int
    /// Functions that have a vector of that model, and the sum of what these lie from their clusters'
    /// centroids.
    let distances: Int
    let distanceSum: Double

    private static let codingVersion: UInt8 = 2

    init(
        lastSlot: Int64, lookedUntil: Int64, functions: Int, functionsOfAnHour: Int,
        modelVersion: Int, distances: Int = 0, distanceSum: Double = 0
    ) {
        self.lastSlot = lastSlot
        self.lookedUntil = lookedUntil
        self.functions = functions
        self.functionsOfAnHour = functionsOfAnHour
        self.modelVersion = modelVersion
        self.distances = distances
        self.distanceSum = distanceSum
    }

    public init(bytes: [UInt8]) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: Self.codingVersion)
        lastSlot = try reader.readInt64(in: StateLimits.slots)
        lookedUntil = try reader.readInt64(in: StateLimits.slots)
        functions = try reader.readInt(in: StateLimits.counts)
        functionsOfAnHour = try reader.readInt(in: StateLimits.counts)
        modelVersion = try reader.readInt(in: 0...FieldLimits.versionMax)
        let hasDistances = reader.version > 1
        distances = hasDistances ? try reader.readInt(in: StateLimits.counts) : 0
        distanceSum =
            hasDistances ? try reader.readDouble(in: -1...StateLimits.amounts.upperBound) : 0
        try reader.finish()
    }

    var bytes: [UInt8] {
        var writer = StateWriter(version: Self.codingVersion)
        writer.write(lastSlot)
        writer.write(lookedUntil)
        writer.write(functions)
        writer.write(functionsOfAnHour)
        writer.write(modelVersion)
        writer.write(distances)
        writer.write(distanceSum)
        return writer.bytes
    }
}

/// When the fleet's encoder is fitted anew.
public enum TrainingSchedule {
    public static let functionsMin = 8
    static let refitSlots: Int64 = 288
    /// Drift is looked for when a model is a quarter of a day old.
    static let driftSlots: Int64 = 72
    /// The fleet has drifted when its functions lie so much farther from their clusters' centroids,
    /// on average, than those did that the model was fitted on.
    static let driftFactor = 1.5
    static let driftLeast = 0.02

    /// The last release.
    public struct Release: Equatable, Sendable {
        public let version: Int
        /// Functions known for an hour when it was fitted.
        public let functions: Int
        public let fittedToMs: Int64
        /// The mean distance of what it was fitted on; nil where that is not known.
        public let distance: Double?

        public init(version: Int, functions: Int, fittedToMs: Int64, distance: Double? = nil) {
            self.version = version
            self.functions = functions
            self.fittedToMs = fittedToMs
            self.distance = distance
        }
    }

    /// Why to fit now.
    public enum Reason: String, Sendable {
        case first = "no model is released"
        case growth = "the fleet doubled"
        case age = "a day passed"
        case drift = "functions drifted away from their clusters"
    }

    /// - Parameter partitions: of all partitions that have state.
    public static func reason(
        after last: Release?, _ partitions: [PartitionSummary]
    ) -> Reason? {
        let functions = knownFunctions(partitions)
        guard functions >= functionsMin else { return nil }
        guard let last else { return .first }
        if functions >= 2 * max(last.functions, 1) { return .growth }
        let newestMs = newestMs(partitions)
        let ageSlots = (newestMs - last.fittedToMs) / FunctionShape.slotMs
        if ageSlots >= refitSlots { return .age }
        guard ageSlots >= driftSlots, let fitted = last.distance,
            let distance = meanDistance(partitions, modelVersion: last.version)
        else { return nil }
        return distance > driftFactor * fitted + driftLeast ? .drift : nil
    }

    /// What functions lie from their clusters' centroids, on average; nil while few have a vector of
    /// that model.
    public static func meanDistance(
        _ partitions: [PartitionSummary], modelVersion: Int
    ) -> Double? {
        let moved = partitions.filter { $0.modelVersion == modelVersion }
        let count = moved.reduce(0) { $0 + $1.distances }
        guard count >= functionsMin else { return nil }
        return moved.reduce(0) { $0 + $1.distanceSum } / Double(count)
    }

    public static func newestMs(_ partitions: [PartitionSummary]) -> Int64 {
        (partitions.map(\.lastSlot).max() ?? 0) * FunctionShape.slotMs
    }

    public static func knownFunctions(_ partitions: [PartitionSummary]) -> Int {
        partitions.reduce(0) { $0 + $1.functionsOfAnHour }
    }
}
