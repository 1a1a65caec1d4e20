internal import Topics

/// An entry of kept state that cannot be read.
public struct CorruptState: Error, Equatable, CustomStringConvertible {
    /// What was read may be long; what is said of it is not.
    private static let bytesMax = 1_024

    public let description: String
    public init(_ description: String) {
        let isLong = description.utf8.count > Self.bytesMax
        self.description =
            isLong
            ? String(decoding: description.utf8.prefix(Self.bytesMax), as: UTF8.self) + "..."
            : description
    }
}

/// Writes state compactly: variable-length integers, little-endian floats, counted strings.
public struct StateWriter {
    public var bytes: [UInt8] { written }
    @usableFromInline var written: [UInt8] = []

    /// - Parameter version: of the layout that follows; a reader refuses what it does not know.
    public init(version: UInt8) { written.append(version) }

    private init() {}

    public mutating func write(_ value: UInt64) {
        guard value >= 0x80 else { return written.append(UInt8(truncatingIfNeeded: value)) }
        write(numbersUpTo: 1) { $0.append(number: value) }
    }

    /// Zigzag, so that small negatives stay short.
    public mutating func write(_ value: Int64) {
        write(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    public mutating func write(_ value: Int) { write(Int64(value)) }
    public mutating func write(_ value: Bool) { write(UInt64(value ? 1 : 0)) }
    public mutating func write(_ value: Double) { writeFixed(value.bitPattern) }
    public mutating func write(_ value: Float) { writeFixed(value.bitPattern) }
    public mutating func write(_ value: Float16) { writeFixed(value.bitPattern) }

    public mutating func write(_ text: String) {
        write(UInt64(text.utf8.count))
        written.append(contentsOf: text.utf8)
    }

    /// Counted.
    public mutating func write(_ counted: [UInt8]) {
        write(UInt64(counted.count))
        written.append(contentsOf: counted)
    }

    /// Counted.
    public mutating func write(counted bytes: Span<UInt8>) {
        write(UInt64(bytes.count))
        written.append(addingCapacity: bytes.count) { written in
            for i in bytes.indices { written.append(bytes[i]) }
        }
    }

    /// Counted bytes that `body` writes, as a `StateWriter` of its own would.
    public mutating func writeCounted(
        version: UInt8, _ body: (inout StateWriter) -> Void
    ) {
        let start = written.count
        written.append(version)
        body(&self)
        var prefix = StateWriter()
        prefix.write(UInt64(written.count - start))
        written.insert(contentsOf: prefix.bytes, at: start)
    }

    /// Many numbers, for which room is made once.
    ///
    /// - Parameter countMax: of the numbers that `body` appends.
    @inlinable public mutating func write(
        numbersUpTo countMax: Int, _ body: (inout OutputSpan<UInt8>) -> Void
    ) {
        written.append(addingCapacity: countMax * Self.numberBytesMax, initializingWith: body)
    }

    /// Of 64 bits, 7 a byte.
    @usableFromInline static let numberBytesMax = 10

    public mutating func write(_ text: String?) {
        write(text != nil)
        if let text { write(text) }
    }

    public mutating func write(_ value: Double?) {
        write(value != nil)
        if let value { write(value) }
    }

    public mutating func write<Element>(
        _ elements: [Element], each: (inout StateWriter, Element) -> Void
    ) {
        write(UInt64(elements.count))
        for element in elements { each(&self, element) }
    }

    private mutating func writeFixed(_ pattern: some FixedWidthInteger) {
        written.append(addingCapacity: pattern.bitWidth / 8) { bytes in
            for shift in stride(from: 0, to: pattern.bitWidth, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: pattern >> shift))
            }
        }
    }
}

extension OutputSpan<UInt8> {
    /// As `StateWriter` writes it.
    @inlinable public mutating func append(number value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}

/// What a kept number can be.
public enum StateLimits {
    public static let timesMs: ClosedRange<Int64> = 0...FieldLimits.timeMsMax
    /// Counted from 1970; what begins in the last of them may go on for a day.
    public static let slots: ClosedRange<Int64> =
        0...(FieldLimits.timeMsMax + Int64(FieldLimits.durationMsMax)) / FunctionShape.slotMs
    /// Counted since ever, so that a sum of many stays far below 2^63.
    public static let counts = 0...1 << 52
    public static let amounts = 0...1e30
}

/// Reads what `StateWriter` wrote, and trusts none of it.
public struct StateReader {
    private let bytes: [UInt8]
    /// Of the byte to be read next.
    public private(set) var position = 1
    public let version: UInt8

    /// - Throws: when `bytes` are of a newer version than `newest`, or none at all.
    public init(_ bytes: [UInt8], newest: UInt8) throws(CorruptState) {
        guard let version = bytes.first else { throw CorruptState("state entry is empty") }
        guard version <= newest else {
            throw CorruptState("state entry has version \(version), expected at most \(newest)")
        }
        self.bytes = bytes
        self.version = version
    }

    public mutating func readUInt() throws(CorruptState) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let byte = try next()
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw CorruptState("integer at byte \(position) has more than 64 bits")
    }

    public mutating func readInt64() throws(CorruptState) -> Int64 {
        let zigzag = try readUInt()
        return Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
    }

    public mutating func readInt() throws(CorruptState) -> Int { Int(try readInt64()) }
    public mutating func readBool() throws(CorruptState) -> Bool { try readUInt() != 0 }

    public mutating func readDouble() throws(CorruptState) -> Double {
        Double(bitPattern: try readFixed())
    }

    public mutating func readFloat() throws(CorruptState) -> Float {
        Float(bitPattern: try readFixed())
    }

    public mutating func readFloat16() throws(CorruptState) -> Float16 {
        Float16(bitPattern: try readFixed())
    }

    public mutating func readString() throws(CorruptState) -> String {
        let count = try readCount(bytesEach: 1)
        defer { position += count }
        guard let text = String(validating: bytes[position..<position + count], as: UTF8.self)
        else { throw CorruptState("text at byte \(position) is not UTF-8") }
        return text
    }

    public mutating func readBytes() throws(CorruptState) -> [UInt8] {
        let count = try readCount(bytesEach: 1)
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    public var isAtEnd: Bool { position == bytes.count }

    public mutating func readOptionalString() throws(CorruptState) -> String? {
        try readBool() ? try readString() : nil
    }

    public mutating func readOptionalDouble() throws(CorruptState) -> Double? {
        try readBool() ? try readDouble() : nil
    }

    // What no writer could have written is refused where it is read, not where it does harm.

    public mutating func readInt64(
        in range: ClosedRange<Int64>
    ) throws(CorruptState) -> Int64 {
        let value = try readInt64()
        guard range.contains(value) else { throw outside(value, range) }
        return value
    }

    public mutating func readInt(in range: ClosedRange<Int>) throws(CorruptState) -> Int {
        let value = try readInt()
        guard range.contains(value) else { throw outside(value, range) }
        return value
    }

    /// NaN lies in no range.
    public mutating func readDouble(
        in range: ClosedRange<Double>
    ) throws(CorruptState) -> Double {
        let value = try readDouble()
        guard range.contains(value) else { throw outside(value, range) }
        return value
    }

    public mutating func readFloat(in range: ClosedRange<Float>) throws(CorruptState) -> Float {
        let value = try readFloat()
        guard range.contains(value) else { throw outside(value, range) }
        return value
    }

    public mutating func readOptionalDouble(
        in range: ClosedRange<Double>
    ) throws(CorruptState) -> Double? {
        try readBool() ? try readDouble(in: range) : nil
    }

    /// A word as messages hold it: not long, without control characters.
    public mutating func readWord() throws(CorruptState) -> String {
        let word = try readString()
        do throws(Rejection) {
            try FieldLimits.check(word: word, of: "text")
        } catch {
            throw CorruptState("text before byte \(position): \(error.detail)")
        }
        return word
    }

    public mutating func readOptionalWord() throws(CorruptState) -> String? {
        try readBool() ? try readWord() : nil
    }

    private func outside<Value>(
        _ value: Value, _ range: ClosedRange<Value>
    ) -> CorruptState {
        CorruptState(
            "number before byte \(position) is \(value), "
                + "expected \(range.lowerBound) to \(range.upperBound)")
    }

    public mutating func readArray<Element>(
        each: (inout StateReader) throws(CorruptState) -> Element
    ) throws(CorruptState) -> [Element] {
        let count = try readCount(bytesEach: 1)
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try each(&self)) }
        return elements
    }

    /// - Throws: when bytes are left over, which the writer did not write.
    public func finish() throws(CorruptState) {
        guard position == bytes.count else {
            throw CorruptState("\(bytes.count - position) bytes are left over")
        }
    }

    /// A count that the bytes left can hold, so that a torn one cannot ask for all memory.
    private mutating func readCount(bytesEach: Int) throws(CorruptState) -> Int {
        let count = try readUInt()
        guard count <= UInt64((bytes.count - position) / bytesEach) else {
            throw CorruptState("count \(count) exceeds the \(bytes.count - position) bytes left")
        }
        return Int(count)
    }

    private mutating func next() throws(CorruptState) -> UInt8 {
        guard position < bytes.count else {
            throw CorruptState("state entry ends at byte \(position)")
        }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func readFixed<Pattern: FixedWidthInteger>() throws(CorruptState) -> Pattern {
        var pattern: Pattern = 0
        for shift in stride(from: 0, to: Pattern.bitWidth, by: 8) {
            pattern |= Pattern(truncatingIfNeeded: try next()) << Pattern(shift)
        }
        return pattern
    }
}
