extension Invocation {
    /// The bytes on the topic: those that `TopicMessage` would give, some ten times sooner.
    public func encoded() -> [UInt8] { encodedJSON() }

    /// JSON, its keys in the order of their bytes.
    public func encodedJSON() -> [UInt8] {
        var json = JSONObject()
        if let cpuMs { json.add("\"cpu_ms\":", cpuMs) }
        json.add("\"customer\":", customer)
        if let deadlineMs { json.add("\"deadline_ms\":", deadlineMs) }
        json.add("\"duration_ms\":", durationMs)
        json.add("\"function\":", function)
        if let initMs { json.add("\"init_ms\":", initMs) }
        json.add("\"invocation\":", invocation)
        json.add("\"memory_mb\":", memoryMb)
        if let memoryPeakMb { json.add("\"memory_peak_mb\":", memoryPeakMb) }
        json.add("\"outcome\":", outcome.rawValue)
        if let runtime { json.add("\"runtime\":", runtime) }
        json.add("\"service\":", service)
        json.add("\"started_at_ms\":", startedAtMs)
        if let trigger { json.add("\"trigger\":", trigger) }
        if let worker { json.add("\"worker\":", worker) }
        return json.finished()
    }

    /// Protobuf as `invocation.proto` has it, its fields in the order of their numbers.
    public func encodedProtobuf() -> [UInt8] {
        var wire = WireMessage()
        wire.add(1, customer)
        wire.add(2, service)
        wire.add(3, function)
        wire.add(4, invocation)
        wire.add(5, UInt64(bitPattern: startedAtMs))
        wire.add(6, durationMs)
        if let cpuMs { wire.add(7, cpuMs) }
        wire.add(8, memoryMb)
        if let memoryPeakMb { wire.add(9, memoryPeakMb) }
        if let initMs { wire.add(10, initMs) }
        if let deadlineMs { wire.add(11, deadlineMs) }
        if let trigger { wire.add(12, trigger) }
        if let runtime { wire.add(13, runtime) }
        if let worker { wire.add(14, worker) }
        wire.add(15, outcome.wireNumber)
        return wire.bytes
    }
}

extension Outcome {
    /// Its number in `invocation.proto`.
    fileprivate var wireNumber: UInt64 {
        switch self {
        case .success: 1
        case .error: 2
        case .timeout: 3
        case .outOfMemory: 4
        case .throttled: 5
        case .killed: 6
        case .unknown: 7
        }
    }
}

/// A JSON object as it is written; keys come with their quotes and colon.
private struct JSONObject {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    init() { bytes.reserveCapacity(384) }

    mutating func add(_ key: String, _ value: Double) {
        precondition(value.isFinite, "write \(key) \(value): JSON has no such number")
        add(key)
        if let integer = Int64(exactly: value), integer.magnitude < 1 << 53, integer != 0 {
            append(integer)
        } else {
            // The shortest digits that read back as the same value.
            let digits = value.description
            let shown = digits.hasSuffix(".0") ? digits.utf8.count - 2 : digits.utf8.count
            bytes.append(contentsOf: digits.utf8.prefix(shown))
        }
    }

    mutating func add(_ key: String, _ value: Int64) {
        add(key)
        append(value)
    }

    mutating func add(_ key: String, _ text: String) {
        add(key)
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

    consuming func finished() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func add(_ key: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: key.utf8)
    }

    private mutating func append(_ value: Int64) {
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

/// A message of Protobuf's wire format as it is written.
private struct WireMessage {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(192) }

    mutating func add(_ field: UInt64, _ text: String) {
        append(field << 3 | 2)
        append(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func add(_ field: UInt64, _ value: UInt64) {
        append(field << 3)
        append(value)
    }

    mutating func add(_ field: UInt64, _ value: Double) {
        append(field << 3 | 1)
        let pattern = value.bitPattern
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: pattern >> shift))
        }
    }

    private mutating func append(_ varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
