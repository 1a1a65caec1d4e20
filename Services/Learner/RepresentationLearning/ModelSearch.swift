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
    /// How much worse the worst group fares than all; 0 with no two groups of a kind to tell apart.
    public let worstGap: Double
    /// Which one that is; nil where none fares worse.
    public let worstGroup: FunctionGroup?
    /// How far groups of any kind lie from all, on average.
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

    /// - Parameter paired: functions known at two times; encoders are fitted on every second one, and
    ///   judged on the others.
    static func candidates(
        _ paired: [TrainingSample], budget: ModelBudget, seed: UInt64
    ) throws(Eigenvectors.NotDecomposed) -> [ModelCandidate] {
        let seen = stride(from: 0, to: paired.count, by: 2).map { paired[$0] }
        let others = leftOut(of: paired)
        let groups = others.map(\.groups)
        var candidates: [ModelCandidate] = []
        for kernels in budget.kernels {
            let fitted = try Training.encoder(of: seen, .pair, kernels: kernels, seed: seed)
            // What kernels see is the same in any precision.
            let judged = others.compactMap { sample in
                sample.pair.map { (fitted.standard(of: $0.0), fitted.standard(of: $0.1)) }
            }
            for precision in budget.precisions {
                let kept = fitted.kept(in: precision)
                let model = EncoderModel(version: 0, encoder: kept, clusters: [])
                let hits = recognised(
                    judged.map { unitLength(kept.position(ofStandard: $0.0)) },
                    judged.map { unitLength(kept.position(ofStandard: $0.1)) })
                let gaps = gaps(hits, groups)
                candidates.append(
                    ModelCandidate(
                        kernels: kernels, precision: precision,
                        encodeMicroseconds: fitted.weekMicroseconds, bytes: model.bytes.count,
                        recallAtOne: share(hits), worstGap: gaps.worst,
                        worstGroup: gaps.group, meanGap: gaps.mean))
            }
        }
        let front = candidates.map { one in !candidates.contains { dominates($0, one) } }
        for index in candidates.indices { candidates[index].isOnFront = front[index] }
        candidates[choice(candidates, budget)].isChosen = true
        return candidates
    }

    static func leftOut(of paired: [TrainingSample]) -> [TrainingSample] {
        stride(from: 1, to: paired.count, by: 2).map { paired[$0] }
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

    /// - Parameter groups: (hits) what each function belongs to. A kind of which only one group is large
    ///   enough has nothing to compare.
    /// - Returns: `group` is the first of the worst; nil where none fares worse than all.
    static func gaps(
        _ hits: [Bool], _ groups: [[FunctionGroup]]
    ) -> (worst: Double, group: FunctionGroup?, mean: Double) {
        var members: [FunctionGroup: [Bool]] = [:]
        for (hit, groups) in zip(hits, groups) {
            for group in groups { members[group, default: []].append(hit) }
        }
        let large = members.filter { $0.value.count >= groupMin }
        let ofKind = Dictionary(grouping: large.keys, by: \.kind)
        let compared = ofKind.values.filter { $0.count > 1 }.joined().sorted()
        let all = share(hits)
        let lags = compared.map { all - share(members[$0] ?? []) }
        let worst = zip(lags, compared).max { ($0.0, $1.1) < ($1.0, $0.1) }
        guard let worst else { return (0, nil, 0) }
        return (
            max(0, worst.0), worst.0 > 0 ? worst.1 : nil,
            lags.reduce(0) { $0 + abs($1) } / Double(lags.count)
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
