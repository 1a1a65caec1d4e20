public import Numerics

/// Fits the fleet's encoder in closed form, and judges it.
///
/// A function's weeks or, where one stretch of two days is known, that and its first and its last half
/// are views of one function (`SeriesFit`): what tells functions apart is kept, what tells one
/// function's weeks apart is dropped.
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

    /// - Parameter samples: at least one has a view; those without are left out.
    /// - Parameter budget: of which the least model is taken that is as good as the best.
    /// - Parameter previous: whose cluster ids are to be kept.
    public static func fit(
        samples all: [TrainingSample], budget: ModelBudget? = nil, previous: EncoderModel? = nil,
        version: Int, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> Fit {
        let samples = all.filter { !$0.views.isEmpty }
        precondition(!samples.isEmpty, "an encoder is fitted on at least one function")
        let budget = budget ?? .only(kernels: SeriesFit.demandKernels)
        let paired = samples.filter(\.hasPair)
        let isJudged = paired.count >= 2 * pairsMin
        let candidates =
            isJudged ? try ModelSearch.candidates(paired, budget: budget, seed: seed) : []
        let chosen = candidates.first { $0.isChosen }
        let kernels = chosen?.kernels ?? min(SeriesFit.demandKernels, budget.kernels.max() ?? 84)
        let fitted = try encoder(of: samples, .all, kernels: kernels, seed: seed)
        let encoder = EncoderModel(
            version: version, encoder: fitted.kept(in: chosen?.precision ?? .float32), clusters: [])
        let newest = samples.compactMap(\.views.last)
        let vectors = newest.map(encoder.encode)
        let model = encoder.with(
            clusters: Clustering.clusters(
                of: Matrix(vectors), views: newest, successShares: samples.map(\.successShare),
                previous: previous, seed: seed))
        var metrics = chosen.map { judged(paired, $0, inForce: previous) } ?? [:]
        metrics["distance"] = Double(mean(vectors.map(model.distance)))
        metrics["functions"] = Double(samples.count)
        metrics["pairs"] = Double(paired.count)
        metrics["clusters"] = Double(model.clusters.count)
        return Fit(model: model, metrics: metrics, candidates: candidates)
    }

    static func encoder(
        of samples: [TrainingSample], _ extent: TrainingSample.Extent, kernels: Int, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> SeriesEncoder {
        let fit = SeriesFit.demand(slotsPerDay: DemandWeek.slotsPerDay, kernels: kernels)
        let owners = samples.indices.flatMap { index in
            repeatElement(index, count: samples[index].count(extent))
        }
        // Drawn here, so that views of others need not be made.
        let kept = fit.sample(of: owners, seed: seed).map { owners[$0] }
        let drawn = Set(kept).sorted()
        let all = drawn.flatMap { samples[$0].views(extent) }
        return try fit.encoder(
            of: all.map(\.channels), slotsOfDay: all.map(\.slotOfDay),
            functions: drawn.flatMap { repeatElement($0, count: samples[$0].count(extent)) },
            runs: all.map(\.runs), seed: seed)
    }

    /// One view of each function, and nothing else known of them.
    static func fit(
        samples: [DemandView], previous: EncoderModel? = nil, version: Int, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> Fit {
        try fit(
            samples: samples.map { TrainingSample([$0]) }, previous: previous, version: version,
            seed: seed)
    }

    private static func judged(
        _ paired: [TrainingSample], _ chosen: ModelCandidate, inForce: EncoderModel?
    ) -> [String: Double] {
        let others = ModelSearch.leftOut(of: paired)
        func recall(_ encode: (DemandView) -> [Float]) -> Double {
            let vectors = others.compactMap { sample in
                sample.pair.map { (encode($0.0), encode($0.1)) }
            }
            return recallAtOne(vectors.map(\.0), vectors.map(\.1))
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
