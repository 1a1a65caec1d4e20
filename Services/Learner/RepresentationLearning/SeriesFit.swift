public import Numerics

/// Fits a `SeriesEncoder` in closed form, without labels.
///
/// Where views of one function recur, directions are kept by how much views differ at all against
/// how much those of one function differ: `S_t v = λ (S_w + r tr(S_w) / k I) v`, the exact optimum
/// of linear contrastive learning whose positive pair is "the same function, another time"; with
/// `vᵀ S_w v = 1` the cosine then weighs each by how little it changes within a function.
/// Where no function recurs they are the principal components, each divided by the square root of
/// its deviation: half way from the plain components, which the first few rule, to whitened ones,
/// in which noise counts as much as shape.
public struct SeriesFit: Sendable {
    /// Kernels: more tell series apart better and take longer.
    public var kernels: Int
    /// D, 1...32
    public var dimensions = SeriesEncoder.dimensionsMax
    /// r
    public var ridge: Float = 0.05
    /// Values are demand, to be looked at in logarithms.
    public var logarithmic: Bool
    /// The first half of each view is one more view of its function: what half a view tells, too,
    /// is the function's and not the moment's, and a fit has then met short histories.
    public var halved: Bool
    /// nil: series have no days, and no figures are taken of them beside kernels.
    public var slotsPerDay: Int?

    public static let demandKernels = 1_008
    /// Views of a fit at most: an eigenproblem of their number has to be solved.
    public static let viewsMax = 1_024
    /// Principal components before the contrast at most.
    public static let componentsMax = 512
    /// A component of less variance than this part of the first's is rounding.
    static let varianceMin: Float = 1e-5

    /// For sets of series that are compared by shape as they are.
    public static let shapes = SeriesFit(
        kernels: 9_996, logarithmic: false, halved: false)
    /// For demand: a week of it by five minutes encodes within a millisecond.
    ///
    /// - Parameter slotsPerDay: days begin with slot 0, or at the `slotOfDay` that is said.
    public static func demand(slotsPerDay: Int, kernels: Int = demandKernels) -> SeriesFit {
        var fit = SeriesFit(kernels: kernels, logarithmic: true, halved: true)
        fit.slotsPerDay = slotsPerDay
        return fit
    }

    public init(kernels: Int, logarithmic: Bool, halved: Bool) {
        self.kernels = kernels
        self.logarithmic = logarithmic
        self.halved = halved
    }

    /// - Parameter series: (n, C, T) views; at least one. Lengths may differ, channels may not.
    /// - Parameter slotsOfDay: (n) when in its day each view begins; nil: at its beginning.
    /// - Parameter functions: (n) which function each view is of; nil: every one is of its own.
    /// - Parameter runs: (n, R, H) what runs took in each view, by the hour, in logarithms; empty where
    ///   that is not known. nil: they are no subject.
    /// - Throws: when LAPACK finds no decomposition.
    public func encoder(
        of series: [[[Float]]], slotsOfDay: [Int]? = nil, functions: [Int]? = nil,
        runs: [[[Float]]]? = nil, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> SeriesEncoder {
        let all = functions ?? Array(series.indices)
        precondition(!series.isEmpty, "an encoder is fitted on at least one series")
        precondition(all.count == series.count, "\(all.count) for \(series.count)")
        let kept = sample(of: all, seed: seed)
        let cleaning = SeriesCleaning(
            fitting: kept.map { series[$0] }, logarithmic: logarithmic)
        var views = kept.map { cleaning.clean(series[$0]) }
        var functions = kept.map { all[$0] }
        var slotsOfDay = kept.map { slotsOfDay?[$0] ?? 0 }
        var hours = kept.map { runs?[$0] ?? [] }
        if halved {
            views += views.map(Self.firstHalf)
            functions += functions
            slotsOfDay += slotsOfDay
            hours += hours.map(Self.firstHalf)
        }
        var random = SeededRandom(seed: seed, for: "kernels")
        let features = SeriesFeatures(
            cleaning: cleaning,
            bank: KernelBank(fitting: views, features: kernels, random: &random),
            figures: slotsPerDay.map(SeriesFigures.init),
            runs: runFeatures(fitting: hours, seed: seed))
        var rows = views.indices.map {
            features.features(of: views[$0], slotOfDay: slotsOfDay[$0], runs: hours[$0])
        }
        features.fill(&rows)
        return try SeriesEncoder(
            features: features, of: Matrix(rows), fit: self, functions: functions)
    }

    /// (channels, points)
    private static func firstHalf(of series: [[Float]]) -> [[Float]] {
        series.map { Array($0.prefix(($0.count + 1) / 2)) }
    }

    /// - Parameter hours: (n, R, H)
    private func runFeatures(fitting hours: [[[Float]]], seed: UInt64) -> [RunFeatures?] {
        (0..<(hours.first?.count ?? 0)).map { index in
            var random = SeededRandom(seed: seed, for: "kernels of runs \(index)")
            return RunFeatures(
                fitting: hours.map { $0[index] }, kernels: kernels, random: &random)
        }
    }

    /// An encoder of another fleet for this one: its D numbers are contrasted anew, which needs far
    /// fewer views than a fit does, and no new kernels.
    ///
    /// - Parameter series: (n, C, T) views of this fleet.
    /// - Parameter functions: (n) which function each view is of; where none recurs, or there are
    ///   too few to tell, the encoder is only recentred.
    public func adapted(
        _ encoder: SeriesEncoder, to series: [[[Float]]], functions: [Int]
    ) throws(Eigenvectors.NotDecomposed) -> SeriesEncoder {
        precondition(functions.count == series.count, "\(functions.count) for \(series.count)")
        let centred = encoder.recentred(on: series)
        guard series.count - Set(functions).count > encoder.dimensions else { return centred }
        return try centred.contrasted(Matrix(series.map { centred.position(of: $0) })) {
            rows throws(Eigenvectors.NotDecomposed) in
            try projection(of: rows, functions: functions)
        }
    }

    /// All views while there are not too many, else all views of some functions.
    func sample(of functions: [Int], seed: UInt64) -> [Int] {
        guard functions.count > Self.viewsMax else { return Array(functions.indices) }
        var random = SeededRandom(seed: seed, for: "views")
        let order = Set(functions).sorted().shuffled(using: &random)
        let views = Dictionary(grouping: functions.indices) { functions[$0] }
        var kept: [Int] = []
        for function in order {
            let more = views[function] ?? []
            if kept.count + more.count > Self.viewsMax { break }
            kept += more
        }
        return kept.isEmpty ? Array(functions.indices.prefix(Self.viewsMax)) : kept.sorted()
    }

    /// (D, K)
    ///
    /// - Parameter rows: (n, K) standardised, of mean 0.
    func projection(
        of rows: Matrix, functions: [Int]
    ) throws(Eigenvectors.NotDecomposed) -> Matrix {
        let components = try PrincipalComponents(
            of: rows, count: Self.componentsMax, varianceMin: Self.varianceMin)
        let kept = min(dimensions, components.vectors.rows)
        guard Set(functions).count < functions.count else {
            return Matrix(
                (0..<kept).map { index in
                    let weight = 1 / components.variances[index].squareRoot().squareRoot()
                    return components.vectors.row(index).map { $0 * weight }
                })
        }
        guard kept > 0 else { return components.vectors }
        let scores = rows.productTransposed(components.vectors)
        let contrast = try contrast(scores, variances: components.variances, functions)
        return contrast.rows(at: Array(0..<kept)).product(components.vectors)
    }

    /// (k, k) directions of uncorrelated scores, those that tell functions apart best first.
    ///
    /// - Parameter scores: (n, k) of mean 0.
    /// - Parameter variances: (k) of the scores.
    private func contrast(
        _ scores: Matrix, variances: [Float], _ functions: [Int]
    ) throws(Eigenvectors.NotDecomposed) -> Matrix {
        var within = Self.withinFunctions(scores, functions)
        // The least amount keeps it positive definite where no function changes at all.
        within.addToDiagonal(max(ridge * within.trace / Float(within.rows), 1e-6))
        var total = Matrix(rows: within.rows, columns: within.rows)
        for index in 0..<total.rows { total[index, index] = variances[index] }
        return try Eigenvectors(of: total, against: within).vectors
    }

    /// (k, k) covariance of views of one function, pooled over functions.
    static func withinFunctions(_ scores: Matrix, _ functions: [Int]) -> Matrix {
        let views = Dictionary(grouping: functions.indices) { functions[$0] }
        var deviations = scores
        for (_, rows) in views.sorted(by: { $0.key < $1.key }) {
            for column in 0..<scores.columns {
                let sum = rows.reduce(0.0) { $0 + Double(scores[$1, column]) }
                let centre = Float(sum / Double(rows.count))
                for row in rows { deviations[row, column] -= centre }
            }
        }
        var within = deviations.gram()
        within.scale(by: 1 / Float(max(1, functions.count - views.count)))
        return within
    }
}

extension SeriesEncoder {
    /// - Parameter views: (n, K) features of views.
    fileprivate init(
        features: SeriesFeatures, of views: Matrix, fit: SeriesFit, functions: [Int]
    ) throws(Eigenvectors.NotDecomposed) {
        let standardisation = Standardisation(fitting: views)
        var rows = Matrix(
            (0..<views.rows).map {
                standardisation.apply(to: Array(views.row($0)), limit: Self.deviationsMax)
            })
        let means = Standardisation(fitting: rows).means
        rows.subtractFromRows(means)
        let weights = features.weights
        rows.scaleColumns(by: weights)
        // Weights are part of the projection from here on.
        var projection = try fit.projection(of: rows, functions: functions)
        projection.scaleColumns(by: weights)
        self.init(
            features: features, standardisation: standardisation, projection: projection,
            centre: (0..<projection.rows).map { dotProduct(projection.row($0), means[...]) })
    }
}
