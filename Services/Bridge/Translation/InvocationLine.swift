internal import Scanning
internal import Topics

/// A name, as it comes from a record.
enum Name {
    /// A text in the record's bytes.
    case scanned(ScannedText)
    case text(String)
    /// The record's place, which is the same whenever it is read again.
    case place
}

/// What a line of `invocations` says.
struct InvocationFields {
    var customer: Name
    var service: Name
    var function: Name
    var invocation: Name
    var startedAtMs: Int64
    var durationMs: Double
    var memoryMb: Double
    var memoryPeakMb: Double?
    var initMs: Double?
    var trigger: Name?
    var runtime: Name?
    /// By its place in `ScannedInvocation.outcomes`; any other is not known.
    var outcome: UInt8
}

extension Translated {
    /// Appends an invocation as `Invocation.encoded()` writes it, with its service's path as key.
    ///
    /// - Parameter source: the bytes that scanned names lie in.
    /// - Throws: when a field is outside what it can mean; nothing was then appended.
    mutating func append(
        _ fields: InvocationFields, from source: Span<UInt8>, _ place: RecordPlace
    ) throws(Rejection) {
        let start = bytes.count
        do throws(Rejection) {
            try fields.checkNumbers()
            append(path: fields.customer, from: source)
            bytes.append(slash)
            append(path: fields.service, from: source)
            let keyEnd = bytes.count
            try appendLine(fields, from: source, place)
            messages.append(Message(key: start..<keyEnd, value: keyEnd..<bytes.count))
        } catch {
            bytes.removeSubrange(start...)
            throw error
        }
    }

    /// The keys in the order of their bytes.
    private mutating func appendLine(
        _ fields: InvocationFields, from source: Span<UInt8>, _ place: RecordPlace
    ) throws(Rejection) {
        append(#"{"customer":"#)
        try append(name: fields.customer, of: "customer", from: source, place)
        append(#","duration_ms":"#)
        append(fields.durationMs)
        append(#","function":"#)
        try append(name: fields.function, of: "function", from: source, place)
        if let initMs = fields.initMs {
            append(#","init_ms":"#)
            append(initMs)
        }
        append(#","invocation":"#)
        try append(name: fields.invocation, of: "invocation", from: source, place)
        append(#","memory_mb":"#)
        append(fields.memoryMb)
        if let memoryPeakMb = fields.memoryPeakMb {
            append(#","memory_peak_mb":"#)
            append(memoryPeakMb)
        }
        append(#","outcome":""#)
        append(word(ofOutcome: fields.outcome))
        append(#"""#)
        if let runtime = fields.runtime {
            append(#","runtime":"#)
            try append(name: runtime, of: "runtime", from: source, place)
        }
        append(#","service":"#)
        try append(name: fields.service, of: "service", from: source, place)
        append(#","started_at_ms":"#)
        append(integer: fields.startedAtMs)
        if let trigger = fields.trigger {
            append(#","trigger":"#)
            try append(name: trigger, of: "trigger", from: source, place)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    // MARK: - Names

    /// In quotes.
    private mutating func append(
        name: Name, of field: StaticString, from source: Span<UInt8>, _ place: RecordPlace
    ) throws(Rejection) {
        bytes.append(quote)
        switch name {
        case .scanned(let text):
            if text.isPlainName(in: source) {
                append(text, from: source)
            } else {
                try append(said: Scanning.string(text, in: source), of: field)
            }
        case .text(let text): try append(said: text, of: field)
        case .place:
            try append(said: "\(place.topic)-\(place.partition)-\(place.offset)", of: field)
        }
        bytes.append(quote)
    }

    private mutating func append(said text: String, of field: StaticString) throws(Rejection) {
        try FieldLimits.check(name: text, of: field)
        // A name holds no control characters: nothing else has to be escaped.
        for byte in text.utf8 {
            if byte == quote || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
    }

    private mutating func append(_ text: ScannedText, from source: Span<UInt8>) {
        let range = Int(text.offset)..<Int(text.offset + text.count)
        source.extracting(range).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    /// As a part of `ServiceID.path`.
    private mutating func append(path name: Name, from source: Span<UInt8>) {
        func append(byte: UInt8) {
            switch byte {
            case slash: bytes.append(contentsOf: "%2F".utf8)
            case UInt8(ascii: "%"): bytes.append(contentsOf: "%25".utf8)
            default: bytes.append(byte)
            }
        }
        switch name {
        case .scanned(let text) where text.isPlainPath(in: source): self.append(text, from: source)
        case .scanned(let text):
            for byte in Scanning.string(text, in: source).utf8 { append(byte: byte) }
        case .text(let text): for byte in text.utf8 { append(byte: byte) }
        case .place: preconditionFailure("a record's place is no customer's or service's name")
        }
    }

    // MARK: - Words and numbers

    private mutating func append(_ word: StaticString) {
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private func word(ofOutcome place: UInt8) -> StaticString {
        Int(place) < ScannedInvocation.outcomes.count
            ? ScannedInvocation.outcomes[Int(place)] : "unknown"
    }

    /// The shortest digits that read back as the same value.
    ///
    /// A double that is the nearest to some n / 10^6 with at most 15 digits has those as its shortest.
    private mutating func append(_ value: Double) {
        let millionths = (value * 1e6).rounded()
        guard value >= 0, millionths < 1e15, millionths / 1e6 == value else {
            let digits = value.description.utf8
            bytes.append(
                contentsOf: value.description.hasSuffix(".0")
                    ? digits.dropLast(2) : digits.dropLast(0))
            return
        }
        let all = Int64(millionths)
        append(integer: all / 1_000_000)
        var rest = all % 1_000_000
        guard rest != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var place: Int64 = 100_000
        while rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / place))
            rest %= place
            place /= 10
        }
    }

    private mutating func append(integer value: Int64) {
        precondition(value >= 0, "\(value) was checked and is below 0")
        var digits: InlineArray<20, UInt8> = .init(repeating: 0)
        var first = digits.count
        var rest = UInt64(value)
        repeat {
            first -= 1
            digits[first] = UInt8(truncatingIfNeeded: rest % 10) + UInt8(ascii: "0")
            rest /= 10
        } while rest > 0
        digits.span.extracting(first..<digits.count)
            .withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }
}

extension InvocationFields {
    /// As `Invocation.validate` does; -0 is 0.
    fileprivate func checkNumbers() throws(Rejection) {
        let times = 0...FieldLimits.durationMsMax
        let sizes = 0...FieldLimits.memoryMbMax
        try FieldLimits.check(timeMs: startedAtMs, of: "started_at_ms")
        try FieldLimits.check(durationMs, in: times, of: "duration_ms")
        try FieldLimits.check(memoryMb, in: sizes, of: "memory_mb")
        if let memoryPeakMb {
            try FieldLimits.check(memoryPeakMb, in: sizes, of: "memory_peak_mb")
        }
        if let initMs { try FieldLimits.check(initMs, in: times, of: "init_ms") }
    }
}

extension ScannedText {
    /// Whether it is a name as it stands: not empty, not long, nothing escaped, no control character.
    fileprivate func isPlainName(in source: Span<UInt8>) -> Bool {
        guard !isEscaped, count > 0, count <= FieldLimits.nameBytesMax else { return false }
        var odd: UInt8 = 0
        // Without a branch, so that many bytes are looked at in one step; JSON has none below 0x20.
        source.extracting(Int(offset)..<Int(offset + count)).withUnsafeBufferPointer { name in
            for byte in name { odd |= byte == 0x7F ? 1 : 0 }
        }
        return odd == 0
    }

    /// Whether it is a path's part as it stands.
    fileprivate func isPlainPath(in source: Span<UInt8>) -> Bool {
        guard !isEscaped else { return false }
        var odd: UInt8 = 0
        source.extracting(Int(offset)..<Int(offset + count)).withUnsafeBufferPointer { part in
            for byte in part { odd |= (byte == 0x2F ? 1 : 0) | (byte == 0x25 ? 1 : 0) }
        }
        return odd == 0
    }
}

private let quote = UInt8(ascii: "\"")
private let slash = UInt8(ascii: "/")
