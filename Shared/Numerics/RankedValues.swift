/// The values of four ranks of a `LogSketch`, found in one pass over its bins and without making it.
public struct RankedValues {
    /// (ranks) as they were asked for; right once all bins were taken.
    public private(set) var values: InlineArray<4, Double>

    @usableFromInline let ranks: InlineArray<4, Int>
    private let count: Int
    private let least: Double
    private let most: Double
    @usableFromInline var next = 0
    @usableFromInline var below = 0

    /// - Parameters:
    ///   - ranks: ascending; 1 is the least value's and `count` the most's.
    ///   - count: of all values, at least 1.
    public init(ranks: InlineArray<4, Int>, count: Int, least: Double, most: Double) {
        self.ranks = ranks
        self.count = count
        self.least = least
        self.most = most
        values = InlineArray(repeating: most)
    }

    /// - Parameter bin: not below the one before.
    @inlinable public mutating func take(bin: UInt32, times: Int) {
        below &+= times
        while next < 4, ranks[next] <= below { settleNext(bin) }
    }

    @usableFromInline mutating func settleNext(_ bin: UInt32) {
        let rank = ranks[next]
        values[next] =
            rank == 1
            ? least
            : rank == count ? most : min(max(LogSketch.middle(ofBin: UInt64(bin)), least), most)
        next += 1
    }
}
