/// A JSON object as it is written, byte for byte as Foundation's encoder writes it: names come in the
/// order of their bytes, numbers in the shortest digits that read back as the same value.
///
/// A member is named as it stands in JSON, with the comma before it: `,"name":`.
@safe
struct JSONObject: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var place: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Where the brace of the object goes that `begin` began; its first member puts a comma there.
    private var opening = 0

    /// - Parameter count: about how long it becomes.
    init(bytes count: Int) {
        capacity = max(count, 64)
        unsafe start = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        unsafe place = start
    }

    deinit { unsafe start.deallocate() }

    @inline(__always)
    mutating func add(_ member: StaticString, _ value: Double) {
        add(member)
        append(value, of: member)
    }

    @inline(__always)
    mutating func add(_ member: StaticString, _ value: Int64) {
        add(member)
        append(value)
    }

    @inline(__always)
    mutating func add(_ member: StaticString, _ value: Int) { add(member, Int64(value)) }

    mutating func add(_ member: StaticString, _ values: [Int]) {
        add(member)
        append(UInt8(ascii: "["))
        for value in values {
            append(Int64(value))
            append(UInt8(ascii: ","))
        }
        // A bracket in the last comma's place.
        if !values.isEmpty { unsafe place -= 1 }
        append(UInt8(ascii: "]"))
    }

    @inline(__always)
    mutating func add(_ member: StaticString, _ text: String) {
        add(member)
        append(text)
    }

    /// An object in it: what is added until `end` belongs to that.
    @inline(__always)
    mutating func begin(_ member: StaticString) {
        add(member)
        opening = unsafe place - start
    }

    /// - Precondition: something was added since `begin`.
    mutating func end() {
        unsafe start[opening] = UInt8(ascii: "{")
        append(UInt8(ascii: "}"))
    }

    /// - Precondition: something was added.
    consuming func finished() -> [UInt8] {
        opening = 0
        end()
        return unsafe Array(UnsafeBufferPointer(start: start, count: place - start))
    }

    /// Inlined, the name's length is known and its bytes are stored a few words at once.
    @inline(__always)
    private mutating func add(_ member: StaticString) {
        makeRoom(member.utf8CodeUnitCount)
        unsafe place.update(from: member.utf8Start, count: member.utf8CodeUnitCount)
        unsafe place += member.utf8CodeUnitCount
    }

    /// Everything is written behind one of these.
    @inline(__always)
    private mutating func makeRoom(_ count: Int) {
        if unsafe capacity - (place - start) < count { widen(by: count) }
    }

    private mutating func widen(by count: Int) {
        let used = unsafe place - start
        let wider = max(2 * capacity, used + count)
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: wider)
        unsafe copy.update(from: start, count: used)
        unsafe start.deallocate()
        unsafe start = copy
        unsafe place = copy + used
        capacity = wider
    }
}

extension JSONObject {
    private mutating func append(_ byte: UInt8) {
        makeRoom(1)
        unsafe place.pointee = byte
        unsafe place += 1
    }

    private mutating func append(_ value: Double, of member: StaticString) {
        precondition(value.isFinite, "write \(member) \(value): JSON has no such number")
        // Within 2^53 every whole number is one of these.
        if value.magnitude < 0x1p53, Double(Int64(value)) == value, value != 0 {
            append(Int64(value))
        } else if let whole = whole(value, of: 1_000) {
            append(whole, of: 1_000, digits: 3, isNegative: value < 0)
        } else if let whole = whole(value, of: 10_000_000) {
            append(whole, of: 10_000_000, digits: 7, isNegative: value < 0)
        } else if value.bitPattern == 0 {
            append(UInt8(ascii: "0"))
        } else {
            var digits = value.description
            if digits.hasSuffix(".0") { digits.removeLast(2) }
            append(plain: digits.utf8Span.span)
        }
    }

    /// The magnitude in whole parts of one, where the value is the number nearest to them.
    ///
    /// No other decimal of 15 digits has the same nearest number, so theirs are the shortest digits.
    @inline(__always)
    private func whole(_ value: Double, of parts: Int64) -> UInt64? {
        let scaled = value.magnitude * Double(parts)
        // Below a thousandth, digits may come with an exponent.
        guard value.magnitude >= 1e-3, scaled < 1e15 else { return nil }
        let whole = Int64(scaled + 0.5)
        return Double(whole) / Double(parts) == value.magnitude
            ? UInt64(truncatingIfNeeded: whole) : nil
    }

    /// A sign, a point and twenty digits.
    private static let partedBytesMax = 2 + DecimalDigits.bytesMax

    @inline(__always)
    private mutating func append(_ whole: UInt64, of parts: UInt64, digits: Int, isNegative: Bool) {
        makeRoom(Self.partedBytesMax)
        if isNegative { append(UInt8(ascii: "-")) }
        let ones = whole / parts
        unsafe DecimalDigits.put(Int64(ones), at: &place)
        let parted = whole &- ones &* parts
        guard parted > 0 else { return }
        unsafe place.pointee = UInt8(ascii: ".")
        unsafe place += 1
        unsafe DecimalDigits.put(fraction: parted, digits, at: &place)
    }

    private mutating func append(_ value: Int64) {
        makeRoom(DecimalDigits.bytesMax)
        unsafe DecimalDigits.put(value, at: &place)
    }

    private mutating func append(_ text: String) {
        let units = text.utf8Span.span
        append(UInt8(ascii: "\""))
        if needsEscape(units) {
            for i in units.indices { appendEscaped(units[i]) }
        } else {
            append(plain: units)
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func append(plain units: Span<UInt8>) {
        makeRoom(units.count)
        unsafe units.withUnsafeBufferPointer { units in
            guard let first = units.baseAddress else { return }
            unsafe place.update(from: first, count: units.count)
            unsafe place += units.count
        }
    }

    private func needsEscape(_ units: Span<UInt8>) -> Bool {
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
        case 0x08: append(plain: "\\b")
        case 0x09: append(plain: "\\t")
        case 0x0A: append(plain: "\\n")
        case 0x0C: append(plain: "\\f")
        case 0x0D: append(plain: "\\r")
        case UInt8(ascii: "\""): append(plain: "\\\"")
        case UInt8(ascii: "\\"): append(plain: "\\\\")
        case 0..<0x20:
            append(plain: byte < 0x10 ? "\\u000" : "\\u00")
            append(plain: String(byte, radix: 16))
        default: append(byte)
        }
    }

    private mutating func append(plain text: String) { append(plain: text.utf8Span.span) }
}
