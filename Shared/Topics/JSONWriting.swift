/// A JSON object as it is written, byte for byte as Foundation's encoder writes it: names come in the
/// order of their bytes, numbers in the shortest digits that read back as the same value.
///
/// A member is named as it stands in JSON, with the comma before it: `,"name":`.
struct JSONObject {
    private var bytes: [UInt8] = []

    /// - Parameter count: about how long it becomes.
    init(bytes count: Int) {
        bytes.reserveCapacity(count)
        bytes.append(UInt8(ascii: "{"))
    }

    mutating func add(_ member: StaticString, _ value: Double) {
        add(member)
        append(value, of: member)
    }

    mutating func add(_ member: StaticString, _ value: Int64) {
        add(member)
        append(value)
    }

    mutating func add(_ member: StaticString, _ value: Int) { add(member, Int64(value)) }

    mutating func add(_ member: StaticString, _ values: [Int]) {
        add(member)
        bytes.append(UInt8(ascii: "["))
        for (place, value) in values.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            append(Int64(value))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func add(_ member: StaticString, _ text: String) {
        add(member)
        bytes.append(UInt8(ascii: "\""))
        if needsEscape(text) {
            for byte in text.utf8 {
                if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                    bytes.append(byte)
                } else {
                    appendEscaped(byte)
                }
            }
        } else {
            bytes.append(contentsOf: text.utf8)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// An object in it: what is added until `end` belongs to that.
    mutating func begin(_ member: StaticString) {
        add(member)
        bytes.append(UInt8(ascii: "{"))
    }

    mutating func end() { bytes.append(UInt8(ascii: "}")) }

    consuming func finished() -> [UInt8] {
        end()
        return bytes
    }

    private mutating func add(_ member: StaticString) {
        let isFirst = bytes[bytes.count - 1] == UInt8(ascii: "{")
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(
                start: member.utf8Start, count: member.utf8CodeUnitCount
            ).dropFirst(isFirst ? 1 : 0))
    }
}

extension JSONObject {
    private mutating func append(_ value: Double, of member: StaticString) {
        precondition(value.isFinite, "write \(member) \(value): JSON has no such number")
        if let integer = Int64(exactly: value), integer.magnitude < 1 << 53, integer != 0 {
            append(integer)
        } else if let whole = whole(value, of: 1_000) {
            append(whole, of: 1_000)
        } else if let whole = whole(value, of: 10_000_000) {
            append(whole, of: 10_000_000)
        } else {
            var digits = value.description
            digits.withUTF8 { digits in
                let isWhole = unsafe digits.suffix(2).elementsEqual(".0".utf8)
                unsafe bytes.append(contentsOf: digits.dropLast(isWhole ? 2 : 0))
            }
        }
    }

    /// The value in whole parts of one, where it is the number nearest to them.
    ///
    /// No other decimal of 15 digits has the same nearest number, so theirs are the shortest digits.
    private func whole(_ value: Double, of parts: Int64) -> Int64? {
        let scaled = value * Double(parts)
        // Below a thousandth, digits may come with an exponent.
        guard value.magnitude >= 1e-3, scaled.magnitude < 1e15 else { return nil }
        let whole = Int64(scaled + (value < 0 ? -0.5 : 0.5))
        return Double(whole) / Double(parts) == value ? whole : nil
    }

    private mutating func append(_ value: Int64, of parts: UInt64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let (ones, parted) = value.magnitude.quotientAndRemainder(dividingBy: parts)
        append(Int64(ones))
        guard parted > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var (rest, place) = (parted, parts / 10)
        while rest > 0 {
            bytes.append(UInt8(truncatingIfNeeded: rest / place) + 0x30)
            rest %= place
            place /= 10
        }
    }

    private mutating func append(_ value: Int64) {
        if value >= 0, value < 10 {
            bytes.append(UInt8(truncatingIfNeeded: value) + 0x30)
            return
        }
        // From the last on; the least Int64 has 19 digits and its sign.
        var digits: InlineArray<20, UInt8> = .init(repeating: UInt8(ascii: "-"))
        var first = 20
        var rest = value.magnitude
        repeat {
            first -= 1
            let tenth = rest / 10
            digits[first] = UInt8(truncatingIfNeeded: rest &- tenth &* 10) + 0x30
            rest = tenth
        } while rest > 0
        if value < 0 { first -= 1 }
        unsafe withUnsafeBytes(of: digits) { digits in
            unsafe bytes.append(contentsOf: digits[first...])
        }
    }

    private func needsEscape(_ text: String) -> Bool {
        let units = text.utf8Span.span
        var found = false
        for i in units.indices {
            let unit = units[i]
            found =
                found || unit < 0x20 || unit == UInt8(ascii: "\"") || unit == UInt8(ascii: "\\")
        }
        return found
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case 0x08: bytes.append(contentsOf: "\\b".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0C: bytes.append(contentsOf: "\\f".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
        default:
            let digits = String(byte, radix: 16)
            bytes.append(contentsOf: (byte < 0x10 ? "\\u000" : "\\u00").utf8)
            bytes.append(contentsOf: digits.utf8)
        }
    }
}
