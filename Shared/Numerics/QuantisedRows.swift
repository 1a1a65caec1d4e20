/// A matrix in bytes: each row as whole numbers from -127 to 127 times a scale of its own.
///
/// A value is off by at most half a step, a 254th of the greatest magnitude in its row.
public struct QuantisedRows: Equatable, Sendable {
    public let columns: Int
    /// (rows x columns)
    public let values: [Int8]
    /// (rows) what a step is worth.
    public let scales: [Float]

    /// Puts back what was kept.
    ///
    /// - Parameter scales: (rows)
    public init(columns: Int, values: [Int8], scales: [Float]) {
        precondition(
            values.count == scales.count * columns,
            "\(values.count) bytes, \(scales.count) rows of \(columns)")
        self.columns = columns
        self.values = values
        self.scales = scales
    }

    /// - Parameter matrix: finite.
    public init(_ matrix: Matrix) {
        columns = matrix.columns
        var values: [Int8] = []
        values.reserveCapacity(matrix.values.count)
        scales = (0..<matrix.rows).map { row in
            let greatest = matrix.row(row).reduce(0) { max($0, abs($1)) }
            let step = greatest / 127
            // Of a row so small that steps are no normal numbers nothing is left.
            let inverse = step >= .leastNormalMagnitude ? 1 / step : 0
            for value in matrix.row(row) {
                values.append(Int8(max(-127, min(127, (value * inverse).rounded()))))
            }
            return inverse > 0 ? step : 0
        }
        self.values = values
    }

    /// What the bytes stand for.
    public var matrix: Matrix {
        Matrix(
            rows: scales.count, columns: columns,
            values: values.enumerated().map { Float($1) * scales[$0 / columns] })
    }
}
