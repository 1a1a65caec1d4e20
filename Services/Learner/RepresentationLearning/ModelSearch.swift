internal import Numerics

/// What a model may cost and how unevenly it may serve, and which ones are tried.
public struct ModelBudget: Equatable, Sendable {
    /// For a week of five minutes, on one core.
    public var encodeMicrosecondsMax = 1_000.0
    public var bytesMax = Limits.modelBytes
    /// How much worse the group that is served worst may fare than all, in the share recognised.
    public var gapMax = 0.25
    public var kernels = [84, 252, 504, 1_008, 2_016]
    public var precisions = Precision.allCases

    public init() {}

    /// One size, and nothing to search.
    static func only(kernels: Int) -> ModelBudget {
        var budget = ModelBudget()
        budget.kernels = [kernels]
        budget.precisions = [.float32]
        return budget
    }
}

/// A size that was tried, and how it fared on functions that its fit left out.
public struct ModelCandidate: Equatable, Sendable {
    public let kernels: Int
    public let precision: Precision
    /// For a week: by the passes over it, so that the same search comes to the same end everywhere.
    public let encodeMicroseconds: Double
    public let bytes: Int
    public let recallAtOne: Double
    /// How much worse the worst group fares than all; 0 with fewer than two groups to tell apart.
    public let worstGap: Double
    /// How far groups lie from all, on average.
    public let meanGap: Double
    /// No other is at least as accurate, as fast and as small, and better in one.
    public internal(set) var isOnFront = false
    public internal(set) var isChosen = false
}

/// The least model that is as good as the best, to half a point, within a budget: efficiency and
/// fairness are constraints of the search.
enum ModelSearch {
    /// What a smaller model may lose against the best one.
    static let recallLost = 0.005
    /// A group of fewer functions tells more of chance than of the model.
    static let groupMin = 8

    /// - Parameter pairs: views of functions at two times; encoders are fitted on every second one, and
    ///   judged on the others.
    /// - Parameter groups: (pairs) whom each function belongs to.
    static func candidates(
        pairs: [(DemandView, DemandView)], groups: [String], budget: ModelBudget, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> [ModelCandidate] {
        let seen = stride(from: 0, to: pairs.count, by: 2).map { pairs[$0] }
        let others = stride(from: 1, to: pairs.count, by: 2).map { pairs[$0] }
        let groups = stride(from: 1, to: pairs.count, by: 2).map { groups[$0] }
        var candidates: [ModelCandidate] = []
        for kernels in budget.kernels {
            let fitted = try Training.encoder(
                of: seen.map { [$0.0, $0.1] }, kernels: kernels, seed: seed)
            for precision in budget.precisions {
                let model = EncoderModel(
                    version: 0, encoder: fitted.kept(in: precision), clusters: [])
                let hits = recognised(
                    others.map { model.encode($0.0) }, others.map { model.encode($0.1) })
                let gaps = gaps(hits, groups)
                candidates.append(
                    ModelCandidate(
                        kernels: kernels, precision: precision,
                        encodeMicroseconds: fitted.weekMicroseconds, bytes: model.bytes.count,
                        recallAtOne: share(hits), worstGap: gaps.worst, meanGap: gaps.mean))
            }
        }
        let front = candidates.map { one in !candidates.contains { dominates($0, one) } }
        for index in candidates.indices { candidates[index].isOnFront = front[index] }
        candidates[choice(candidates, budget)].isChosen = true
        return candidates
    }

    /// Where none serves its groups evenly enough the most even one is chosen, and where none is cheap
    /// enough the cheapest.
    static func choice(_ candidates: [ModelCandidate], _ budget: ModelBudget) -> Int {
        let all = Array(candidates.indices)
        func least(_ among: [Int], by key: (ModelCandidate) -> (Double, Double)) -> Int {
            among.min { key(candidates[$0]) < key(candidates[$1]) } ?? 0
        }
        let cheap = all.filter {
            candidates[$0].encodeMicroseconds <= budget.encodeMicrosecondsMax
                && candidates[$0].bytes <= budget.bytesMax
        }
        guard !cheap.isEmpty else {
            return least(all) { ($0.encodeMicroseconds, Double($0.bytes)) }
        }
        let even = cheap.filter { candidates[$0].worstGap <= budget.gapMax }
        guard let best = even.map({ candidates[$0].recallAtOne }).max() else {
            return least(cheap) { ($0.worstGap, -$0.recallAtOne) }
        }
        return least(even.filter { candidates[$0].recallAtOne >= best - recallLost }) {
            (Double($0.bytes), $0.encodeMicroseconds)
        }
    }

    private static func dominates(_ a: ModelCandidate, _ b: ModelCandidate) -> Bool {
        a.recallAtOne >= b.recallAtOne && a.encodeMicroseconds <= b.encodeMicroseconds
            && a.bytes <= b.bytes
            && (a.recallAtOne > b.recallAtOne || a.encodeMicroseconds < b.encodeMicroseconds
                || a.bytes < b.bytes)
    }

    static func gaps(_ hits: [Bool], _ groups: [String]) -> (worst: Double, mean: Double) {
        let byGroup = Dictionary(grouping: zip(groups, hits), by: \.0)
            .filter { $0.value.count >= groupMin }
        guard byGroup.count > 1 else { return (0, 0) }
        let all = share(hits)
        let shares = byGroup.sorted { $0.key < $1.key }.map { share($0.value.map(\.1)) }
        return (
            max(0, all - (shares.min() ?? all)),
            shares.reduce(0) { $0 + abs($1 - all) } / Double(shares.count)
        )
    }

    private static func share(_ hits: [Bool]) -> Double {
        hits.isEmpty ? 0 : Double(hits.count { $0 }) / Double(hits.count)
    }
}

/// Whether the i-th of `queries` is nearest, by cosine, to the i-th of `answers`.
func recognised(_ queries: [[Float]], _ answers: [[Float]]) -> [Bool] {
    guard !queries.isEmpty else { return [] }
    let found = SphericalKMeans.nearest(Matrix(queries), to: Matrix(answers))
    return found.enumerated().map { $0.offset == $0.element }
}

/// How often it is.
public func recallAtOne(_ queries: [[Float]], _ answers: [[Float]]) -> Double {
    let hits = recognised(queries, answers)
    return hits.isEmpty ? 0 : Double(hits.count { $0 }) / Double(hits.count)
}
