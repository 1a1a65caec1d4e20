internal import CBytes

extension ScannedInvocation {
    /// An invocation as `invocation.proto` has it.
    ///
    /// Fields that we do not know are passed over, of a field given twice the last counts, and
    /// fields may stand in any order, as Protobuf's own rules are. A known field of another wire
    /// type is refused: it would be lost in silence.
    /// - SeeAlso: Protocol Buffers, Encoding <https://protobuf.dev/programming-guides/encoding/>.
    public mutating func read(protobuf bytes: Span<UInt8>) throws(ScanFailure) {
        try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            unmarkAll()
            var cursor = try WireCursor(bytes)
            try cursor.readInvocation(into: &self)
            guard !isComplete else { return }
            try checkPresence()
        }
    }
}

/// A place in a message of Protobuf's wire format. Every read is guarded by `end`.
struct WireCursor {
    private let start: UnsafePointer<UInt8>
    private var position: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    private enum WireType: UInt64 {
        case varint, fixed64, counted, groupStart, groupEnd, fixed32
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(ScanFailure) {
        guard bytes.count <= ScanningLimits.messageBytesMax else {
            throw ScanFailure(.tooLong, count: bytes.count)
        }
        guard let base = bytes.baseAddress else {
            throw ScanFailure(.malformed, expected: "a field")
        }
        start = base
        position = base
        end = base + bytes.count
    }

    @inline(__always)
    mutating func readInvocation(into scanned: inout ScannedInvocation) throws(ScanFailure) {
        while position < end {
            // Fields are numbered from 1 in the order of InvocationField; a tag of one byte is the
            // number and, in the lowest three bits, the type.
            switch position.pointee {
            case 0x0A: scanned.set(.customer, try taggedText(.customer))
            case 0x12: scanned.set(.service, try taggedText(.service))
            case 0x1A: scanned.set(.function, try taggedText(.function))
            case 0x22: scanned.set(.invocation, try taggedText(.invocation))
            case 0x28:
                position += 1
                scanned.startedAtMs = Int64(bitPattern: try varint())
                scanned.mark(.startedAtMs)
            case 0x31: scanned.set(.durationMs, try taggedDouble())
            case 0x39: scanned.set(.cpuMs, try taggedDouble())
            case 0x41: scanned.set(.memoryMb, try taggedDouble())
            case 0x49: scanned.set(.memoryPeakMb, try taggedDouble())
            case 0x78:
                position += 1
                try readOutcome(into: &scanned)
            default: try readField(into: &scanned)
            }
        }
    }

    @inline(__always)
    private mutating func taggedText(
        _ field: InvocationField
    ) throws(ScanFailure) -> ScannedText {
        position += 1
        return try text(field)
    }

    @inline(__always)
    private mutating func taggedDouble() throws(ScanFailure) -> Double {
        position += 1
        return Double(bitPattern: try fixed64())
    }

    private mutating func readField(into scanned: inout ScannedInvocation) throws(ScanFailure) {
        let (number, type) = try tag()
        guard let place = UInt8(exactly: number - 1), let field = InvocationField(rawValue: place)
        else { return try skip(type, number: number, depth: 1) }
        switch field {
        case .customer, .service, .function, .invocation, .trigger, .runtime, .worker:
            try check(type, is: .counted, field, "a string")
            scanned.set(field, try text(field))
        case .durationMs, .cpuMs, .memoryMb, .memoryPeakMb, .initMs, .deadlineMs:
            try check(type, is: .fixed64, field, "a double")
            scanned.set(field, Double(bitPattern: try fixed64()))
        case .startedAtMs:
            try check(type, is: .varint, field, "an int64")
            scanned.startedAtMs = Int64(bitPattern: try varint())
            scanned.mark(field)
        case .outcome:
            try check(type, is: .varint, field, "an Outcome")
            try readOutcome(into: &scanned)
        }
    }

    /// 0 is the schema's "unspecified": the same as not given.
    private mutating func readOutcome(into scanned: inout ScannedInvocation) throws(ScanFailure) {
        let value = try varint()
        guard value != 0 else { return }
        scanned.outcome = UInt8(min(value - 1, UInt64(ScannedInvocation.unknownOutcome)))
        scanned.mark(.outcome)
    }

    private func malformed(_ expected: StaticString, _ field: StaticString? = nil) -> ScanFailure {
        ScanFailure(.malformed, field: field, expected: expected, at: position - start)
    }

    private func check(
        _ type: WireType, is expected: WireType, _ field: InvocationField, _ name: StaticString
    ) throws(ScanFailure) {
        guard type == expected else {
            throw ScanFailure(.wrongType, field: field.name, expected: name, at: position - start)
        }
    }

    /// A varint of up to eight bytes, read as one word.
    @inline(__always)
    private mutating func varint() throws(ScanFailure) -> UInt64 {
        guard end - position >= 8 else { return try longVarint() }
        let word = UInt64(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
        let lasts = ~word & highs
        guard lasts != 0 else { return try longVarint() }
        position += lasts.trailingZeroBitCount >> 3 + 1
        // Of the bytes up to the last, seven bits each: pairs, then fours, then all.
        let sevens = word & (lasts ^ (lasts &- 1)) & ~highs
        let pairs = sevens & 0x007F_007F_007F_007F | (sevens & 0x7F00_7F00_7F00_7F00) >> 1
        let fours = pairs & 0x0000_3FFF_0000_3FFF | (pairs & 0x3FFF_0000_3FFF_0000) >> 2
        return fours & 0x0FFF_FFFF | (fours >> 32) << 28
    }

    private mutating func longVarint() throws(ScanFailure) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end {
            let byte = position.pointee
            // The tenth byte holds the 64th bit and nothing else.
            guard shift < 63 || byte <= 1 else { throw malformed("an integer of 64 bits") }
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw malformed("the rest of an integer")
    }

    @inline(__always)
    private mutating func tag() throws(ScanFailure) -> (number: UInt64, type: WireType) {
        let tag = try varint()
        guard let type = WireType(rawValue: tag & 7), (1...0x1FFF_FFFF).contains(tag >> 3) else {
            throw malformed("a field's number and type")
        }
        return (tag >> 3, type)
    }

    @inline(__always)
    private mutating func fixed64() throws(ScanFailure) -> UInt64 {
        guard end - position >= 8 else { throw malformed("eight bytes") }
        defer { position += 8 }
        return UInt64(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
    }

    @inline(__always)
    private mutating func text(_ field: InvocationField) throws(ScanFailure) -> ScannedText {
        let count = try length()
        if count <= 16, end - position >= 16 {
            let marks = antiphase_mark16(position)
            let own: UInt32 = 1 << UInt32(truncatingIfNeeded: count) - 1
            if marks.special & own == 0 {
                defer { position += count }
                return ScannedText(
                    offset: Int32(truncatingIfNeeded: position - start),
                    count: Int32(truncatingIfNeeded: count), isPlain: marks.odd & own == 0)
            }
        }
        return try longText(field, count)
    }

    /// Of any number of bytes, and what quotes and backslashes are in, which mean nothing here.
    @inline(never)
    private mutating func longText(
        _ field: InvocationField, _ count: Int
    ) throws(ScanFailure) -> ScannedText {
        let first = position
        let last = position + count
        if let isPlain = asciiIsPlain(first, count) {
            position = last
            return ScannedText(
                offset: Int32(first - start), count: Int32(count), isPlain: isPlain)
        }
        while position < last {
            let length = scalarLength(position, before: last)
            guard length > 0 else { throw malformed("UTF-8", field.name) }
            position += length
        }
        return ScannedText(offset: Int32(first - start), count: Int32(count))
    }

    /// Whether nothing in it needs a second look; nil when it is not ASCII, or too short for words.
    /// The last eight bytes may be looked at twice in part.
    @inline(__always)
    private func asciiIsPlain(_ first: UnsafePointer<UInt8>, _ count: Int) -> Bool? {
        let raw = UnsafeRawPointer(first)
        var all: UInt64 = 0
        var odd: UInt64 = 0
        if count >= 8 {
            var place = 0
            while place + 8 <= count {
                let word = raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                all |= word
                odd |= oddInName(word) | controlBytes(word)
                place += 8
            }
            let word = raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
            all |= word
            odd |= oddInName(word) | controlBytes(word)
        } else if count >= 4 {
            let word =
                UInt64(raw.loadUnaligned(as: UInt32.self)) << 32
                | UInt64(raw.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
            all = word
            odd = oddInName(word) | controlBytes(word)
        } else {
            return nil
        }
        return all & 0x8080_8080_8080_8080 == 0 ? odd == 0 : nil
    }

    @inline(__always)
    private mutating func length() throws(ScanFailure) -> Int {
        if position < end, position.pointee < 0x80 {
            let count = Int(position.pointee)
            guard count < end - position else {
                _ = try varint()
                throw malformed("the bytes counted")
            }
            position += 1
            return count
        }
        let count = try varint()
        guard count <= UInt64(end - position) else { throw malformed("the bytes counted") }
        return Int(count)
    }

    private mutating func skip(
        _ type: WireType, number: UInt64, depth: Int
    ) throws(ScanFailure) {
        switch type {
        case .varint: _ = try varint()
        case .fixed64: _ = try fixed64()
        case .counted: position += try length()
        case .fixed32:
            guard end - position >= 4 else { throw malformed("four bytes") }
            position += 4
        case .groupStart:
            guard depth < ScanningLimits.nestingMax else {
                throw ScanFailure(.tooDeep, at: position - start)
            }
            while true {
                let inner = try tag()
                guard inner.type != .groupEnd else {
                    guard inner.number == number else { throw malformed("the group's own end") }
                    return
                }
                try skip(inner.type, number: inner.number, depth: depth + 1)
            }
        case .groupEnd: throw malformed("a group's beginning before its end")
        }
    }
}
