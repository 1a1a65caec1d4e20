public import Processing
internal import Topics

extension PredictorStage {
    static let partitionKey = "partition"
    static let contributionKey = "contribution"
    private static let servicePrefix = "service/"
    private static let layout: UInt8 = 3

    static func key(of id: ServiceID) -> String { "\(servicePrefix)\(id.path)" }

    public mutating func takeChanges() -> [StateEntry] {
        let entries = changed.sorted().map { key in
            switch key {
            case Self.partitionKey: StateEntry(key: key, value: encodedPartition)
            case Self.contributionKey: StateEntry(key: key, value: encodedContribution)
            default:
                StateEntry(
                    key: key,
                    value: key.rest(after: Self.servicePrefix)
                        .flatMap { Self.service(ofPath: $0) }
                        .flatMap { services[$0]?.encoded })
            }
        }
        changed = []
        return entries
    }

    public mutating func restore(_ entry: StateEntry) throws(CorruptState) {
        guard let bytes = entry.value else { return }
        switch entry.key {
        case Self.partitionKey: try restorePartition(bytes)
        case Self.contributionKey: try restoreContribution(bytes)
        default:
            guard
                let id = entry.key.rest(after: Self.servicePrefix)
                    .flatMap({ Self.service(ofPath: $0) })
            else { throw CorruptState("entry \"\(entry.key)\" is none of the predictor's") }
            services[id] = try ServiceState(decoding: bytes, of: id)
            // What was pending is not kept: all are published once more.
            dirty.insert(id)
        }
        combined = nil
        taught = nil
    }

    private var encodedPartition: [UInt8] {
        var writer = StateWriter(version: Self.layout)
        writer.write(watermarkMs != nil)
        if let watermarkMs { writer.write(watermarkMs) }
        writer.write(scored)
        writer.write(scores.sorted { $0.key < $1.key }) { $0.write($1.value) }
        writer.write(losses.success)
        for value in tail.outside { writer.write(value) }
        writer.write(tail.slots)
        writer.write(losses.inTime)
        return writer.bytes
    }

    private mutating func restorePartition(_ bytes: [UInt8]) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: Self.layout)
        watermarkMs = try reader.readBool() ? try reader.readInt64(in: StateLimits.timesMs) : nil
        scored = try reader.readScore(of: partition)
        for _ in 0..<(try reader.readUInt()) {
            let score = try reader.readScore(of: partition)
            scores[score.dayStartMs / Clock.dayMs] = score
            dirtyScores.insert(score.dayStartMs / Clock.dayMs)
        }
        if reader.version > 1 {
            losses.success = try reader.readLosses()
            for i in tail.outside.indices {
                tail.outside[i] = try reader.readInt64(in: IntervalTail.range)
            }
            tail.slots = try reader.readInt64(in: IntervalTail.range)
        }
        if reader.version > 2 { losses.inTime = try reader.readLosses() }
        try reader.finish()
    }

    private var encodedContribution: [UInt8] {
        var writer = StateWriter(version: Self.layout)
        writer.write(ownReleasedMs ?? 0)
        return writer.bytes + own.encoded
    }

    private mutating func restoreContribution(_ bytes: [UInt8]) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: Self.layout)
        let releasedMs = try reader.readInt64(in: StateLimits.timesMs)
        var writer = StateWriter(version: Self.layout)
        writer.write(releasedMs)
        own = try PriorContribution(decoding: Array(bytes.dropFirst(writer.bytes.count)))
        ownReleasedMs = releasedMs
    }
}

extension StateWriter {
    fileprivate mutating func write(_ score: PredictionScore) {
        write(score.dayStartMs)
        write(score.outcomes)
        write(score.successes)
        write(score.logLoss)
        write(score.baselineLogLoss)
        write(score.newOutcomes)
        write(score.newLogLoss)
        write(score.newBaselineLogLoss)
        let calibration = score.calibration
        for bins in [calibration.outcomes, calibration.expected, calibration.successes] {
            for value in bins { write(value) }
        }
        write(calibration.coverage.inside)
        write(calibration.coverage.count)
        write(calibration.hardness)
    }
}

extension StateReader {
    fileprivate mutating func readScore(
        of partition: Int32
    ) throws(CorruptState) -> PredictionScore {
        var score = PredictionScore(
            partition: partition, dayStartMs: try readInt64(in: StateLimits.timesMs))
        score.outcomes = try readInt(in: StateLimits.counts)
        score.successes = try readInt(in: StateLimits.counts)
        score.logLoss = try readDouble(in: StateLimits.amounts)
        score.baselineLogLoss = try readDouble(in: StateLimits.amounts)
        score.newOutcomes = try readInt(in: StateLimits.counts)
        score.newLogLoss = try readDouble(in: StateLimits.amounts)
        score.newBaselineLogLoss = try readDouble(in: StateLimits.amounts)
        if version > 1 { score.calibration = try readCalibration() }
        return score
    }

    private mutating func readCalibration() throws(CorruptState) -> Calibration {
        var calibration = Calibration()
        calibration.outcomes = try readBins()
        calibration.expected = try readBins()
        calibration.successes = try readBins()
        let inside = try readDouble(in: StateLimits.amounts)
        calibration.coverage = IntervalCoverage(
            inside: inside, count: try readDouble(in: StateLimits.amounts))
        calibration.hardness = try readDouble(in: -1e30...1e30)
        return calibration
    }

    private mutating func readBins() throws(CorruptState) -> [Double] {
        var values: [Double] = []
        for _ in 0..<Calibration.bins { values.append(try readDouble(in: StateLimits.amounts)) }
        return values
    }
}
