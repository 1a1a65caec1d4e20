/// Directions of greatest variance, found on the smaller side of the data.
///
/// With fewer rows than columns the vectors come from the rows' products with each other:
/// `A Aᵀ u = λ u` gives `v = Aᵀ u / sqrt λ`, and n x n is solved in the place of K x K.
public struct PrincipalComponents: Sendable {
    /// (k, K) unit length and orthogonal, each a row.
    public let vectors: Matrix
    /// (k) of the rows along each vector, descending; all positive.
    public let variances: [Float]

    /// - Parameter rows: (n, K) of mean 0.
    /// - Parameter count: k at most.
    /// - Parameter varianceMin: what is left out, as a part of the first variance.
    public init(
        of rows: Matrix, count: Int, varianceMin: Float
    ) throws(Eigenvectors.NotDecomposed) {
        let wide = rows.rows < rows.columns
        let eigen = try Eigenvectors(
            ofSymmetric: wide ? rows.productTransposed(rows) : rows.gram())
        let largest = eigen.values.first ?? 0
        let kept = eigen.values.prefix(count)
            .prefix { $0 > max(varianceMin * largest, .leastNormalMagnitude) }.count
        let leading = eigen.vectors.rows(at: Array(0..<kept))
        if wide {
            let long = leading.product(rows)
            vectors = Matrix(
                rows: kept, columns: rows.columns,
                values: (0..<kept).flatMap { unitLength(Array(long.row($0))) })
        } else {
            vectors = leading
        }
        variances = eigen.values.prefix(kept).map { $0 / Float(max(1, rows.rows)) }
    }
}
