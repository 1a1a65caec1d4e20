internal import Numerics

/// How many clusters there are, which functions are in them, and what each is called.
enum Clustering {
    private static let counts = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    /// A cluster rests on so many functions on average, at least.
    private static let functionsPerCluster = 3
    private static let meanCosineMin = 0.9

    /// So many functions of a cluster count as much as what the whole fleet says of their success.
    static let fleetVotes = 4.0
    static let spreadShare = 0.9

    /// - Parameter vectors: (n, D) of the functions, in the encoder's own space.
    /// - Parameter views: (n)
    /// - Parameter successShares: (n) nil: not known.
    static func clusters(
        of vectors: Matrix, views: [DemandView], successShares: [Double?],
        previous: EncoderModel?, seed: UInt64
    ) -> [EncoderModel.Cluster] {
        let found = best(of: vectors, seed: seed)
        let ids = ids(for: found, views: views, previous: previous)
        let fleet = successShares.compactMap { $0 }
        return (0..<found.centroids.rows).map { cluster in
            let members = found.assignment.indices.filter { found.assignment[$0] == cluster }
            let centroid = found.centroids.row(cluster)
            return EncoderModel.Cluster(
                id: ids[cluster], centroid: Array(centroid), size: members.count,
                dayProfile: meanProfile(members.map { views[$0] }),
                spread: spread(members.map { 1 - dotProduct(vectors.row($0), centroid) }),
                success: successPrior(members.compactMap { successShares[$0] }, fleet: fleet))
        }
    }

    /// - Parameter distances: of a cluster's functions from its centroid.
    static func spread(_ distances: [Float]) -> EncoderModel.Cluster.Spread {
        // Rounding may leave a vector nearer than itself.
        let sorted = distances.map { max(0, $0) }.sorted()
        return EncoderModel.Cluster.Spread(
            mean: mean(sorted), p90: quantile(ofSorted: sorted, spreadShare))
    }

    /// The mean of shares, one function one vote, shrunk to the fleet's: `(sum + κ fleet) / (n + κ)`.
    ///
    /// - Parameter shares: (n) of invocations that succeeded, of a cluster's functions.
    /// - Parameter fleet: of all functions, those in the cluster too; nil comes of none.
    static func successPrior(
        _ shares: [Double], fleet: [Double]
    ) -> EncoderModel.Cluster.SuccessPrior? {
        guard !fleet.isEmpty else { return nil }
        let centre = fleet.reduce(0, +) / Double(fleet.count)
        let share =
            (shares.reduce(0, +) + fleetVotes * centre) / (Double(shares.count) + fleetVotes)
        return EncoderModel.Cluster.SuccessPrior(
            share: Float(max(0, min(1, share))), functions: shares.count)
    }

    /// The least number of clusters whose centroids stand for their functions: mean cosine 0.9.
    /// (The silhouette would say two of almost any fleet.)
    private static func best(of vectors: Matrix, seed: UInt64) -> SphericalKMeans {
        let most = max(1, vectors.rows / functionsPerCluster)
        var random = SeededRandom(seed: seed, for: "1 clusters")
        var best = SphericalKMeans(vectors, count: 1, random: &random)
        for count in counts where count <= most && meanCosine(vectors, best) < meanCosineMin {
            random = SeededRandom(seed: seed, for: "\(count) clusters")
            best = SphericalKMeans(vectors, count: count, random: &random)
        }
        return best
    }

    /// Of the vectors with their centroids.
    static func meanCosine(_ vectors: Matrix, _ found: SphericalKMeans) -> Double {
        let cosines = found.assignment.indices.map { row in
            dotProduct(vectors.row(row), found.centroids.row(found.assignment[row]))
        }
        return Double(mean(cosines))
    }

    /// A cluster takes the id of the earlier one it has most functions in common with, the greatest
    /// overlap first; one that is left takes the least id that is free.
    private static func ids(
        for found: SphericalKMeans, views: [DemandView], previous: EncoderModel?
    ) -> [Int] {
        let count = found.centroids.rows
        guard let previous, previous.version > 0 else { return Array(0..<count) }
        var overlaps: [Pair: Int] = [:]
        for (view, cluster) in zip(views, found.assignment) {
            let old = previous.cluster(of: previous.encode(view))
            overlaps[Pair(cluster: cluster, old: old), default: 0] += 1
        }
        let ranked = overlaps.sorted {
            (-$0.value, $0.key.old, $0.key.cluster) < (-$1.value, $1.key.old, $1.key.cluster)
        }
        var ids = [Int?](repeating: nil, count: count)
        var taken: Set<Int> = []
        for (pair, _) in ranked where ids[pair.cluster] == nil && !taken.contains(pair.old) {
            ids[pair.cluster] = pair.old
            taken.insert(pair.old)
        }
        taken.formUnion(previous.clusters.map(\.id))
        var free = 0
        return ids.map { id in
            if let id { return id }
            while taken.contains(free) { free += 1 }
            taken.insert(free)
            return free
        }
    }

    private struct Pair: Hashable {
        let cluster: Int
        let old: Int
    }

    private static func meanProfile(_ views: [DemandView]) -> [Float] {
        let profiles = Matrix(views.map(\.dayProfile))
        return (0..<24).map { hour in
            profiles.rows == 0 ? 1 : mean((0..<profiles.rows).map { profiles[$0, hour] })
        }
    }
}
