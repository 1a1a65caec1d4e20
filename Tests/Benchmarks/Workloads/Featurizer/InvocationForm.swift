/// How the events of a topic are written.
public enum InvocationForm: String, CaseIterable, Sendable {
    /// Flat, as the fleet writes it.
    case json
    case protobuf
    /// AWS Lambda's `platform.report`; who it is about is in the headers.
    case telemetry

    /// Of plain consumption's rate, that of the whole way to PostgreSQL.
    var ratioTarget: Double {
        switch self {
        case .json: 0.5
        case .protobuf: 0.75
        case .telemetry: 0.4
        }
    }
}

/// An invocation that was drawn and not written yet.
struct DrawnInvocation {
    var function: Int
    var startMs: Int64
    /// Hundredths of a millisecond.
    var durationHundredths: Int
    var isSuccess: Bool
    /// The bits of its id.
    var id: UInt64
}

/// The bytes of one message after the other, in the same buffers: templates, for filling a topic
/// must not take longer than reading it.
struct InvocationBytes {
    typealias Header = (name: String, value: [UInt8])

    let form: InvocationForm
    private(set) var key: [UInt8] = []
    private(set) var value: [UInt8] = []
    private(set) var headers: [Header]

    private static let telemetryType = "application/vnd.aws.lambda.telemetry+json"
    private static let memoryMb = 128
    private static let functionName = "handler"

    init(_ form: InvocationForm) {
        self.form = form
        headers =
            switch form {
            case .json: []
            case .protobuf: [("content-type", Array("application/x-protobuf".utf8))]
            case .telemetry:
                [
                    ("content-type", Array(Self.telemetryType.utf8)), ("customer", []),
                    ("service", []), ("function", Array(Self.functionName.utf8)),
                ]
            }
    }

    mutating func write(_ drawn: DrawnInvocation) {
        key.removeAll(keepingCapacity: true)
        key.append(text: "team-")
        key.append(decimal: Self.customer(of: drawn.function))
        key.append(text: "/service-")
        key.append(decimal: drawn.function)
        value.removeAll(keepingCapacity: true)
        switch form {
        case .json: writeJSON(drawn)
        case .protobuf: writeProtobuf(drawn)
        case .telemetry: writeTelemetry(drawn)
        }
    }

    static func customer(of function: Int) -> Int { function % 997 }
    private static func peakMb(of function: Int) -> Int { 64 + function % 64 }

    /// Its keys in the order of their bytes, as the fleet writes them.
    private mutating func writeJSON(_ drawn: DrawnInvocation) {
        value.append(text: #"{"customer":"team-"#)
        value.append(decimal: Self.customer(of: drawn.function))
        value.append(text: #"","duration_ms":"#)
        value.append(hundredths: drawn.durationHundredths)
        value.append(text: #","function":"handler","invocation":""#)
        value.append(hexadecimal: drawn.id)
        value.append(text: #"-89bc","memory_mb":128,"memory_peak_mb":"#)
        value.append(decimal: Self.peakMb(of: drawn.function))
        value.append(text: #","outcome":"#)
        value.append(text: drawn.isSuccess ? #""success""# : #""error""#)
        value.append(text: #","service":"service-"#)
        value.append(decimal: drawn.function)
        value.append(text: #"","started_at_ms":"#)
        value.append(decimal: Int(drawn.startMs))
        value.append(text: "}")
    }

    /// `invocation.proto`, its fields in the order of their numbers.
    private mutating func writeProtobuf(_ drawn: DrawnInvocation) {
        let digits = decimalDigits(Self.customer(of: drawn.function))
        value.append(field: 1, wire: 2, varint: UInt64(5 + digits))
        value.append(text: "team-")
        value.append(decimal: Self.customer(of: drawn.function))
        value.append(field: 2, wire: 2, varint: UInt64(8 + decimalDigits(drawn.function)))
        value.append(text: "service-")
        value.append(decimal: drawn.function)
        value.append(field: 3, wire: 2, varint: UInt64(Self.functionName.utf8.count))
        value.append(text: "handler")
        value.append(field: 4, wire: 2, varint: 21)
        value.append(hexadecimal: drawn.id)
        value.append(text: "-89bc")
        value.append(field: 5, wire: 0, varint: UInt64(drawn.startMs))
        value.append(field: 6, double: Double(drawn.durationHundredths) / 100)
        value.append(field: 8, double: Double(Self.memoryMb))
        value.append(field: 9, double: Double(Self.peakMb(of: drawn.function)))
        value.append(field: 15, wire: 0, varint: drawn.isSuccess ? 1 : 2)
    }

    /// With spans and tracing, as the platform writes it; written when the execution ends.
    private mutating func writeTelemetry(_ drawn: DrawnInvocation) {
        headers[1].value.removeAll(keepingCapacity: true)
        headers[1].value.append(text: "team-")
        headers[1].value.append(decimal: Self.customer(of: drawn.function))
        headers[2].value.removeAll(keepingCapacity: true)
        headers[2].value.append(text: "service-")
        headers[2].value.append(decimal: drawn.function)
        let billedMs = (drawn.durationHundredths + 99) / 100
        value.append(text: #"{"time":""#)
        value.append(time: drawn.startMs + Int64(billedMs))
        value.append(text: #"","type":"platform.report","record":{"requestId":""#)
        value.append(hexadecimal: drawn.id)
        value.append(text: #"-4752-4581-89bc-","status":"#)
        value.append(text: drawn.isSuccess ? #""success""# : #""failure""#)
        value.append(text: #","metrics":{"durationMs":"#)
        value.append(hundredths: drawn.durationHundredths)
        value.append(text: #","billedDurationMs":"#)
        value.append(decimal: billedMs)
        value.append(text: #","memorySizeMB":128,"maxMemoryUsedMB":"#)
        value.append(decimal: Self.peakMb(of: drawn.function))
        value.append(text: #"},"spans":[{"name":"responseLatency","start":""#)
        value.append(time: drawn.startMs)
        value.append(text: #"","durationMs":20.12}],"tracing":{"spanId":""#)
        value.append(hexadecimal: drawn.id)
        value.append(text: #"","type":"X-Amzn-Trace-Id","value":"Root=1-"#)
        value.append(hexadecimal: drawn.id)
        value.append(text: ";Parent=54565fb41ac79632;Sampled=1\"}}}")
    }
}

extension [UInt8] {
    fileprivate mutating func append(text: StaticString) {
        // At once: byte for byte, writing would take longer than sending.
        unsafe append(
            contentsOf: UnsafeBufferPointer(
                start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    fileprivate mutating func append(decimal value: Int) {
        let count = decimalDigits(value)
        append(contentsOf: repeatElement(0x30, count: count))
        var (rest, place) = (value, self.count - 1)
        while rest > 0 {
            self[place] = 0x30 + UInt8(rest % 10)
            rest /= 10
            place -= 1
        }
    }

    fileprivate mutating func append(hundredths value: Int) {
        append(decimal: value / 100)
        append(UInt8(ascii: "."))
        append(0x30 + UInt8(value % 100 / 10))
        append(0x30 + UInt8(value % 10))
    }

    /// Sixteen digits.
    fileprivate mutating func append(hexadecimal value: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(value >> UInt64(shift) & 15)
            append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }

    /// As 2019-11-17T14:15:00.000Z: of that hour, in which all events lie.
    fileprivate mutating func append(time milliseconds: Int64) {
        let inHour = Int(milliseconds - InvocationTopic.hourMs)
        precondition((0..<3_600_000).contains(inHour), "\(milliseconds) is in another hour")
        append(text: "2019-11-17T14:")
        append(twoDigits: inHour / 60_000)
        append(UInt8(ascii: ":"))
        append(twoDigits: inHour / 1_000 % 60)
        append(UInt8(ascii: "."))
        append(0x30 + UInt8(inHour / 100 % 10))
        append(twoDigits: inHour % 100)
        append(UInt8(ascii: "Z"))
    }

    private mutating func append(twoDigits value: Int) {
        append(0x30 + UInt8(value / 10))
        append(0x30 + UInt8(value % 10))
    }

    fileprivate mutating func append(field: UInt64, wire: UInt64, varint: UInt64) {
        append(varint: field << 3 | wire)
        append(varint: varint)
    }

    fileprivate mutating func append(field: UInt64, double: Double) {
        append(varint: field << 3 | 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            append(UInt8(truncatingIfNeeded: double.bitPattern >> shift))
        }
    }

    private mutating func append(varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}

private func decimalDigits(_ value: Int) -> Int {
    precondition(value >= 0, "\(value) is negative")
    var (count, bound) = (1, 10)
    while value >= bound {
        count += 1
        bound *= 10
    }
    return count
}
