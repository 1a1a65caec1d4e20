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

    init(
        lastSlot: Int64, lookedUntil: Int64, functions: Int, functionsOfAnHour: Int,
        modelVersion: Int
    ) {
        self.lastSlot = lastSlot
        self.lookedUntil = lookedUntil
        self.functions = functions
        self.functionsOfAnHour = functionsOfAnHour
        self.modelVersion = modelVersion
    }

    public init(bytes: [UInt8]) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: 1)
        lastSlot = try reader.readInt64(in: StateLimits.slots)
        lookedUntil = try reader.readInt64(in: StateLimits.slots)
        functions = try reader.readInt(in: StateLimits.counts)
        functionsOfAnHour = try reader.readInt(in: StateLimits.counts)
        modelVersion = try reader.readInt(in: 0...FieldLimits.versionMax)
        try reader.finish()
    }

    var bytes: [UInt8] {
        var writer = StateWriter(version: 1)
        writer.write(lastSlot)
        writer.write(lookedUntil)
        writer.write(functions)
        writer.write(functionsOfAnHour)
        writer.write(modelVersion)
        return writer.bytes
    }
}

/// When the fleet's encoder is fitted anew.
public enum TrainingSchedule {
    public static let functionsMin = 8
    static let refitSlots: Int64 = 288

    /// The last release.
    public struct Release: Equatable, Sendable {
        public let version: Int
        /// Functions known for an hour when it was fitted.
        public let functions: Int
        public let fittedToMs: Int64

        public init(version: Int, functions: Int, fittedToMs: Int64) {
            self.version = version
            self.functions = functions
            self.fittedToMs = fittedToMs
        }
    }

    /// Why to fit now.
    public enum Reason: String, Sendable {
        case first = "no model is released"
        case growth = "the fleet doubled"
        case age = "a day passed"
    }

    /// - Parameter partitions: of all partitions that have state.
    public static func reason(
        after last: Release?, _ partitions: [PartitionSummary]
    ) -> Reason? {
        let functions = knownFunctions(partitions)
        guard functions >= functionsMin else { return nil }
        guard let last else { return .first }
        if functions >= 2 * max(last.functions, 1) { return .growth }
        let newestMs = (partitions.map(\.lastSlot).max() ?? 0) * FunctionShape.slotMs
        return newestMs - last.fittedToMs >= refitSlots * FunctionShape.slotMs ? .age : nil
    }

    public static func knownFunctions(_ partitions: [PartitionSummary]) -> Int {
        partitions.reduce(0) { $0 + $1.functionsOfAnHour }
    }
}
