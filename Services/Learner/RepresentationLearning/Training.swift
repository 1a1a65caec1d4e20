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
        /// judged on functions left out of a fit of its own, `recall_at_1`, `worst_gap` and `mean_gap`
        /// of its groups, `recall_at_1_hours`, that of the bare hours of the day, and
        /// `recall_at_1_in_force`, that of `previous`.
        public let metrics: [String: Double]
        /// The sizes that were tried; none where there was nothing to judge them by.
        public let candidates: [ModelCandidate]
    }

    /// - Parameter samples: a view of each function; at least one. Views without slots are left out.
    /// - Parameter groups: (samples) whom each function belongs to; nil: all to one.
    /// - Parameter budget: of which the least model is taken that is as good as the best.
    /// - Parameter previous: whose cluster ids are to be kept.
    public static func fit(
        samples all: [DemandView], groups: [String]? = nil, budget: ModelBudget? = nil,
        previous: EncoderModel? = nil, version: Int, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> Fit {
        let places = all.indices.filter { all[$0].count > 0 }
        let samples = places.map { all[$0] }
        precondition(!samples.isEmpty, "an encoder is fitted on at least one function")
        let budget = budget ?? .only(kernels: SeriesFit.demandKernels)
        let paired = places.filter { all[$0].halves != nil }
        let pairs = paired.compactMap { all[$0].halves }
        let isJudged = pairs.count >= 2 * pairsMin
        let candidates =
            isJudged
            ? try ModelSearch.candidates(
                pairs: pairs, groups: paired.map { groups?[$0] ?? "" }, budget: budget, seed: seed)
            : []
        let chosen = candidates.first { $0.isChosen }
        let views = samples.map { [$0] + ($0.halves.map { [$0.0, $0.1] } ?? []) }
        let kernels = chosen?.kernels ?? min(SeriesFit.demandKernels, budget.kernels.max() ?? 84)
        let fitted = try encoder(of: views, kernels: kernels, seed: seed)
        let encoder = EncoderModel(
            version: version, encoder: fitted.kept(in: chosen?.precision ?? .float32), clusters: [])
        let vectors = samples.map(encoder.encode)
        let model = encoder.with(
            clusters: Clustering.clusters(
                of: Matrix(vectors), samples: samples, previous: previous, seed: seed))
        var metrics = chosen.map { judged(pairs, $0, inForce: previous) } ?? [:]
        metrics["distance"] = Double(mean(vectors.map(model.distance)))
        metrics["functions"] = Double(samples.count)
        metrics["pairs"] = Double(pairs.count)
        metrics["clusters"] = Double(model.clusters.count)
        return Fit(model: model, metrics: metrics, candidates: candidates)
    }

    /// - Parameter views: (functions, views of each)
    static func encoder(
        of views: [[DemandView]], kernels: Int, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> SeriesEncoder {
        let all = views.flatMap { $0 }
        let fit = SeriesFit.demand(slotsPerDay: DemandWeek.slotsPerDay, kernels: kernels)
        return try fit.encoder(
            of: all.map(\.channels), slotsOfDay: all.map(\.slotOfDay),
            functions: views.indices.flatMap { index in views[index].map { _ in index } },
            seed: seed)
    }

    private static func judged(
        _ pairs: [(DemandView, DemandView)], _ chosen: ModelCandidate, inForce: EncoderModel?
    ) -> [String: Double] {
        let others = stride(from: 1, to: pairs.count, by: 2).map { pairs[$0] }
        func recall(_ encode: (DemandView) -> [Float]) -> Double {
            recallAtOne(others.map { encode($0.0) }, others.map { encode($0.1) })
        }
        var metrics = [
            "recall_at_1": chosen.recallAtOne, "worst_gap": chosen.worstGap,
            "mean_gap": chosen.meanGap, "encode_microseconds": chosen.encodeMicroseconds,
            "recall_at_1_hours": recall { unitLength($0.hourPattern) },
        ]
        if let inForce { metrics["recall_at_1_in_force"] = recall(inForce.encode) }
        return metrics
    }
}
