internal import Numerics
internal import Topics

/// How often each gap between two arrivals of a slot came, by the bins of `LogSketch`: room for any
/// slot's, used again for each.
struct GapCounts {
    // No gap is longer than its slot, whose bin is the 1,802nd.
    /// (bins) all zero between one slot and the next.
    private var times = InlineArray<1_856, UInt32>(repeating: 0)
    /// (bins / 64) a bit for each bin that has some: only those are gone through.
    private var taken = InlineArray<29, UInt64>(repeating: 0)
    private var count = 0
    private var leastMs = Int.max
    private var mostMs = 0
    private var sumMs = 0

    @inline(__always)
    mutating func add(_ gapMs: Int, times more: Int = 1) {
        let bin = Int(LogSketch.bin(of: Double(gapMs)))
        times[bin] &+= UInt32(truncatingIfNeeded: more)
        taken[bin >> 6] |= 1 << UInt64(truncatingIfNeeded: bin & 63)
        count &+= more
        leastMs = min(leastMs, gapMs)
        mostMs = max(mostMs, gapMs)
        sumMs &+= gapMs &* more
    }

    /// Empties it. nil when there was none.
    mutating func takePercentiles() -> Percentiles? {
        guard count > 0 else { return nil }
        // Whole milliseconds, so their sum in a sketch's parts is this exactly.
        let percentiles = Percentiles(
            count: count, least: Double(leastMs), most: Double(mostMs),
            mean: Double(sumMs) / Double(count)
        ) { ranked in
            for word in taken.indices {
                var bits = taken[word]
                guard bits != 0 else { continue }
                taken[word] = 0
                while bits != 0 {
                    let bin = word << 6 | bits.trailingZeroBitCount
                    ranked.take(bin: UInt32(truncatingIfNeeded: bin), times: Int(times[bin]))
                    times[bin] = 0
                    bits &= bits &- 1
                }
            }
        }
        (count, leastMs, mostMs, sumMs) = (0, .max, 0, 0)
        return percentiles
    }
}
