internal import Numerics
public import Processing
internal import Topics

extension EncoderModel {
    /// 1 was of another make, with features of its own: there is nothing to read of it here.
    private static let codingVersion: UInt8 = 2

    /// Whether bytes are an encoder's of a make that is no more.
    public static func isOutdated(_ bytes: [UInt8]) -> Bool {
        bytes.first.map { $0 < codingVersion } ?? false
    }

    /// Fewer than `Limits.modelBytes`. Integrity is for the carrier: `ModelReleased` has a digest.
    public var bytes: [UInt8] {
        var writer = StateWriter(version: Self.codingVersion)
        writer.write(version)
        encoder.write(to: &writer)
        writer.write(clusters) { writer, cluster in
            writer.write(cluster.id)
            writer.write(cluster.size)
            writer.write(cluster.centroid) { $0.write($1) }
            writer.write(cluster.dayProfile) { $0.write($1) }
        }
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
            Cluster(
                id: try reader.readInt(in: 0...FieldLimits.versionMax), centroid: [],
                size: try reader.readInt(in: StateLimits.counts), dayProfile: []
            ).with(
                centroid: try reader.readFloats(Self.dimensions, "centroid"),
                dayProfile: try reader.readFloats(24, "day profile"))
        }
        try reader.finish()
        guard (1...Limits.clusters.upperBound).contains(clusters.count) else {
            throw CorruptState("version \(version) of an encoder has \(clusters.count) clusters")
        }
    }
}

extension EncoderModel.Cluster {
    fileprivate func with(centroid: [Float], dayProfile: [Float]) -> Self {
        Self(id: id, centroid: centroid, size: size, dayProfile: dayProfile)
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
