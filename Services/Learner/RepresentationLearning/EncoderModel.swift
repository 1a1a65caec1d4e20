internal import Numerics

/// Turns a view of a function into its representation and says which cluster that is in.
public struct EncoderModel: Equatable, Sendable {
    /// D: numbers of a representation.
    public static let dimensions = SeriesEncoder.dimensionsMax

    /// 0: fitted on no fleet but a made-up one, so that there is something before the first release.
    public let version: Int
    let encoder: SeriesEncoder
    public let clusters: [Cluster]

    /// Functions of like shape.
    public struct Cluster: Equatable, Sendable {
        /// Stays with the same functions from release to release, as far as there are such.
        public let id: Int
        /// (D) unit length.
        public let centroid: [Float]
        /// Functions of the fit that are in it.
        public let size: Int
        /// (24) demand of each hour of the day over the mean, averaged over its functions.
        public let dayProfile: [Float]
        public let spread: Spread
        /// nil where of no function of the fit it was known.
        public let success: SuccessPrior?

        /// How far its functions lie from the centroid: 1 less the cosine, 0 to 2.
        public struct Spread: Equatable, Sendable {
            public let mean: Float
            /// Nine of ten lie no further.
            public let p90: Float
        }

        /// How its functions' invocations end.
        public struct SuccessPrior: Equatable, Sendable {
            /// Of invocations, those that succeed, 0 to 1: the mean of its functions, shrunk to the
            /// fleet's.
            public let share: Float
            /// Functions of the cluster that it rests on.
            public let functions: Int
        }
    }

    /// (D) unit length; all zero for a view without slots.
    public func encode(_ view: DemandView) -> [Float] {
        guard view.count > 0 else { return Array(repeating: 0, count: Self.dimensions) }
        let vector = encoder.encode(
            view.channels, slotOfDay: view.slotOfDay, runs: view.runs)
        // A fleet of few views has fewer directions.
        return vector + Array(repeating: 0, count: Self.dimensions - vector.count)
    }

    /// The cluster whose centroid is nearest; the first of equals.
    public func cluster(of vector: [Float]) -> Int { nearestCluster(to: vector).id }

    /// How far a vector lies from the centroid of its cluster, 0 to 2: 1 less their cosine.
    func distance(of vector: [Float]) -> Float { 1 - nearestCluster(to: vector).cosine }

    private func nearestCluster(to vector: [Float]) -> (id: Int, cosine: Float) {
        var best: (id: Int, cosine: Float) = (0, -.infinity)
        for cluster in clusters {
            let cosine = dotProduct(cluster.centroid[...], vector[...])
            if cosine > best.cosine { best = (cluster.id, cosine) }
        }
        return best
    }

    func with(version: Int? = nil, clusters: [Cluster]? = nil) -> EncoderModel {
        EncoderModel(
            version: version ?? self.version, encoder: encoder,
            clusters: clusters ?? self.clusters)
    }
}
