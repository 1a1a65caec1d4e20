public import Numerics

/// Fits the fleet's encoder in closed form, and judges it.
///
/// A function's whole view and, where two days of it are known, its first and its last half are views
/// of one function (`SeriesFit`): what tells functions apart is kept, what tells one function's weeks
/// apart is dropped.
public enum Training {
    /// With fewer functions of two days nothing is judged: half of them are left out of a fit.
    public static let pairsMin = 8

    public struct Fit: Sendable {
        public let model: EncoderModel
        /// `functions`, `pairs`, `clusters`, `distance` (the mean from the clusters' centroids), and,
        /// judged on functions left out of a fit of its own, `recall_at_1` with `recall_at_1_hours`,
        /// that of the bare hours of the day, and `recall_at_1_in_force`, that of `previous`.
        public let metrics: [String: Double]
    }

    /// - Parameter samples: a view of each function; at least one. Views without slots are left out.
    /// - Parameter previous: whose cluster ids are to be kept.
    public static func fit(
        samples: [DemandView], previous: EncoderModel? = nil, version: Int, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> Fit {
        let samples = samples.filter { $0.count > 0 }
        precondition(!samples.isEmpty, "an encoder is fitted on at least one function")
        let views = samples.map { [$0] + ($0.halves.map { [$0.0, $0.1] } ?? []) }
        let encoder = EncoderModel(
            version: version, encoder: try encoder(of: views, seed: seed), clusters: [])
        let vectors = samples.map(encoder.encode)
        let model = encoder.with(
            clusters: Clustering.clusters(
                of: Matrix(vectors), samples: samples, previous: previous, seed: seed))
        let pairs = samples.compactMap(\.halves)
        var metrics = try judged(pairs, inForce: previous, seed: seed)
        metrics["distance"] = Double(mean(vectors.map(model.distance)))
        metrics["functions"] = Double(samples.count)
        metrics["pairs"] = Double(pairs.count)
        metrics["clusters"] = Double(model.clusters.count)
        return Fit(model: model, metrics: metrics)
    }

    /// - Parameter views: (functions, views of each)
    private static func encoder(
        of views: [[DemandView]], seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> SeriesEncoder {
        let all = views.flatMap { $0 }
        return try SeriesFit.demand(slotsPerDay: DemandWeek.slotsPerDay).encoder(
            of: all.map(\.channels), slotsOfDay: all.map(\.slotOfDay),
            functions: views.indices.flatMap { index in views[index].map { _ in index } },
            seed: seed)
    }

    /// Fitted on every second function, are the others recognised from another time?
    private static func judged(
        _ pairs: [(DemandView, DemandView)], inForce: EncoderModel?, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> [String: Double] {
        guard pairs.count >= 2 * pairsMin else { return [:] }
        func everySecond(from first: Int) -> [(DemandView, DemandView)] {
            stride(from: first, to: pairs.count, by: 2).map { pairs[$0] }
        }
        let encoder = EncoderModel(
            version: 0,
            encoder: try encoder(of: everySecond(from: 0).map { [$0.0, $0.1] }, seed: seed),
            clusters: [])
        let others = everySecond(from: 1)
        func recall(_ encode: (DemandView) -> [Float]) -> Double {
            recallAtOne(others.map { encode($0.0) }, others.map { encode($0.1) })
        }
        var metrics = [
            "recall_at_1": recall(encoder.encode),
            "recall_at_1_hours": recall { unitLength($0.hourPattern) },
        ]
        if let inForce { metrics["recall_at_1_in_force"] = recall(inForce.encode) }
        return metrics
    }
}

/// How often the i-th of `queries` is nearest, by cosine, to the i-th of `answers`.
public func recallAtOne(_ queries: [[Float]], _ answers: [[Float]]) -> Double {
    guard !queries.isEmpty else { return 0 }
    let found = SphericalKMeans.nearest(Matrix(queries), to: Matrix(answers))
    return Double(found.enumerated().count { $0.offset == $0.element }) / Double(queries.count)
}
