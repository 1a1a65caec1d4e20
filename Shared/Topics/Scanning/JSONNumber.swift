/// A number as it stands: `digits x 10^exponent`.
struct JSONNumber {
    var first: UnsafePointer<UInt8>
    var count = 0
    var isNegative = false
    /// The digits without the point; right when `isExact`.
    var digits: UInt64 = 0
    var exponent = 0
    /// At most 19 digits, leading zeros apart: they fit `digits`.
    var isExact = true
    /// Neither a point nor an exponent.
    var isIntegral = true
}

extension JSONCursor {
    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    @inline(__always)
    mutating func number() throws(ScanFailure) -> JSONNumber {
        var number = JSONNumber(first: position)
        if position < end, position.pointee == UInt8(ascii: "-") {
            number.isNegative = true
            position += 1
        }
        let whole = position
        guard takeDigits(&number.digits) else { throw malformed("a value") }
        guard whole.pointee != UInt8(ascii: "0") || position - whole == 1 else {
            position = whole
            throw malformed("a number without leading zeros")
        }
        var digits = position - whole
        if position < end, position.pointee == UInt8(ascii: ".") {
            position += 1
            let fraction = position
            guard takeDigits(&number.digits) else { throw malformed("a digit behind the point") }
            number.exponent = fraction - position
            digits -= number.exponent
            number.isIntegral = false
        }
        if position < end, position.pointee | 0x20 == UInt8(ascii: "e") {
            number.exponent += try exponent()
            number.isIntegral = false
        }
        // Zeros in front count here too: such a number is read the slow way, not wrongly.
        number.isExact = digits <= 19
        number.count = position - number.first
        return number
    }

    @inline(__always)
    private mutating func takeDigits(_ digits: inout UInt64) -> Bool {
        let first = position
        while position < end {
            let digit = position.pointee &- 0x30
            guard digit < 10 else { break }
            digits = digits &* 10 &+ UInt64(digit)
            position += 1
        }
        return position > first
    }

    private mutating func exponent() throws(ScanFailure) -> Int {
        position += 1
        var isNegative = false
        if position < end,
            position.pointee == UInt8(ascii: "-") || position.pointee == UInt8(ascii: "+")
        {
            isNegative = position.pointee == UInt8(ascii: "-")
            position += 1
        }
        let first = position
        var digits: UInt64 = 0
        guard takeDigits(&digits) else { throw malformed("a digit of the exponent") }
        // Beyond four digits it is infinite or zero anyway, and the slow way says which.
        let size = position - first > 4 ? 10_000 : Int(digits)
        return isNegative ? -size : size
    }

    @inline(__always)
    func signed(_ number: JSONNumber) -> Int64? {
        guard number.isNegative else { return Int64(exactly: number.digits) }
        guard number.digits <= UInt64(1) << 63 else { return nil }
        return Int64(truncatingIfNeeded: 0 &- number.digits)
    }

    /// The nearest double, ties to even, as any right reader gives it; nil beyond the largest.
    ///
    /// Integers below 2^53 and powers of ten up to 10^22 are doubles, so one division rounds once.
    /// - SeeAlso: Clinger, "How to Read Floating Point Numbers Accurately" (PLDI 1990), section 3.
    @inline(__always)
    func double(_ number: JSONNumber) -> Double? {
        let digits = number.digits
        if number.isExact, digits <= 1 << 53, (-22...22).contains(number.exponent) {
            let size =
                number.exponent < 0
                ? Double(digits) / powersOfTen[-number.exponent]
                : Double(digits) * powersOfTen[number.exponent]
            return number.isNegative ? -size : size
        }
        if number.isExact, (-19..<0).contains(number.exponent) {
            let size = quotient(digits, integerPowersOfTen[-number.exponent])
            return number.isNegative ? -size : size
        }
        return slowDouble(number)
    }

    @inline(never)
    private func slowDouble(_ number: JSONNumber) -> Double? {
        let text = String(
            decoding: UnsafeBufferPointer(start: number.first, count: number.count), as: UTF8.self)
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }
}

/// `dividend / divisor`, rounded once: 64 bits of the quotient and whether a rest stays decide it.
func quotient(_ dividend: UInt64, _ divisor: UInt64) -> Double {
    guard dividend != 0 else { return 0 }
    let above = dividend.leadingZeroBitCount
    let below = divisor.leadingZeroBitCount
    let scaled = dividend << UInt64(above)
    let by = divisor << UInt64(below)
    let halved = scaled >= by
    let (bits, rest) = by.dividingFullWidth(
        halved ? (scaled >> 1, scaled << 63) : (scaled, 0))
    // bits lies in [2^63, 2^64): 53 bits stay, 11 go.
    let half: UInt64 = 1 << 10
    let tail = bits & (2 * half - 1)
    var kept = bits >> 11
    if tail > half || (tail == half && (rest != 0 || kept & 1 == 1)) { kept += 1 }
    return Double(sign: .plus, exponent: below - above - 64 + 11 + (halved ? 1 : 0), significand: 1)
        * Double(kept)
}

let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]

let integerPowersOfTen: [UInt64] = {
    var powers: [UInt64] = [1]
    for _ in 0..<19 { powers.append(powers[powers.count - 1] * 10) }
    return powers
}()
