/// Sums run in Double: a week of slots in Float loses the small ones.
public func mean(_ values: ArraySlice<Float>) -> Float {
    guard !values.isEmpty else { return 0 }
    let sum = values.withUnsafeBufferPointer { values in
        var sum = 0.0
        for value in values { sum += Double(value) }
        return sum
    }
    return Float(sum / Double(values.count))
}

public func mean(_ values: [Float]) -> Float { mean(values[...]) }

/// Population variance; 0 of nothing.
public func variance(_ values: ArraySlice<Float>) -> Float {
    guard !values.isEmpty else { return 0 }
    let centre = Double(mean(values))
    let sum = values.withUnsafeBufferPointer { values in
        var sum = 0.0
        for value in values { sum += (Double(value) - centre) * (Double(value) - centre) }
        return sum
    }
    return Float(sum / Double(values.count))
}

public func variance(_ values: [Float]) -> Float { variance(values[...]) }

/// Pearson's correlation; 0 where either does not vary.
public func correlation(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Float {
    precondition(a.count == b.count, "correlation of \(a.count) and \(b.count) values")
    let (centreA, centreB) = (Double(mean(a)), Double(mean(b)))
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            for index in 0..<a.count {
                let (dx, dy) = (Double(a[index]) - centreA, Double(b[index]) - centreB)
                ab += dx * dy
                aa += dx * dx
                bb += dy * dy
            }
        }
    }
    guard aa > 0, bb > 0 else { return 0 }
    return Float(max(-1, min(1, ab / (aa.squareRoot() * bb.squareRoot()))))
}

/// - Parameter share: 0...1; between two values it interpolates, as numpy's default does.
public func quantile(ofSorted sorted: [Float], _ share: Double) -> Float {
    guard let last = sorted.last else { return 0 }
    let position = max(0, min(1, share)) * Double(sorted.count - 1)
    let below = Int(position)
    guard below + 1 < sorted.count else { return last }
    let part = Float(position - Double(below))
    return sorted[below] + part * (sorted[below + 1] - sorted[below])
}

/// Ranks from 1; equal values share the mean of theirs.
public func ranks(_ values: [Float]) -> [Float] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = [Float](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start
        while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
        for place in start...end { ranks[order[place]] = Float(start + end) / 2 + 1 }
        start = end + 1
    }
    return ranks
}

/// `vector` at length 1; all zero where it has none.
public func unitLength(_ vector: [Float]) -> [Float] {
    var squares = 0.0
    for value in vector { squares += Double(value) * Double(value) }
    guard squares > 0, squares.isFinite else { return vector.map { _ in 0 } }
    let length = squares.squareRoot()
    return vector.map { Float(Double($0) / length) }
}

/// Shifts and scales each column to mean 0 and variance 1, as fitted.
public struct Standardisation: Equatable, Sendable {
    /// (columns)
    public let means: [Float]
    /// (columns), one over the standard deviation; 0 where a column does not vary.
    public let scales: [Float]

    public init(means: [Float], scales: [Float]) {
        precondition(means.count == scales.count, "\(means.count) means, \(scales.count) scales")
        self.means = means
        self.scales = scales
    }

    public init(fitting matrix: Matrix) {
        var sums = [Double](repeating: 0, count: matrix.columns)
        var squares = sums
        for row in 0..<matrix.rows {
            for (column, value) in matrix.row(row).enumerated() { sums[column] += Double(value) }
        }
        let count = Double(max(1, matrix.rows))
        for row in 0..<matrix.rows {
            for (column, value) in matrix.row(row).enumerated() {
                let distance = Double(value) - sums[column] / count
                squares[column] += distance * distance
            }
        }
        means = sums.map { Float($0 / count) }
        scales = squares.map { square in
            let deviation = (square / count).squareRoot()
            return deviation > 1e-6 ? Float(1 / deviation) : 0
        }
    }

    /// - Parameter limit: what lies further out is brought to it.
    public func apply(to row: [Float], limit: Float = .infinity) -> [Float] {
        precondition(row.count == means.count, "\(row.count) values, \(means.count) columns")
        return row.indices.map { index in
            max(-limit, min(limit, (row[index] - means[index]) * scales[index]))
        }
    }
}

extension Matrix {
    /// Population covariance of the columns.
    public func covariance() -> Matrix {
        guard rows > 0 else { return Matrix(rows: columns, columns: columns) }
        let centre = Standardisation(fitting: self).means
        var centred = self
        centred.subtractFromRows(centre)
        var result = centred.gram()
        result.scale(by: 1 / Float(rows))
        return result
    }
}
