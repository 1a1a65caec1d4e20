/// An invocation that was drawn and not written yet.
struct DrawnInvocation {
    var function: Int
    var startMs: Int64
    /// Hundredths of a millisecond, of five digits.
    var durationHundredths: Int
    var isSuccess: Bool
    /// The bits of its id.
    var id: UInt64

    var customer: Int { function % 997 }
    var peakMb: Int { 100 + function % 28 }
    /// In whole milliseconds, begun ones counted.
    var billedMs: Int { (durationHundredths + 99) / 100 }
}

/// A message whose fields have fixed places, so that writing one is but putting digits: filling a
/// topic must not take longer than reading it.
struct InvocationTemplate {
    enum Piece: ExpressibleByStringLiteral {
        case text(String)
        case bytes([UInt8])
        case customer, service, duration, durationDouble, billedMs, id, peakMb, peakDouble
        case startMs, startVarint, startTime, endTime

        init(stringLiteral text: String) { self = .text(text) }
    }

    private(set) var bytes: [UInt8] = []
    private var fields: [(piece: Piece, at: Int)] = []

    init(_ pieces: [Piece]) {
        for piece in pieces {
            switch piece {
            case .text(let text): bytes += text.utf8
            case .bytes(let some): bytes += some
            default:
                fields.append((piece, bytes.count))
                bytes += repeatElement(UInt8(ascii: "."), count: Self.width(of: piece))
            }
        }
    }

    private static func width(of piece: Piece) -> Int {
        switch piece {
        case .text, .bytes: 0
        case .customer, .billedMs, .peakMb: 3
        case .service: 7
        // 123.45
        case .duration, .startVarint: 6
        case .durationDouble, .peakDouble: 8
        // 15:00.000
        case .startTime, .endTime: 9
        case .startMs: 13
        case .id: 16
        }
    }

    mutating func write(_ drawn: DrawnInvocation) {
        let fields = fields
        var span = bytes.mutableSpan
        for (piece, at) in fields {
            switch piece {
            case .text, .bytes: continue
            case .customer: put(drawn.customer, digits: 3, at: at, in: &span)
            case .service: put(drawn.function, digits: 7, at: at, in: &span)
            case .duration:
                put(drawn.durationHundredths / 100, digits: 3, at: at, in: &span)
                put(drawn.durationHundredths % 100, digits: 2, at: at + 4, in: &span)
            case .durationDouble:
                put(Double(drawn.durationHundredths) / 100, at: at, in: &span)
            case .billedMs: put(drawn.billedMs, digits: 3, at: at, in: &span)
            case .peakMb: put(drawn.peakMb, digits: 3, at: at, in: &span)
            case .peakDouble: put(Double(drawn.peakMb), at: at, in: &span)
            case .startMs: put(Int(drawn.startMs), digits: 13, at: at, in: &span)
            case .startVarint: put(varint: UInt64(drawn.startMs), at: at, in: &span)
            case .startTime: put(time: drawn.startMs, at: at, in: &span)
            case .endTime: put(time: drawn.startMs + Int64(drawn.billedMs), at: at, in: &span)
            case .id: put(hexadecimal: drawn.id, at: at, in: &span)
            }
        }
    }
}

/// The bytes of one message after the other, in the same buffers.
struct InvocationBytes {
    private var keyTemplate = InvocationTemplate(["team-", .customer, "/service-", .service])
    private var success: InvocationTemplate
    private var failure: InvocationTemplate
    private var isSuccess = true
    private(set) var headers: [InvocationForm.Header]
    private let isIdentifiedByHeaders: Bool

    init(_ form: InvocationForm) {
        success = InvocationTemplate(form.template(isSuccess: true))
        failure = InvocationTemplate(form.template(isSuccess: false))
        headers = form.headers
        isIdentifiedByHeaders = form == .telemetry
    }

    var key: [UInt8] { keyTemplate.bytes }
    var value: [UInt8] { isSuccess ? success.bytes : failure.bytes }

    mutating func write(_ drawn: DrawnInvocation) {
        keyTemplate.write(drawn)
        isSuccess = drawn.isSuccess
        if isSuccess { success.write(drawn) } else { failure.write(drawn) }
        guard isIdentifiedByHeaders else { return }
        headers[1].value = Array(key[..<8])
        headers[2].value = Array(key[9...])
    }
}

private func put(_ value: Int, digits: Int, at place: Int, in span: inout MutableSpan<UInt8>) {
    var rest = value
    for digit in stride(from: digits - 1, through: 0, by: -1) {
        span[place + digit] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
    }
    precondition(rest == 0, "\(value) has more than \(digits) digits")
}

private func put(hexadecimal value: UInt64, at place: Int, in span: inout MutableSpan<UInt8>) {
    for digit in 0..<16 {
        let bits = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * digit)) & 15
        span[place + digit] = bits < 10 ? 0x30 + bits : 0x57 + bits
    }
}

private func put(_ value: Double, at place: Int, in span: inout MutableSpan<UInt8>) {
    for byte in 0..<8 {
        span[place + byte] = UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * byte))
    }
}

/// Of six bytes, as any time from 1971 to 2109 has.
private func put(varint value: UInt64, at place: Int, in span: inout MutableSpan<UInt8>) {
    precondition((1 << 35..<1 << 42).contains(value), "\(value) has not 6 bytes")
    for byte in 0..<6 {
        let bits = UInt8(truncatingIfNeeded: value >> UInt64(7 * byte)) & 0x7F
        span[place + byte] = byte < 5 ? bits | 0x80 : bits
    }
}

/// Minutes, seconds and milliseconds of the hour in which all events lie.
private func put(
    time milliseconds: Int64, at place: Int, in span: inout MutableSpan<UInt8>
) {
    let inHour = Int(milliseconds - InvocationTopic.hourMs)
    precondition((0..<3_600_000).contains(inHour), "\(milliseconds) is in another hour")
    put(inHour / 60_000, digits: 2, at: place, in: &span)
    span[place + 2] = UInt8(ascii: ":")
    put(inHour / 1_000 % 60, digits: 2, at: place + 3, in: &span)
    put(inHour % 1_000, digits: 3, at: place + 6, in: &span)
    span[place + 5] = UInt8(ascii: ".")
}
