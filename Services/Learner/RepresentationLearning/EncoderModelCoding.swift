internal import Numerics
public import Processing
internal import Topics

extension EncoderModel {
    private static let codingVersion: UInt8 = 1

    /// Fewer than `Limits.modelBytes`. Integrity is for the carrier: `ModelReleased` has a digest.
    public var bytes: [UInt8] {
        var writer = StateWriter(version: Self.codingVersion)
        writer.write(version)
        for floats in [biases, standardisation.means, standardisation.scales, projection.values] {
            writer.write(floats) { $0.write($1) }
        }
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
        version = try reader.readInt(in: 0...FieldLimits.versionMax)
        biases = try Self.floats(&reader, DemandFeatures.convolutions, "biases")
        standardisation = Standardisation(
            means: try Self.floats(&reader, DemandFeatures.count, "means"),
            scales: try Self.floats(&reader, DemandFeatures.count, "scales"))
        let weights = try Self.floats(
            &reader, Self.dimensions * DemandFeatures.count, "projection")
        projection = Matrix(
            rows: Self.dimensions, columns: DemandFeatures.count, values: weights)
        clusters = try reader.readArray { reader throws(CorruptState) in
            Cluster(
                id: try reader.readInt(in: 0...FieldLimits.versionMax), centroid: [],
                size: try reader.readInt(in: StateLimits.counts), dayProfile: []
            ).with(
                centroid: try Self.floats(&reader, Self.dimensions, "centroid"),
                dayProfile: try Self.floats(&reader, 24, "day profile"))
        }
        try reader.finish()
        guard (1...Limits.clusters.upperBound).contains(clusters.count) else {
            throw CorruptState("version \(version) of an encoder has \(clusters.count) clusters")
        }
    }

    private static func floats(
        _ reader: inout StateReader, _ count: Int, _ name: String
    ) throws(CorruptState) -> [Float] {
        let floats = try reader.readArray { reader throws(CorruptState) in try reader.readFloat() }
        guard floats.count == count else {
            throw CorruptState("\(name) has \(floats.count) numbers, expected \(count)")
        }
        guard floats.allSatisfy(\.isFinite) else {
            throw CorruptState("\(name) holds a number that is not finite")
        }
        return floats
    }
}

extension EncoderModel.Cluster {
    fileprivate func with(centroid: [Float], dayProfile: [Float]) -> Self {
        Self(id: id, centroid: centroid, size: size, dayProfile: dayProfile)
    }
}
