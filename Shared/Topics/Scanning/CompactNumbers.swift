extension CompactCursor {
    /// Digits, without zeros in front.
    @inline(__always)
    mutating func digits() -> (value: UInt64, count: Int)? {
        let first = position
        guard position < end else { return nil }
        let isZero = position.pointee == UInt8(ascii: "0")
        var value: UInt64 = 0
        takeDigits(&value)
        let count = position - first
        guard count > 0, count <= 19, !isZero || count == 1 else { return nil }
        return (value, count)
    }

    /// Overflows with more than 19 digits.
    @inline(__always)
    private mutating func takeDigits(_ value: inout UInt64) {
        while position < end {
            let digits = eightBytes() ^ 0x3030_3030_3030_3030
            // Up to the lowest that is no digit there is no carry.
            let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & highs
            guard others != 0 else {
                value = value &* 100_000_000 &+ number(digits: digits)
                position += 8
                continue
            }
            let bits = UInt64(others.trailingZeroBitCount & ~7)
            guard bits > 0 else { return }
            // Zeros in front of them.
            value = value &* power(bits >> 3) &+ number(digits: digits << (64 &- bits))
            position += Int(bits >> 3)
            return
        }
    }

    /// From here on, zeros behind the end.
    /// - Precondition: here is not the end.
    @inline(__always)
    private func eightBytes() -> UInt64 {
        let left = end - position
        let from = UnsafeRawPointer(left >= 8 ? position : end - 8)
        let word = UInt64(littleEndian: from.loadUnaligned(as: UInt64.self))
        return left >= 8 ? word : word >> UInt64(64 &- 8 &* left)
    }

    /// Of ten, up to the seventh.
    @inline(__always)
    private func power(_ exponent: UInt64) -> UInt64 {
        switch exponent {
        case 1: 10
        case 2: 100
        case 3: 1_000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        default: 10_000_000
        }
    }

    /// A number that ends within eight bytes, as most do: its digits without the point, and how many
    /// of them are behind it. Nothing is passed where it is any other or none.
    @inline(__always)
    private mutating func shortNumber() -> (value: UInt64, places: Int)? {
        guard end - position > 8 else { return nil }
        let digits = eightBytes() ^ 0x3030_3030_3030_3030
        var others = (((digits & ~highs) &+ 0x7676_7676_7676_7676) | digits) & highs
        guard others != 0 else { return nil }
        let whole = others.trailingZeroBitCount & ~7
        guard whole > 0, whole == 8 || digits & 0xFF != 0 else { return nil }
        // Without the point, which xor made this, all digits stand in a row.
        guard UInt8(truncatingIfNeeded: digits >> UInt64(whole)) == 0x1E else {
            return ended(digits, bits: whole, at: whole, places: 0)
        }
        others &= others &- 1
        guard others != 0 else { return nil }
        let bits = others.trailingZeroBitCount & ~7
        let places = (bits &- whole) >> 3 &- 1
        guard places > 0 else { return nil }
        let front = digits & (1 << UInt64(whole) &- 1)
        let back = (digits >> UInt64(whole &+ 8)) << UInt64(whole)
        return ended(front | back, bits: bits &- 8, at: bits, places: places)
    }

    /// - Parameters:
    ///   - bits: of those digits that are the number's.
    ///   - at: of the bytes it takes.
    @inline(__always)
    private mutating func ended(
        _ digits: UInt64, bits: Int, at: Int, places: Int
    ) -> (value: UInt64, places: Int)? {
        let behind = position + at >> 3
        guard behind.pointee | 0x20 != UInt8(ascii: "e") else { return nil }
        position = behind
        return (number(digits: digits << UInt64(64 &- bits)), places)
    }

    /// A number that nobody reads.
    @inline(__always)
    mutating func skipNumber() -> Bool {
        if shortNumber() != nil { return true }
        return skipLongNumber()
    }

    private mutating func skipLongNumber() -> Bool {
        guard digits() != nil else { return false }
        if position < end, position.pointee == UInt8(ascii: ".") {
            position += 1
            let first = position
            var value: UInt64 = 0
            takeDigits(&value)
            guard position > first else { return false }
        }
        return position < end && position.pointee | 0x20 != UInt8(ascii: "e")
    }

    /// The nearest double, as `JSONCursor.double` has it.
    @inline(__always)
    mutating func double() -> Double? {
        guard let short = shortNumber() else { return longDouble() }
        // At most seven digits.
        switch short.places {
        case 0: return Double(short.value)
        case 1: return Double(short.value) / 10
        case 2: return Double(short.value) / 100
        case 3: return Double(short.value) / 1_000
        default: return Double(short.value) / powersOfTen[short.places]
        }
    }

    private mutating func longDouble() -> Double? {
        guard let whole = digits() else { return nil }
        var value = whole.value
        var places = 0
        if position < end, position.pointee == UInt8(ascii: ".") {
            position += 1
            let first = position
            takeDigits(&value)
            places = position - first
            guard places > 0, whole.count + places <= 19 else { return nil }
        }
        guard position < end, position.pointee | 0x20 != UInt8(ascii: "e") else { return nil }
        guard value <= 1 << 53 else {
            return places == 0 ? nil : quotient(value, integerPowersOfTen[places])
        }
        switch places {
        case 0: return Double(value)
        case 1: return Double(value) / 10
        case 2: return Double(value) / 100
        case 3: return Double(value) / 1_000
        case 4: return Double(value) / 1e4
        case 5: return Double(value) / 1e5
        default: return Double(value) / powersOfTen[places]
        }
    }
}
