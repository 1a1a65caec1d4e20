internal import COpenBLAS

/// Eigenvalues and eigenvectors of a symmetric matrix, or of a pair of them.
public struct Eigenvectors: Sendable {
    /// Descending.
    public let values: [Float]
    /// (n, n), row i belongs to value i. Its entry of greatest magnitude is positive, so that the
    /// sign, which the mathematics leaves open, does not depend on the library.
    public let vectors: Matrix

    /// LAPACK gave up: the input was no symmetric (or no positive definite) matrix of finite numbers.
    public struct NotDecomposed: Error, Equatable, CustomStringConvertible {
        public let routine: String
        public let info: Int
        public var description: String { "\(routine) gave up with info \(info)" }
    }

    /// LAPACK's letters V and L.
    private static let (vectorsToo, lower) = (CChar(0x56), CChar(0x4C))

    /// Solves `A v = λ v`; the vectors have unit length.
    public init(ofSymmetric matrix: Matrix) throws(NotDecomposed) {
        precondition(matrix.rows == matrix.columns, "\(matrix.rows) x \(matrix.columns)")
        var vectors = matrix.values
        var values = [Float](repeating: 0, count: matrix.rows)
        let n = Int32(matrix.rows)
        guard matrix.values.allSatisfy(\.isFinite) else {
            throw NotDecomposed(routine: "ssyevd", info: -5)
        }
        // Column-major output read row-major: each vector becomes a row.
        let info = LAPACKE_ssyevd(
            LAPACK_COL_MAJOR, Self.vectorsToo, Self.lower, n, &vectors, n, &values)
        guard info == 0 else { throw NotDecomposed(routine: "ssyevd", info: Int(info)) }
        self.init(ascending: values, vectors)
    }

    /// Solves `A v = λ B v` by the Cholesky factor of `B`; the vectors have `vᵀ B v = 1`.
    public init(of a: Matrix, against b: Matrix) throws(NotDecomposed) {
        precondition(
            a.rows == a.columns && b.rows == b.columns && a.rows == b.rows,
            "\(a.rows) x \(a.columns) against \(b.rows) x \(b.columns)")
        var vectors = a.values
        var factor = b.values
        var values = [Float](repeating: 0, count: a.rows)
        let n = Int32(a.rows)
        guard a.values.allSatisfy(\.isFinite), b.values.allSatisfy(\.isFinite) else {
            throw NotDecomposed(routine: "ssygvd", info: -6)
        }
        let info = LAPACKE_ssygvd(
            LAPACK_COL_MAJOR, 1, Self.vectorsToo, Self.lower, n, &vectors, n, &factor, n, &values)
        guard info == 0 else { throw NotDecomposed(routine: "ssygvd", info: Int(info)) }
        self.init(ascending: values, vectors)
    }

    private init(ascending values: [Float], _ vectors: [Float]) {
        let n = values.count
        var turned: [Float] = []
        turned.reserveCapacity(n * n)
        for index in (0..<n).reversed() {
            let vector = vectors[index * n..<(index + 1) * n]
            var extreme: Float = 0
            for entry in vector where abs(entry) > abs(extreme) { extreme = entry }
            turned += extreme < 0 ? vector.map { -$0 } : Array(vector)
        }
        self.values = values.reversed()
        self.vectors = Matrix(rows: n, columns: n, values: turned)
    }
}
