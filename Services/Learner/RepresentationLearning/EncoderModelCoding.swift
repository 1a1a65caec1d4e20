internal import Numerics
public import Processing
internal import Topics

extension EncoderModel {
    /// 1 was of another make, and 2 knew nothing of what runs take: vectors of theirs say nothing beside
    /// those of this one.
    private static let codingVersion: UInt8 = 3

    /// Whether bytes are an encoder's of a make that is no more.
    public static func isOutdated(_ bytes: [UInt8]) -> Bool {
        bytes.first.map { $0 < codingVersion } ?? false
    }

    /// Fewer than `Limits.modelBytes`. Integrity is for the carrier: `ModelReleased` has a digest.
    public var bytes: [UInt8] {
        var writer = StateWriter(version: Self.codingVersion)
        writer.write(version)
        encoder.write(to: &writer)
        writer.write(clusters) { $1.write(to: &$0) }
        return writer.bytes
    }

    /// - Throws: when the bytes are cut, hold a number that is not finite, or describe an encoder of
    ///   another make than this code's.
    public init(bytes: [UInt8]) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: Self.codingVersion)
        guard reader.version == Self.codingVersion else {
            throw CorruptState("an encoder of make \(reader.version) is no more")
        }
        version = try reader.readInt(in: 0...FieldLimits.versionMax)
        encoder = try SeriesEncoder(reading: &reader)
        clusters = try reader.readArray { reader throws(CorruptState) in
            try Cluster(reading: &reader)
        }
        try reader.finish()
        guard (1...Limits.clusters.upperBound).contains(clusters.count) else {
            throw CorruptState("version \(version) of an encoder has \(clusters.count) clusters")
        }
    }
}

extension EncoderModel.Cluster {
    fileprivate func write(to writer: inout StateWriter) {
        writer.write(id)
        writer.write(size)
        writer.write(centroid) { $0.write($1) }
        writer.write(dayProfile) { $0.write($1) }
        writer.write(spread.mean)
        writer.write(spread.p90)
        writer.write(success != nil)
        if let success {
            writer.write(success.share)
            writer.write(success.functions)
        }
    }

    fileprivate init(reading reader: inout StateReader) throws(CorruptState) {
        id = try reader.readInt(in: 0...FieldLimits.versionMax)
        size = try reader.readInt(in: StateLimits.counts)
        centroid = try reader.readFloats(EncoderModel.dimensions, "centroid")
        dayProfile = try reader.readFloats(24, "day profile")
        // A cosine's, but for rounding.
        let distances: ClosedRange<Float> = 0...2.001
        spread = Spread(
            mean: try reader.readFloat(in: distances), p90: try reader.readFloat(in: distances))
        success =
            try reader.readBool()
            ? SuccessPrior(
                share: try reader.readFloat(in: 0...1),
                functions: try reader.readInt(in: StateLimits.counts)) : nil
    }
}

extension StateReader {
    /// - Throws: when they are not so many, or one is not finite.
    mutating func readFloats(_ count: Int, _ name: String) throws(CorruptState) -> [Float] {
        let floats = try readArray { reader throws(CorruptState) in try reader.readFloat() }
        guard floats.count == count else {
            throw CorruptState("\(name) has \(floats.count) numbers, expected \(count)")
        }
        guard floats.allSatisfy(\.isFinite) else {
            throw CorruptState("\(name) holds a number that is not finite")
        }
        return floats
    }
}
