public import Numerics

/// Finds, among very many functions, those whose vectors are nearest to one's, and those that may be in
/// antiphase to it.
///
/// n: functions; D: numbers of a vector; W = 8: three-hour windows of a typical day.
public struct NeighbourIndex: Sendable {
    /// (n, D)
    private let vectors: Matrix
    /// (W, n) the mean peak of each window.
    private let windows: Matrix
    /// (n)
    private let peaks: [Float]

    /// W
    public static let windowsPerDay = 8
    /// Queries that are looked up together: their products are one product of matrices.
    private static let blockQueries = 64

    /// - Parameter vectors: (n, D) unit length.
    /// - Parameter windows: (n, W) not negative.
    public init(vectors: Matrix, windows: [[Float]]) {
        precondition(
            vectors.rows == windows.count, "\(vectors.rows) vectors, \(windows.count) days")
        self.vectors = vectors
        peaks = windows.map { $0.max() ?? 0 }
        var columns = Matrix(rows: Self.windowsPerDay, columns: windows.count)
        for (row, day) in windows.enumerated() {
            for (window, value) in day.enumerated() { columns[window, row] = value }
        }
        self.windows = columns
    }

    public var count: Int { vectors.rows }

    /// (queries, at most `count` of each) rows of most cosine, best first, with it; the first of equals.
    public func nearest(
        to queries: Matrix, count: Int
    ) -> [[(row: Int, cosine: Float)]] {
        var found: [[(row: Int, cosine: Float)]] = []
        var first = 0
        while first < queries.rows {
            let block = Array(first..<min(first + Self.blockQueries, queries.rows))
            let cosines = queries.rows(at: block).productTransposed(vectors)
            for query in block.indices {
                found.append(Self.greatest(cosines.row(query), count).map { ($0.0, $0.1) })
            }
            first += block.count
        }
        return found
    }

    /// At most `count` rows whose typical day goes best with that of one: what the two would need
    /// together over what they would need apart is least. Best first; the first of equals.
    public func likelyOpposite(to day: [Float], count: Int) -> [Int] {
        let peak = day.max() ?? 0
        var saved = jointPeaks(windows, with: day)
        for row in saved.indices {
            let apart = peak + peaks[row]
            saved[row] = apart > 0 ? -saved[row] / apart : -1
        }
        return Self.greatest(saved[...], count).map(\.0)
    }

    /// - Complexity: linear, while few of many are asked for.
    private static func greatest(_ values: ArraySlice<Float>, _ count: Int) -> [(Int, Float)] {
        var best: [(Int, Float)] = []
        guard count > 0 else { return best }
        var least = -Float.infinity
        let values = values.span
        for index in values.indices where values[index] > least || best.count < count {
            let value = values[index]
            var place = best.count
            while place > 0, best[place - 1].1 < value { place -= 1 }
            best.insert((index, value), at: place)
            if best.count > count { best.removeLast() }
            if best.count == count { least = best[count - 1].1 }
        }
        return best
    }
}
