/// A JSON object as it is written, byte for byte as Foundation's encoder writes it: names come in the
/// order of their bytes, numbers in the shortest digits that read back as the same value.
struct JSONObject {
    private var bytes: [UInt8] = []

    /// - Parameter count: about how long it becomes.
    init(bytes count: Int) {
        bytes.reserveCapacity(count)
        bytes.append(UInt8(ascii: "{"))
    }

    mutating func add(_ name: StaticString, _ value: Double) {
        add(name)
        append(value, of: name)
    }

    mutating func add(_ name: StaticString, _ value: Int64) {
        add(name)
        append(value)
    }

    mutating func add(_ name: StaticString, _ value: Int) { add(name, Int64(value)) }

    mutating func add(_ name: StaticString, _ values: [Int]) {
        add(name)
        bytes.append(UInt8(ascii: "["))
        for (place, value) in values.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            append(Int64(value))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func add(_ name: StaticString, _ text: String) {
        add(name)
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
    mutating func begin(_ name: StaticString) {
        add(name)
        bytes.append(UInt8(ascii: "{"))
    }

    mutating func end() { bytes.append(UInt8(ascii: "}")) }

    consuming func finished() -> [UInt8] {
        end()
        return bytes
    }

    private mutating func add(_ name: StaticString) {
        if bytes[bytes.count - 1] != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }
}

extension JSONObject {
    private mutating func append(_ value: Double, of name: StaticString) {
        precondition(value.isFinite, "write \(name) \(value): JSON has no such number")
        if let integer = Int64(exactly: value), integer.magnitude < 1 << 53, integer != 0 {
            append(integer)
        } else if let whole = whole(value, of: 1_000) {
            append(whole, of: 1_000)
        } else if let whole = whole(value, of: 10_000_000) {
            append(whole, of: 10_000_000)
        } else {
            let digits = value.description
            let shown = digits.hasSuffix(".0") ? digits.utf8.count - 2 : digits.utf8.count
            bytes.append(contentsOf: digits.utf8.prefix(shown))
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
        var digits: InlineArray<20, UInt8> = .init(repeating: 0)
        var count = 0
        var rest = value.magnitude
        repeat {
            digits[count] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
            rest /= 10
            count += 1
        } while rest > 0
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        while count > 0 {
            count -= 1
            bytes.append(digits[count])
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
