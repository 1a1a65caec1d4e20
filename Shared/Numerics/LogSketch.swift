/// Quantiles of positive values within a relative error, in bins whose widths grow with the value.
///
/// A value's bin is the upper bits of its bit pattern: exponent and six bits of the mantissa, so 64
/// bins lie between a power of two and the next, and a bin's middle is at most 1/128 away from what
/// fell in it. Values below 2^-10 share one bin. Only bins that hold something are kept, so
/// n values have at most n. Sketches merge by adding, so order and grouping change nothing: equal
/// values give equal sketches, to the bit.
public struct LogSketch: Sendable, Equatable {
    /// Of a quantile, against the exact one; holds from `leastValue` on.
    public static let relativeErrorMax = 1.0 / 128
    /// Below it a value counts as 0.
    public static let leastValue = 0x1p-10

    /// (bins) ascending; the bin's number in the upper 16 bits, how many it holds in the others.
    public private(set) var bins: [UInt64] = []
    public private(set) var count: Int = 0
    /// In 2^-20ths, so that adding them up does not depend on the order; stays at the largest.
    public private(set) var sumFixed: Int64 = 0
    public private(set) var least = Double.infinity
    public private(set) var most = -Double.infinity

    private static let mantissaBits = 6
    private static let shift = UInt64(52 - mantissaBits)
    private static let first = leastValue.bitPattern >> shift
    private static let countBits: UInt64 = 48
    private static let countMask: UInt64 = (1 << countBits) - 1
    private static let fixedOne = 0x1p20

    public init() {}

    /// Puts back what was kept.
    ///
    /// - Returns: nil when the parts are not a sketch's.
    public init?(bins: [UInt64], sumFixed: Int64, least: Double, most: Double) {
        var count = 0
        for (i, bin) in bins.enumerated() {
            guard bin & Self.countMask > 0, i == 0 || bins[i - 1] >> 48 < bin >> 48 else {
                return nil
            }
            let (sum, overflow) = count.addingReportingOverflow(Int(bin & Self.countMask))
            // With room for more: a bin that overflows would be another bin.
            guard !overflow, sum <= Int(Self.countMask) / 2 else { return nil }
            count = sum
        }
        guard bins.isEmpty ? least == .infinity && most == -.infinity : least <= most else {
            return nil
        }
        self.bins = bins
        self.count = count
        self.sumFixed = sumFixed
        self.least = least
        self.most = most
    }

    /// - Complexity: a search among the bins; a bin's first value moves those above it.
    public mutating func add(_ value: Double, times: Int = 1) {
        precondition(value >= 0 && value.isFinite, "sketched values are not negative, got \(value)")
        add(UInt64(times), toBin: UInt64(Self.bin(of: value)))
        count += times
        let (fixed, overflow) = Self.fixed(value).multipliedReportingOverflow(by: Int64(times))
        sumFixed = Self.saturatingSum(sumFixed, overflow ? .max : fixed)
        least = min(least, value)
        most = max(most, value)
    }

    public mutating func merge(_ other: LogSketch) {
        for entry in other.bins { add(entry & Self.countMask, toBin: entry >> Self.countBits) }
        count += other.count
        sumFixed = Self.saturatingSum(sumFixed, other.sumFixed)
        least = min(least, other.least)
        most = max(most, other.most)
    }

    /// nil when there is no value.
    public var mean: Double? {
        count == 0 ? nil : Self.mean(sumFixed: sumFixed, count: count)
    }

    /// - Parameter sumFixed: of that many values, at least one.
    public static func mean(sumFixed: Int64, count: Int) -> Double {
        Double(sumFixed) / fixedOne / Double(count)
    }

    /// The value of that rank, 1 the least and `count` the most, within `relativeErrorMax`.
    public func value(rank: Int) -> Double {
        precondition((1...max(count, 1)).contains(rank), "rank \(rank) of \(count) values")
        if rank == 1 { return least }
        if rank == count { return most }
        var below = 0
        for entry in bins {
            below += Int(entry & Self.countMask)
            if below >= rank {
                return min(max(Self.middle(ofBin: entry >> Self.countBits), least), most)
            }
        }
        preconditionFailure("bins hold \(below) values, \(count) were added")
    }

    /// The least value that `share` of the values do not exceed (nearest rank); nil without values.
    public func quantile(_ share: Double) -> Double? {
        count == 0 ? nil : value(rank: Self.rank(share, of: count))
    }

    /// The nearest rank: the least one that holds at least `share` of `count` values.
    public static func rank(_ share: Double, of count: Int) -> Int {
        // Where the processor is not told that it has an instruction for it, `rounded` is a call.
        let exact = share * Double(count)
        let whole = Int(exact)
        return min(max(Double(whole) < exact ? whole + 1 : whole, 1), count)
    }

    private mutating func add(_ amount: UInt64, toBin bin: UInt64) {
        var low = 0
        var high = bins.count
        while low < high {
            let middle = (low &+ high) / 2
            if bins[middle] >> Self.countBits < bin { low = middle &+ 1 } else { high = middle }
        }
        if low < bins.count, bins[low] >> Self.countBits == bin {
            bins[low] += amount
        } else {
            bins.insert(bin << Self.countBits | amount, at: low)
        }
    }

    /// The bin that a value falls in, below 2^16.
    @inline(__always) public static func bin(of value: Double) -> UInt32 {
        guard value >= leastValue else { return 0 }
        // The highest exponent has bin 64 x 1,034 = 66,176 at most; 16 bits end at 2^1013.
        return UInt32(min(value.bitPattern >> shift - first + 1, 0xFFFF))
    }

    /// The value in 2^-20ths, as `sumFixed` adds them up.
    public static func fixed(_ value: Double) -> Int64 {
        let fixed = value * fixedOne + 0.5
        return fixed < 0x1p63 ? Int64(fixed) : .max
    }

    static func middle(ofBin bin: UInt64) -> Double {
        guard bin > 0 else { return 0 }
        let from = Double(bitPattern: (bin - 1 + first) << shift)
        let to = Double(bitPattern: (bin + first) << shift)
        return from / 2 + to / 2
    }

    /// Of values that are not negative: so the order does not matter here either.
    private static func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }
}
