/// A place in a JSON text, with what may be read from there.
///
/// Strict as RFC 8259 has it: UTF-8 is checked, nothing may stand behind the value, and a
/// byte-order mark is not white space. Every read is guarded by `end`.
struct JSONCursor {
    let start: UnsafePointer<UInt8>
    var position: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    init(
        _ bytes: UnsafeBufferPointer<UInt8>, bytesMax: Int = ScanningLimits.messageBytesMax
    ) throws(ScanFailure) {
        guard bytes.count <= bytesMax else {
            throw ScanFailure(.tooLong, count: bytes.count)
        }
        guard let base = bytes.baseAddress else {
            throw ScanFailure(.malformed, expected: "an object")
        }
        start = base
        position = base
        end = base + bytes.count
    }

    var offset: Int { position - start }

    func malformed(_ expected: StaticString) -> ScanFailure {
        ScanFailure(.malformed, expected: expected, at: offset, count: min(16, end - position))
    }

    @inline(__always)
    mutating func skipWhitespace() {
        while position < end, position.pointee <= 0x20 {
            switch position.pointee {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// The next byte that is not white space, which stays; 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        skipWhitespace()
        return position < end ? position.pointee : 0
    }

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte, position < end else { return false }
        position += 1
        return true
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8, _ name: StaticString) throws(ScanFailure) {
        guard take(byte) else { throw malformed(name) }
    }

    mutating func expectEnd() throws(ScanFailure) {
        skipWhitespace()
        guard position == end else { throw malformed("nothing more") }
    }

    mutating func takeWord(_ word: StaticString) throws(ScanFailure) {
        let count = word.utf8CodeUnitCount
        guard end - position >= count, equal(position, word.utf8Start, count) else {
            throw malformed(word)
        }
        position += count
    }

    /// - Returns: false when the value is `null`.
    mutating func isNull() throws(ScanFailure) -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        try takeWord("null")
        return true
    }

    /// A member's name and the colon behind it.
    @inline(__always)
    mutating func key() throws(ScanFailure) -> ScannedText {
        try expect(UInt8(ascii: "\""), "a member's name in quotes")
        let key = try text()
        try expect(UInt8(ascii: ":"), "a colon")
        return key
    }

    /// A text's bytes; `position` stands behind its opening quote and then behind its closing one.
    @inline(__always)
    mutating func text() throws(ScanFailure) -> ScannedText {
        let first = position
        var isEscaped = false
        while true {
            skipPlain()
            guard position < end else { throw malformed("the text's closing quote") }
            let byte = position.pointee
            if byte == UInt8(ascii: "\"") {
                let count = position - first
                position += 1
                return ScannedText(
                    offset: Int32(first - start), count: Int32(count), isEscaped: isEscaped)
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                _ = try escape()
            } else if byte < 0x20 {
                throw malformed("no control character in a text")
            } else if byte < 0x80 {
                position += 1
            } else {
                let count = scalarLength(position, before: end)
                guard count > 0 else { throw malformed("UTF-8") }
                position += count
            }
        }
    }

    /// Moves to the first byte that means something in a text, eight at a time while eight are
    /// left.
    ///
    /// The lowest byte flagged is truly one; those above it may be flagged by the borrow alone.
    /// - SeeAlso: Anderson, "Bit Twiddling Hacks", determine if a word has a byte less than n.
    @inline(__always)
    private mutating func skipPlain() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while end - position >= 8 {
            let word = UInt64(
                littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let found =
                ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash
                    | (word &- ones &* 0x20) & ~word | word) & (ones &* 0x80)
            if found != 0 {
                position += found.trailingZeroBitCount >> 3
                return
            }
            position += 8
        }
    }

    /// The scalar that a backslash begins.
    mutating func escape() throws(ScanFailure) -> UInt32 {
        guard end - position >= 2 else { throw malformed("an escaped character") }
        let byte = position[1]
        let scalar: UInt32
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scalar = UInt32(byte)
        case UInt8(ascii: "b"): scalar = 0x08
        case UInt8(ascii: "f"): scalar = 0x0C
        case UInt8(ascii: "n"): scalar = 0x0A
        case UInt8(ascii: "r"): scalar = 0x0D
        case UInt8(ascii: "t"): scalar = 0x09
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw malformed("an escape of JSON's")
        }
        position += 2
        return scalar
    }

    /// `\uXXXX`, or two of them that are a surrogate pair; half a pair is no character.
    private mutating func unicodeEscape() throws(ScanFailure) -> UInt32 {
        guard let unit = hexUnit(at: position) else { throw malformed("\\u and four digits") }
        guard unit & 0xF800 == 0xD800 else {
            position += 6
            return unit
        }
        guard unit < 0xDC00, end - position >= 12, let low = hexUnit(at: position + 6),
            low & 0xFC00 == 0xDC00
        else { throw malformed("a surrogate pair") }
        position += 12
        return 0x10000 + ((unit & 0x3FF) << 10 | low & 0x3FF)
    }

    private func hexUnit(at place: UnsafePointer<UInt8>) -> UInt32? {
        guard end - place >= 6, place[0] == UInt8(ascii: "\\"), place[1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt32 = 0
        for i in 2..<6 {
            guard let digit = Character(Unicode.Scalar(place[i])).hexDigitValue, place[i] < 0x80
            else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}

@inline(__always)
func equal(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    for i in 0..<count where a[i] != b[i] { return false }
    return true
}

/// The same for 4 to 16 bytes: the first half and the last, which may overlap, word by word.
@inline(__always)
func equalWords(_ a: UnsafePointer<UInt8>, _ b: StaticString) -> Bool {
    let count = b.utf8CodeUnitCount
    let a = UnsafeRawPointer(a)
    let b = UnsafeRawPointer(b.utf8Start)
    func differ<Word: FixedWidthInteger>(_ type: Word.Type, at offset: Int) -> Word {
        a.loadUnaligned(fromByteOffset: offset, as: type)
            ^ b.loadUnaligned(fromByteOffset: offset, as: type)
    }
    if count >= 8 {
        return differ(UInt64.self, at: 0) | differ(UInt64.self, at: count - 8) == 0
    }
    return differ(UInt32.self, at: 0) | differ(UInt32.self, at: count - 4) == 0
}
