/// Whole numbers and fractions in decimal, put where a pointer says, which is moved behind them.
enum DecimalDigits {
    /// The least `Int64` has 19 digits and its sign.
    static let bytesMax = 20

    /// - Parameter place: with room for `bytesMax`.
    @inline(__always)
    static func put(_ value: Int64, at place: inout UnsafeMutablePointer<UInt8>) {
        if value < 0 {
            unsafe place.pointee = UInt8(ascii: "-")
            unsafe place += 1
        }
        let count = count(of: value.magnitude)
        unsafe put(value.magnitude, count, at: place)
        unsafe place += count
    }

    /// A fraction's digits without zeros at its end.
    /// - Parameters:
    ///   - fraction: not 0, and below 10 to the power of `count`.
    ///   - place: with room for `count`.
    @inline(__always)
    static func put(fraction: UInt64, _ count: Int, at place: inout UnsafeMutablePointer<UInt8>) {
        unsafe put(fraction, count, at: place)
        unsafe place += count
        while unsafe place[-1] == 0x30 { unsafe place -= 1 }
    }

    @inline(__always)
    private static func count(of value: UInt64) -> Int {
        var (count, rest) = (0, value)
        while rest >= 10_000 {
            rest /= 10_000
            count &+= 4
        }
        return count &+ (rest < 100 ? (rest < 10 ? 1 : 2) : (rest < 1_000 ? 3 : 4))
    }

    /// That many digits, zeros in front.
    @inline(__always)
    private static func put(
        _ value: UInt64, _ count: Int, at place: UnsafeMutablePointer<UInt8>
    ) {
        var (left, rest) = (count, value)
        while left > 0 {
            let tenth = rest / 10
            left &-= 1
            unsafe place[left] = UInt8(truncatingIfNeeded: rest &- tenth &* 10) &+ 0x30
            rest = tenth
        }
    }
}
