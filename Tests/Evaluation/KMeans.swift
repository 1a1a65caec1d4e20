import Numerics

/// Lloyd's k-means with k-means++ seeds: of several starts the one with the least spread.
///
/// - SeeAlso: Arthur and Vassilvitskii, "k-means++" (SODA 2007), section 2.2.
struct KMeans {
    static let starts = 10
    static let iterationsMax = 100

    /// (n) which of the clusters each vector is in.
    let assignment: [Int]

    /// - Parameter vectors: (n, D) at least one.
    init(_ vectors: [[Float]], count: Int, random: inout SeededRandom) {
        let points = Matrix(vectors)
        var best: (assignment: [Int], spread: Double) = ([], .infinity)
        for _ in 0..<Self.starts {
            let run = Self.run(points, count: count, &random)
            if run.spread < best.spread { best = run }
        }
        assignment = best.assignment
    }

    private static func run(
        _ points: Matrix, count: Int, _ random: inout SeededRandom
    ) -> (assignment: [Int], spread: Double) {
        var centres = seeds(points, count: count, &random)
        var (assignment, distances) = nearest(points, centres)
        for _ in 0..<iterationsMax {
            centres = means(points, assignment, keeping: centres)
            let (next, newDistances) = nearest(points, centres)
            distances = newDistances
            if next == assignment { break }
            assignment = next
        }
        return (assignment, distances.reduce(0, +))
    }

    private static func seeds(
        _ points: Matrix, count: Int, _ random: inout SeededRandom
    ) -> Matrix {
        var chosen = [Int(random.uniform() * Double(points.rows))]
        var nearestYet = [Double](repeating: .infinity, count: points.rows)
        while chosen.count < min(count, points.rows) {
            let (_, distances) = nearest(points, points.rows(at: [chosen[chosen.count - 1]]))
            for row in 0..<points.rows { nearestYet[row] = min(nearestYet[row], distances[row]) }
            let total = nearestYet.reduce(0, +)
            guard total > 0 else { break }
            var left = random.uniform() * total
            var next = points.rows - 1
            for row in 0..<points.rows {
                left -= nearestYet[row]
                if left < 0 {
                    next = row
                    break
                }
            }
            chosen.append(next)
        }
        return points.rows(at: chosen)
    }

    /// Of each point the nearest centre, and the square of how far it is.
    private static func nearest(
        _ points: Matrix, _ centres: Matrix
    ) -> (assignment: [Int], distances: [Double]) {
        func squares(_ matrix: Matrix) -> [Double] {
            (0..<matrix.rows).map { matrix.row($0).reduce(0) { $0 + Double($1) * Double($1) } }
        }
        let (own, theirs) = (squares(points), squares(centres))
        let products = points.productTransposed(centres)
        var assignment = [Int](repeating: 0, count: points.rows)
        var distances = [Double](repeating: .infinity, count: points.rows)
        for row in 0..<points.rows {
            for centre in 0..<centres.rows {
                let distance = max(
                    0, own[row] + theirs[centre] - 2 * Double(products[row, centre]))
                if distance < distances[row] {
                    (assignment[row], distances[row]) = (centre, distance)
                }
            }
        }
        return (assignment, distances)
    }

    private static func means(
        _ points: Matrix, _ assignment: [Int], keeping old: Matrix
    ) -> Matrix {
        var sums = Matrix(rows: old.rows, columns: old.columns)
        var counts = [Float](repeating: 0, count: old.rows)
        for (row, cluster) in assignment.enumerated() {
            counts[cluster] += 1
            for column in 0..<old.columns { sums[cluster, column] += points[row, column] }
        }
        for cluster in 0..<old.rows {
            for column in 0..<old.columns {
                // A centre that lost all its points stays where it was.
                sums[cluster, column] =
                    counts[cluster] > 0
                    ? sums[cluster, column] / counts[cluster] : old[cluster, column]
            }
        }
        return sums
    }
}
