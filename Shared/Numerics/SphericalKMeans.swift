/// Groups of unit vectors by direction.
///
/// - SeeAlso: Dhillon and Modha, "Concept decompositions for large sparse text data" (2001); seeding
///   after Arthur and Vassilvitskii, "k-means++" (2007), with 1 - cosine in the place of distance.
public struct SphericalKMeans: Sendable {
    /// (k, D), unit length.
    public let centroids: Matrix
    /// (n) which centroid each vector belongs to.
    public let assignment: [Int]

    public static let iterationsMax = 50

    /// - Parameter vectors: (n, D), unit length; an all-zero one is alike to every centroid.
    /// - Parameter count: fewer are found when fewer vectors differ.
    public init(_ vectors: Matrix, count: Int, random: inout SeededRandom) {
        precondition(count > 0, "at least one cluster, got \(count)")
        var centroids = Self.seeds(among: vectors, count: count, random: &random)
        var assignment = Self.nearest(vectors, to: centroids)
        for _ in 0..<Self.iterationsMax {
            centroids = Self.means(of: vectors, assignment, keeping: centroids)
            let next = Self.nearest(vectors, to: centroids)
            if next == assignment { break }
            assignment = next
        }
        self.centroids = centroids
        self.assignment = assignment
    }

    /// Of each vector, the centroid of greatest cosine; the first of equals.
    public static func nearest(_ vectors: Matrix, to centroids: Matrix) -> [Int] {
        let cosines = vectors.productTransposed(centroids)
        return (0..<vectors.rows).map { row in
            let all = cosines.row(row)
            var best = all.startIndex
            for index in all.indices where all[index] > all[best] { best = index }
            return best - all.startIndex
        }
    }

    /// How much nearer vectors are to their own centroid than to the next, -1 to 1, on average.
    ///
    /// - SeeAlso: the simplified silhouette of Hruschka, de Castro and Campello (2004).
    public static func silhouette(_ vectors: Matrix, _ centroids: Matrix) -> Double {
        guard vectors.rows > 0, centroids.rows > 1 else { return 0 }
        let cosines = vectors.productTransposed(centroids)
        var sum = 0.0
        for row in 0..<vectors.rows {
            let distances = cosines.row(row).map { max(0, 1 - Double($0)) }.sorted()
            if distances[1] > 0 { sum += (distances[1] - distances[0]) / distances[1] }
        }
        return sum / Double(vectors.rows)
    }

    private static func seeds(
        among vectors: Matrix, count: Int, random: inout SeededRandom
    ) -> Matrix {
        guard vectors.rows > 0 else { return Matrix(rows: 0, columns: vectors.columns) }
        var chosen = [Int(random.uniform() * Double(vectors.rows))]
        var distances = [Double](repeating: .infinity, count: vectors.rows)
        while chosen.count < count {
            let latest = vectors.row(chosen[chosen.count - 1])
            var total = 0.0
            for row in 0..<vectors.rows {
                let distance = max(0, 1 - Double(dotProduct(vectors.row(row), latest)))
                distances[row] = min(distances[row], distance < 1e-6 ? 0 : distance)
                total += distances[row]
            }
            guard total > 0 else { break }
            var left = random.uniform() * total
            var next = distances.lastIndex { $0 > 0 } ?? 0
            for row in 0..<vectors.rows where distances[row] > 0 {
                left -= distances[row]
                if left < 0 {
                    next = row
                    break
                }
            }
            chosen.append(next)
        }
        return vectors.rows(at: chosen)
    }

    private static func means(
        of vectors: Matrix, _ assignment: [Int], keeping old: Matrix
    ) -> Matrix {
        var sums = Matrix(rows: old.rows, columns: old.columns)
        for (row, cluster) in assignment.enumerated() {
            for column in 0..<old.columns { sums[cluster, column] += vectors[row, column] }
        }
        let rows = (0..<old.rows).map { cluster -> [Float] in
            let mean = unitLength(Array(sums.row(cluster)))
            // A centroid that lost all its vectors stays where it was.
            return mean.allSatisfy { $0 == 0 } ? Array(old.row(cluster)) : mean
        }
        return Matrix(rows)
    }
}
