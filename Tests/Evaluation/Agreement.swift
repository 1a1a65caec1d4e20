import Numerics

/// How far two ways to group the same things agree: 1 the same groups, 0 as chance would.
///
/// `(index - expected) / (max - expected)` over pairs of things.
///
/// - SeeAlso: Hubert and Arabie, "Comparing partitions" (1985), equation 5.
func adjustedRandIndex(_ a: [Int], _ b: [Int]) -> Double {
    precondition(a.count == b.count, "\(a.count) against \(b.count)")
    func pairs(_ n: Int) -> Double { Double(n) * Double(n - 1) / 2 }
    var cells: [[Int]: Int] = [:]
    var rows: [Int: Int] = [:]
    var columns: [Int: Int] = [:]
    for (x, y) in zip(a, b) {
        cells[[x, y], default: 0] += 1
        rows[x, default: 0] += 1
        columns[y, default: 0] += 1
    }
    // Sums of whole numbers: exact in any order of a dictionary.
    let index = cells.values.reduce(0) { $0 + pairs($1) }
    let (inRows, inColumns) = (
        rows.values.reduce(0) { $0 + pairs($1) }, columns.values.reduce(0) { $0 + pairs($1) }
    )
    let all = pairs(a.count)
    guard all > 0 else { return 1 }
    let expected = inRows * inColumns / all
    let highest = (inRows + inColumns) / 2
    return highest == expected ? 1 : (index - expected) / (highest - expected)
}

/// Where the right answer stands among all answers to each query.
struct Retrieval {
    let recallAtOne: Double
    let meanReciprocalRank: Double

    /// - Parameter scores: (n, n) how well answer j fits query i; the right one is j = i. One that
    ///   scores as the right one does stands before it.
    init(_ scores: Matrix) {
        var (first, reciprocal) = (0.0, 0.0)
        for row in 0..<scores.rows {
            let right = scores[row, row]
            let rank = scores.row(row).count { !($0 < right) }
            if rank == 1 { first += 1 }
            reciprocal += 1 / Double(max(1, rank))
        }
        recallAtOne = first / Double(max(1, scores.rows))
        meanReciprocalRank = reciprocal / Double(max(1, scores.rows))
    }

    init(recallAtOne: Double, meanReciprocalRank: Double) {
        self.recallAtOne = recallAtOne
        self.meanReciprocalRank = meanReciprocalRank
    }
}

/// The label of the nearest of `known` by Euclidean distance, for each of `vectors`.
func nearestLabel(_ vectors: [[Float]], among known: [[Float]], labels: [Int]) -> [Int] {
    let (rows, answers) = (Matrix(vectors), Matrix(known))
    let squares = known.map { $0.reduce(0) { $0 + Double($1) * Double($1) } }
    let products = rows.productTransposed(answers)
    return (0..<rows.rows).map { row in
        var best = 0
        var least = Double.infinity
        for index in known.indices {
            let distance = squares[index] - 2 * Double(products[row, index])
            if distance < least { (best, least) = (index, distance) }
        }
        return labels[best]
    }
}
