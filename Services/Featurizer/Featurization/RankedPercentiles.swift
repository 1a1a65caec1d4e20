internal import Numerics
internal import Topics

// Percentiles of binned values, as a `LogSketch` of the same has them.
extension Percentiles {
    /// - Parameters:
    ///   - count: of values, at least 1.
    ///   - takeBins: takes the bins of all of them, ascending.
    @inline(__always)
    init(
        count: Int, least: Double, most: Double, mean: Double,
        _ takeBins: (inout RankedValues) -> Void
    ) {
        func rank(_ share: Double) -> Int { LogSketch.rank(share, of: count) }
        var ranked = RankedValues(
            ranks: [rank(0.01), rank(0.5), rank(0.95), rank(0.99)], count: count, least: least,
            most: most)
        takeBins(&ranked)
        let values = ranked.values
        self.init(
            p1: values[0], p50: values[1], p95: values[2], p99: values[3], max: most, mean: mean)
    }

    /// Of 1 less each value: the least of those is 1 less the most of these.
    @inline(__always)
    init(
        restOf count: Int, least: Double, most: Double, mean: Double,
        _ takeBins: (inout RankedValues) -> Void
    ) {
        func rank(_ share: Double) -> Int { count + 1 - LogSketch.rank(share, of: count) }
        var ranked = RankedValues(
            ranks: [rank(0.99), rank(0.95), rank(0.5), rank(0.01)], count: count, least: least,
            most: most)
        takeBins(&ranked)
        let values = ranked.values
        self.init(
            p1: 1 - values[3], p50: 1 - values[2], p95: 1 - values[1], p99: 1 - values[0],
            max: 1 - least, mean: 1 - mean)
    }
}
