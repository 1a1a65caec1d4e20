internal import COpenBLAS

/// Sums of products that a linear regression needs, and no more: they add up, fade, and are solved
/// at any time.
public struct NormalEquations: Equatable, Sendable {
    /// p
    public let inputs: Int
    /// (p (p + 1) / 2) upper triangle of `Σ w x xᵀ`, by rows.
    public var gram: [Double]
    /// (p) `Σ w x y`.
    public var moments: [Double]

    public init(inputs: Int) {
        self.inputs = inputs
        gram = Array(repeating: 0, count: inputs * (inputs + 1) / 2)
        moments = Array(repeating: 0, count: inputs)
    }

    public mutating func add(_ x: [Double], _ y: Double, weight: Double) {
        precondition(x.count == inputs, "\(x.count) inputs, expected \(inputs)")
        var place = 0
        for row in 0..<inputs {
            let scaled = weight * x[row]
            moments[row] += scaled * y
            if scaled == 0 {
                place += inputs - row
                continue
            }
            for column in row..<inputs {
                gram[place] += scaled * x[column]
                place += 1
            }
        }
    }

    public static func += (a: inout Self, b: Self) {
        precondition(a.inputs == b.inputs, "\(a.inputs) and \(b.inputs) inputs")
        for i in a.gram.indices { a.gram[i] += b.gram[i] }
        for i in a.moments.indices { a.moments[i] += b.moments[i] }
    }

    public mutating func scale(by factor: Double) {
        for i in gram.indices { gram[i] *= factor }
        for i in moments.indices { moments[i] *= factor }
    }

    /// The weights `b` that minimise `Σ w (y - xᵀ b)² + ridge |b - start|²`.
    /// - Returns: `start` where the sums are no numbers of such a problem.
    public func solved(ridge: Double, start: [Double]) -> [Double] {
        precondition(start.count == inputs, "\(start.count) weights, expected \(inputs)")
        precondition(ridge > 0, "ridge is \(ridge), expected more than 0")
        var matrix = Array(repeating: 0.0, count: inputs * inputs)
        var weights = moments
        var place = 0
        for row in 0..<inputs {
            for column in row..<inputs {
                matrix[row * inputs + column] = gram[place]
                matrix[column * inputs + row] = gram[place]
                place += 1
            }
            matrix[row * inputs + row] += ridge
            weights[row] += ridge * start[row]
        }
        guard matrix.allSatisfy(\.isFinite), weights.allSatisfy(\.isFinite) else { return start }
        let n = Int32(inputs)
        let info = LAPACKE_dposv(LAPACK_COL_MAJOR, Self.lower, n, 1, &matrix, n, &weights, n)
        return info == 0 ? weights : start
    }

    /// LAPACK's letter L.
    private static let lower = CChar(0x4C)
}
