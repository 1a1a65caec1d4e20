import Foundation
import Numerics

/// How well a linear model tells classes apart by representations: multinomial logistic regression
/// on standardised numbers with a squared penalty, `sum loss + |W|² / 2`.
///
/// - SeeAlso: Nesterov, "Introductory Lectures on Convex Optimization" (2004), section 2.2; started
///   anew where the gradient turns against the step, after O'Donoghue and Candès, "Adaptive Restart
///   for Accelerated Gradient Schemes" (2015), section 3.2.
struct LogisticProbe {
    static let iterationsMax = 2_000
    static let gradientMin = 1e-6

    private let standardisation: Standardisation
    private let classes: Int
    /// (D + 1, classes) the intercepts last; they are not penalised.
    private var weights: [Double]

    /// - Parameter vectors: (n, D)
    /// - Parameter labels: (n) of 0..<classes.
    init(fitting vectors: [[Float]], labels: [Int], classes: Int) {
        standardisation = Standardisation(fitting: Matrix(vectors))
        self.classes = classes
        let width = (vectors.first?.count ?? 0) + 1
        weights = Array(repeating: 0, count: width * classes)
        let rows = vectors.map { Self.extended(standardisation, $0) }
        descend(rows, labels, step: 1 / Self.curvature(rows))
    }

    /// The share of `vectors` that it gives their label.
    func accuracy(_ vectors: [[Float]], labels: [Int]) -> Double {
        let right = zip(vectors, labels).count { vector, label in
            let scores = self.scores(Self.extended(standardisation, vector), weights)
            var best = 0
            for index in scores.indices where scores[index] > scores[best] { best = index }
            return best == label
        }
        return Double(right) / Double(max(1, labels.count))
    }

    private mutating func descend(_ rows: [[Double]], _ labels: [Int], step: Double) {
        var ahead = weights
        var momentum = 1.0
        for _ in 0..<Self.iterationsMax {
            let gradient = gradient(at: ahead, rows, labels)
            guard (gradient.lazy.map { abs($0) }.max() ?? 0) > Self.gradientMin else { break }
            var turned = 0.0
            let next = (1 + (1 + 4 * momentum * momentum).squareRoot()) / 2
            for index in weights.indices {
                let moved = ahead[index] - step * gradient[index]
                let change = moved - weights[index]
                turned += gradient[index] * change
                ahead[index] = moved + (momentum - 1) / next * change
                weights[index] = moved
            }
            momentum = next
            if turned > 0 {
                momentum = 1
                ahead = weights
            }
        }
    }

    /// Of the mean loss and its penalty.
    private func gradient(
        at weights: [Double], _ rows: [[Double]], _ labels: [Int]
    ) -> [Double] {
        var gradient = [Double](repeating: 0, count: weights.count)
        for (row, label) in zip(rows, labels) {
            var shares = scores(row, weights)
            let highest = shares.max() ?? 0
            var total = 0.0
            for index in shares.indices {
                shares[index] = exp(shares[index] - highest)
                total += shares[index]
            }
            for index in shares.indices { shares[index] /= total }
            shares[label] -= 1
            for column in row.indices {
                for index in 0..<classes {
                    gradient[column * classes + index] += row[column] * shares[index]
                }
            }
        }
        let count = Double(max(1, rows.count))
        let penalised = weights.count - classes
        for index in gradient.indices {
            gradient[index] = (gradient[index] + (index < penalised ? weights[index] : 0)) / count
        }
        return gradient
    }

    private func scores(_ row: [Double], _ weights: [Double]) -> [Double] {
        var scores = [Double](repeating: 0, count: classes)
        for column in row.indices {
            for index in 0..<classes {
                scores[index] += row[column] * weights[column * classes + index]
            }
        }
        return scores
    }

    /// No less than the greatest eigenvalue of the loss' second derivative: half that of the rows'
    /// mean square (Böhning, 1992), which is at most their trace, and the penalty's.
    private static func curvature(_ rows: [[Double]]) -> Double {
        let count = Double(max(1, rows.count))
        var vector = [Double](repeating: 1, count: rows.first?.count ?? 0)
        var largest = 1.0
        for _ in 0..<50 {
            var image = [Double](repeating: 0, count: vector.count)
            for row in rows {
                let along = zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 }
                for index in image.indices { image[index] += row[index] * along / count }
            }
            let length = image.reduce(0) { $0 + $1 * $1 }.squareRoot()
            guard length > 0 else { break }
            let before = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            largest = max(largest, length / before)
            vector = image.map { $0 / length }
        }
        // The power method comes from below: a tenth on top.
        return 0.55 * largest + 1 / count
    }

    private static func extended(_ standardisation: Standardisation, _ vector: [Float]) -> [Double]
    {
        standardisation.apply(to: vector).map(Double.init) + [1]
    }
}
