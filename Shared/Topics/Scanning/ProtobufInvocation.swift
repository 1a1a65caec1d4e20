extension ScannedInvocation {
    /// An invocation as `invocation.proto` has it.
    ///
    /// Fields that we do not know are passed over, of a field given twice the last counts, and
    /// fields may stand in any order, as Protobuf's own rules are. A known field of another wire
    /// type is refused: it would be lost in silence.
    /// - SeeAlso: Protocol Buffers, Encoding <https://protobuf.dev/programming-guides/encoding/>.
    public init(protobuf bytes: Span<UInt8>) throws(ScanFailure) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            var cursor = try WireCursor(bytes)
            return try cursor.invocation()
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

    mutating func invocation() throws(ScanFailure) -> ScannedInvocation {
        var scanned = ScannedInvocation()
        while position < end {
            let (number, type) = try tag()
            // Fields are numbered from 1 in the order of InvocationField.
            guard let place = UInt8(exactly: number - 1),
                let field = InvocationField(rawValue: place)
            else {
                try skip(type, number: number, depth: 1)
                continue
            }
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
        try scanned.checkPresence()
        return scanned
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

    @inline(__always)
    private mutating func varint() throws(ScanFailure) -> UInt64 {
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

    private mutating func text(_ field: InvocationField) throws(ScanFailure) -> ScannedText {
        let count = try length()
        let first = position
        let last = position + count
        var odd: UInt64 = 0
        while last - position >= 8 {
            let word = UnsafeRawPointer(position).loadUnaligned(as: UInt64.self)
            odd |= oddInName(word) | controlBytes(word)
            guard word & 0x8080_8080_8080_8080 == 0 else { break }
            position += 8
        }
        while position < last {
            let byte = position.pointee
            if byte == 0x2F || byte == 0x25 || byte == 0x7F || byte < 0x20 { odd = 1 }
            let length = scalarLength(position, before: last)
            guard length > 0 else { throw malformed("UTF-8", field.name) }
            position += length
        }
        return ScannedText(
            offset: Int32(first - start), count: Int32(count), isPlain: odd == 0)
    }

    private mutating func length() throws(ScanFailure) -> Int {
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
