public import Numerics

/// Fits an encoder to a fleet in closed form.
///
/// The projection keeps what tells functions apart and drops what tells one function's weeks
/// apart: directions of greatest variance between views against that within a function,
/// `S_t v = λ (S_w + r tr(S_w) / F I) v`, the exact optimum of linear contrastive learning whose
/// positive pair is "the same function at another time". Where too few functions have two days,
/// it is the plain principal components.
public enum Training {
    /// Fewer pairs say too little about what changes within a function.
    public static let pairsMin = 8
    static let ridge: Float = 0.1
    static let biasSamples = 8
    static let biasPoints = 144

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
        let biases = biases(of: samples, seed: seed)
        let rows = Rows(samples, biases: biases)
        let encoder = try projected(rows, biases: biases, version: version)
        let vectors = Matrix(rows.whole.map { encoder.project(rows.features[$0]) })
        let clusters = Clustering.clusters(
            of: vectors, samples: samples, previous: previous, seed: seed)
        var metrics = try judged(rows, biases: biases)
        if let previous, !metrics.isEmpty {
            metrics["recall_at_1_in_force"] = recall(of: previous, on: samples)
        }
        let model = encoder.with(clusters: clusters)
        let distances = (0..<vectors.rows).map { model.distance(of: Array(vectors.row($0))) }
        metrics["distance"] = Double(mean(distances))
        metrics["functions"] = Double(samples.count)
        metrics["pairs"] = Double(rows.pairs.count)
        metrics["clusters"] = Double(clusters.count)
        return Fit(model: model, metrics: metrics)
    }

    /// Features of every view, and which views are of one function.
    private struct Rows {
        private(set) var features: [[Float]] = []
        /// (samples) the row of each sample's whole view.
        private(set) var whole: [Int] = []
        private(set) var pairs: [(Int, Int)] = []

        init(_ samples: [DemandView], biases: [Float]) {
            for sample in samples {
                whole.append(features.count)
                features.append(DemandFeatures.features(of: sample, biases: biases))
                guard let (first, last) = sample.halves else { continue }
                pairs.append((features.count, features.count + 1))
                features.append(DemandFeatures.features(of: first, biases: biases))
                features.append(DemandFeatures.features(of: last, biases: biases))
            }
        }

        private init() {}

        /// The pairs alone, every second one, as a fleet of their own.
        var everySecondPair: Rows {
            var rows = Rows()
            for pair in stride(from: 0, to: pairs.count, by: 2).map({ pairs[$0] }) {
                rows.pairs.append((rows.features.count, rows.features.count + 1))
                rows.features += [features[pair.0], features[pair.1]]
            }
            return rows
        }
    }

    private static func projected(
        _ rows: Rows, biases: [Float], version: Int
    ) throws(Eigenvectors.NotDecomposed) -> EncoderModel {
        let standardisation = Standardisation(fitting: Matrix(rows.features))
        let views = Matrix(rows.features.map { weighted($0, standardisation) })
        let total = views.covariance()
        let eigen: Eigenvectors
        if rows.pairs.count >= pairsMin {
            var differences = Matrix(rows: rows.pairs.count, columns: views.columns)
            for (index, pair) in rows.pairs.enumerated() {
                for column in 0..<views.columns {
                    differences[index, column] = views[pair.0, column] - views[pair.1, column]
                }
            }
            var within = differences.gram()
            within.scale(by: 0.5 / Float(rows.pairs.count))
            // The least amount keeps it positive definite where no function changes at all.
            within.addToDiagonal(max(ridge * within.trace / Float(within.rows), 1e-6))
            eigen = try Eigenvectors(of: total, against: within)
        } else {
            eigen = try Eigenvectors(ofSymmetric: total)
        }
        return EncoderModel(
            version: version, biases: biases, standardisation: standardisation,
            projection: leading(eigen), clusters: [])
    }

    /// (D, F) the first eigenvectors. Zero where the fleet had no variance left to explain: such a
    /// direction would say noise of a function not in the fit.
    private static func leading(_ eigen: Eigenvectors) -> Matrix {
        let floor = 1e-4 * (eigen.values.first ?? 0)
        return Matrix(
            (0..<EncoderModel.dimensions).map { index in
                let vector = eigen.vectors.row(index)
                return eigen.values[index] > floor ? Array(vector) : vector.map { _ in 0 }
            })
    }

    /// (convolutions) quantiles of what the kernels give on a few functions each, at levels that
    /// follow the golden ratio and so fill 0...1 evenly.
    private static func biases(of samples: [DemandView], seed: UInt64) -> [Float] {
        var random = SeededRandom(seed: seed, for: "biases")
        var biases: [Float] = []
        for scale in DemandFeatures.scales {
            let series = samples.map { DemandFeatures.series(of: $0, at: scale) }
            for dilation in scale.dilations {
                for kernel in 0..<ConvolutionKernels.count {
                    let outputs = (0..<biasSamples).flatMap { _ in
                        ConvolutionKernels.convolution(
                            of: window(of: series, &random), kernel: kernel, dilation: dilation)
                    }
                    let golden = Double(biases.count + 1) * 0.618_033_988_749_895
                    let level = golden - golden.rounded(.down)
                    let bias = quantile(ofSorted: outputs.sorted(), level)
                    // Where nothing changes the output is zero but for rounding: not above.
                    biases.append(abs(bias) < 1e-3 ? 1e-3 : bias)
                }
            }
        }
        return biases
    }

    /// A stretch of one of the series, both at random.
    private static func window(of series: [[Float]], _ random: inout SeededRandom) -> [Float] {
        let chosen = series[Int(random.uniform() * Double(series.count))]
        let length = min(chosen.count, biasPoints)
        let start = Int(random.uniform() * Double(chosen.count - length + 1))
        return Array(chosen[start..<start + length])
    }

    /// Fitted on every second function, are the others recognised from another time?
    private static func judged(
        _ rows: Rows, biases: [Float]
    ) throws(Eigenvectors.NotDecomposed) -> [String: Double] {
        guard rows.pairs.count >= 2 * pairsMin else { return [:] }
        let encoder = try projected(rows.everySecondPair, biases: biases, version: 0)
        let others = stride(from: 1, to: rows.pairs.count, by: 2).map { rows.pairs[$0] }
        func recall(_ encode: ([Float]) -> [Float]) -> Double {
            recallAtOne(
                others.map { encode(rows.features[$0.0]) },
                others.map { encode(rows.features[$0.1]) })
        }
        return [
            "recall_at_1": recall(encoder.project),
            "recall_at_1_hours": recall { unitLength(Array($0.suffix(DemandFeatures.hours))) },
        ]
    }
}

extension Training {
    /// Of a model that is there already, on the functions that `judged` leaves out.
    private static func recall(of model: EncoderModel, on samples: [DemandView]) -> Double {
        let halves = samples.compactMap(\.halves)
        let others = stride(from: 1, to: halves.count, by: 2).map { halves[$0] }
        return recallAtOne(
            others.map { model.encode($0.0) }, others.map { model.encode($0.1) })
    }
}

/// How often the i-th of `queries` is nearest, by cosine, to the i-th of `answers`.
public func recallAtOne(_ queries: [[Float]], _ answers: [[Float]]) -> Double {
    guard !queries.isEmpty else { return 0 }
    let found = SphericalKMeans.nearest(Matrix(queries), to: Matrix(answers))
    return Double(found.enumerated().count { $0.offset == $0.element }) / Double(queries.count)
}
