internal import COpenBLAS

/// A matrix of single precision, row-major.
///
/// Products go through OpenBLAS. Its results are the same from run to run on one machine; another
/// machine's kernels may round otherwise in the last digits. Debian's OpenBLAS does not know some
/// newer CPUs and falls back to a core four times slower: `linearAlgebraCore` says which it took,
/// and `OPENBLAS_CORETYPE` (for example `Haswell`), set before the process starts, overrides it.
public struct Matrix: Equatable, Sendable {
    public let rows: Int
    public let columns: Int
    /// (rows, columns)
    public private(set) var values: [Float]

    public init(rows: Int, columns: Int, values: [Float]) {
        precondition(
            values.count == rows * columns, "\(rows) x \(columns) from \(values.count) values")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    public init(rows: Int, columns: Int) {
        self.init(rows: rows, columns: columns, values: Array(repeating: 0, count: rows * columns))
    }

    /// - Parameter rows: all of one length; none makes an empty matrix.
    public init(_ rows: [[Float]]) {
        let columns = rows.first?.count ?? 0
        self.init(rows: rows.count, columns: columns, values: rows.flatMap { $0 })
    }

    public static func identity(_ size: Int) -> Matrix {
        var matrix = Matrix(rows: size, columns: size)
        for index in 0..<size { matrix[index, index] = 1 }
        return matrix
    }

    public subscript(row: Int, column: Int) -> Float {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    public func row(_ row: Int) -> ArraySlice<Float> {
        values[row * columns..<(row + 1) * columns]
    }

    /// Rows in the given order; one may be taken more than once.
    public func rows(at indices: [Int]) -> Matrix {
        var taken: [Float] = []
        taken.reserveCapacity(indices.count * columns)
        for index in indices { taken += row(index) }
        return Matrix(rows: indices.count, columns: columns, values: taken)
    }

    /// `self * other`.
    public func product(_ other: Matrix) -> Matrix {
        precondition(columns == other.rows, "\(columns) columns times \(other.rows) rows")
        return multiply(other, transposed: CblasNoTrans, into: other.columns)
    }

    /// `self * otherᵀ`: every row of one with every row of the other.
    public func productTransposed(_ other: Matrix) -> Matrix {
        precondition(columns == other.columns, "\(columns) against \(other.columns) columns")
        return multiply(other, transposed: CblasTrans, into: other.rows)
    }

    private func multiply(
        _ other: Matrix, transposed: CBLAS_TRANSPOSE, into width: Int
    ) -> Matrix {
        var result = Matrix(rows: rows, columns: width)
        guard rows > 0, width > 0, columns > 0 else { return result }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, transposed, Int32(rows), Int32(width), Int32(columns), 1,
            values, Int32(columns), other.values, Int32(other.columns), 0, &result.values,
            Int32(width))
        return result
    }

    /// `selfᵀ * self`.
    public func gram() -> Matrix {
        var result = Matrix(rows: columns, columns: columns)
        guard rows > 0, columns > 0 else { return result }
        cblas_ssyrk(
            CblasRowMajor, CblasUpper, CblasTrans, Int32(columns), Int32(rows), 1, values,
            Int32(columns), 0, &result.values, Int32(columns))
        for row in 1..<max(1, columns) {
            for column in 0..<row { result[row, column] = result[column, row] }
        }
        return result
    }

    public mutating func scale(by factor: Float) {
        for index in values.indices { values[index] *= factor }
    }

    /// Takes `row` off every row.
    public mutating func subtractFromRows(_ row: [Float]) {
        precondition(row.count == columns, "\(row.count) values off \(columns) columns")
        let (rows, columns) = (rows, columns)
        values.withUnsafeMutableBufferPointer { values in
            for index in 0..<rows {
                for column in 0..<columns { values[index * columns + column] -= row[column] }
            }
        }
    }

    /// Multiplies each column by its factor.
    public mutating func scaleColumns(by factors: [Float]) {
        precondition(factors.count == columns, "\(factors.count) factors, \(columns) columns")
        let (rows, columns) = (rows, columns)
        values.withUnsafeMutableBufferPointer { values in
            for index in 0..<rows {
                for column in 0..<columns { values[index * columns + column] *= factors[column] }
            }
        }
    }

    /// Adds `amount` along the diagonal.
    public mutating func addToDiagonal(_ amount: Float) {
        for index in 0..<min(rows, columns) { self[index, index] += amount }
    }

    public var trace: Float {
        (0..<min(rows, columns)).reduce(0) { $0 + self[$1, $1] }
    }
}

/// Sum of products of two equally long runs.
public func dotProduct(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Float {
    precondition(a.count == b.count, "dot product of \(a.count) and \(b.count) values")
    return a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            cblas_sdot(Int32(a.count), a.baseAddress, 1, b.baseAddress, 1)
        }
    }
}

/// The processor that OpenBLAS took this one for.
public func linearAlgebraCore() -> String { String(cString: openblas_get_corename()) }
