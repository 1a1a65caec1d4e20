internal import Numerics
internal import Topics

/// A `LogSketch` as it is added to: its bins in the arena.
struct Sketch {
    private var bins = CountedKeys()
    private(set) var count: UInt32 = 0
    private(set) var sumFixed: Int64 = 0
    private(set) var least = Double.infinity
    private(set) var most = -Double.infinity

    private static let countBits: UInt32 = 16

    mutating func add(_ value: Double, in arena: inout WordArena) {
        bins.add(LogSketch.bin(of: value), countBits: Self.countBits, in: &arena)
        count &+= 1
        sumFixed = saturatingSum(sumFixed, LogSketch.fixed(value))
        least = min(least, value)
        most = max(most, value)
    }

    func prefetchEnd(in arena: WordArena) { bins.prefetchEnd(in: arena) }
    func prefetchAll(in arena: WordArena) { bins.prefetchAll(in: arena) }

    /// Those of `sketch`, without making it; nil when there is no value.
    mutating func percentiles(in arena: inout WordArena) -> Percentiles? {
        guard count > 0 else { return nil }
        let (least, most, sumFixed) = (least, most, sumFixed)
        return bins.withSettled(countBits: Self.countBits, in: &arena) { settled in
            let count = Self.count(settled)
            return Percentiles(
                count: count, least: least, most: most,
                mean: LogSketch.mean(sumFixed: sumFixed, count: count)
            ) { Self.take(settled, &$0) }
        }
    }

    /// Of 1 less each value.
    mutating func percentilesOfRest(in arena: inout WordArena) -> Percentiles? {
        guard count > 0 else { return nil }
        let (least, most, sumFixed) = (least, most, sumFixed)
        return bins.withSettled(countBits: Self.countBits, in: &arena) { settled in
            let count = Self.count(settled)
            return Percentiles(
                restOf: count, least: least, most: most,
                mean: LogSketch.mean(sumFixed: sumFixed, count: count)
            ) { Self.take(settled, &$0) }
        }
    }

    private static func count(_ settled: Span<UInt32>) -> Int {
        var count = 0
        for i in settled.indices { count &+= Int(settled[i] & 0xFFFF) }
        return count
    }

    private static func take(_ settled: Span<UInt32>, _ ranked: inout RankedValues) {
        for i in settled.indices {
            ranked.take(bin: settled[i] >> countBits, times: Int(settled[i] & 0xFFFF))
        }
    }

    init() {}

    init(_ sketch: LogSketch, in arena: inout WordArena) {
        for bin in sketch.bins {
            bins.add(
                UInt32(bin >> 48), times: Int(bin & (1 << 48 - 1)), countBits: Self.countBits,
                in: &arena)
        }
        count = UInt32(clamping: sketch.count)
        sumFixed = sketch.sumFixed
        least = sketch.least
        most = sketch.most
    }

    /// The bins, ascending, as `CountedKeys` has them, and how many bits of each are its count.
    mutating func withBins(
        in arena: inout WordArena, _ body: (Span<UInt32>, UInt32) -> Void
    ) {
        bins.withSettled(countBits: Self.countBits, in: &arena) { body($0, Self.countBits) }
    }

    mutating func release(in arena: inout WordArena) { bins.release(in: &arena) }
}
