internal import Scanning
internal import Topics

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

    /// As `Invocation.validate` does.
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

extension Translated {
    /// More than a line and its key can have: six names of 256 bytes, each escaped, two in a path.
    private static let lineBytesMax = 8_192

    /// Appends an invocation as `Invocation.encoded()` writes it, with its service's path as key.
    ///
    /// - Parameter source: the bytes that scanned names lie in.
    /// - Throws: when a field is outside what it can mean; nothing was then appended.
    mutating func append(
        _ fields: borrowing InvocationFields, from source: Span<UInt8>, _ place: RecordPlace
    ) throws(Rejection) {
        let start = lines.count
        do throws(Rejection) {
            try fields.checkNumbers()
            lines.reserve(Self.lineBytesMax)
            let writer = LineWriter(lines: lines, place: place)
            try source.withUnsafeBufferPointer { source throws(Rejection) in
                try writer.write(fields, from: source)
            }
            let valueEnd = lines.count
            source.withUnsafeBufferPointer { source in
                writer.write(path: fields.customer, from: source)
                lines.append(UInt8(ascii: "/"))
                writer.write(path: fields.service, from: source)
            }
            messages.append(Message(key: valueEnd..<lines.count, value: start..<valueEnd))
        } catch {
            lines.truncate(to: start)
            throw error
        }
    }
}

private struct LineWriter {
    let lines: LineBuffer
    let place: RecordPlace

    /// The keys in the order of their bytes.
    func write(
        _ fields: borrowing InvocationFields, from source: UnsafeBufferPointer<UInt8>
    ) throws(Rejection) {
        lines.append(#"{"customer":""#)
        try write(fields.customer, of: "customer", from: source)
        lines.append(#"","duration_ms":"#)
        lines.append(fields.durationMs)
        lines.append(#","function":""#)
        try write(fields.function, of: "function", from: source)
        if let initMs = fields.initMs {
            lines.append(#"","init_ms":"#)
            lines.append(initMs)
            lines.append(#","invocation":""#)
        } else {
            lines.append(#"","invocation":""#)
        }
        try write(fields.invocation, of: "invocation", from: source)
        lines.append(#"","memory_mb":"#)
        lines.append(fields.memoryMb)
        if let memoryPeakMb = fields.memoryPeakMb {
            lines.append(#","memory_peak_mb":"#)
            lines.append(memoryPeakMb)
        }
        lines.append(#","outcome":""#)
        lines.append(word(ofOutcome: fields.outcome))
        if let runtime = fields.runtime {
            lines.append(#"","runtime":""#)
            try write(runtime, of: "runtime", from: source)
        }
        lines.append(#"","service":""#)
        try write(fields.service, of: "service", from: source)
        lines.append(#"","started_at_ms":"#)
        lines.append(integer: fields.startedAtMs)
        if let trigger = fields.trigger {
            lines.append(#","trigger":""#)
            try write(trigger, of: "trigger", from: source)
            lines.append(#"""#)
        }
        lines.append(UInt8(ascii: "}"))
    }

    @inline(__always)
    private func write(
        _ name: Name, of field: StaticString, from source: UnsafeBufferPointer<UInt8>
    ) throws(Rejection) {
        switch name {
        case .scanned(let text):
            if text.isPlainName(in: source) {
                lines.append(text.bytes(in: source))
            } else {
                try write(said: string(text, in: Span(_unsafeElements: source)), of: field)
            }
        case .prepared(let name): lines.append(name.json)
        case .text(let text): try write(said: text, of: field)
        case .place:
            try write(said: "\(place.topic)-\(place.partition)-\(place.offset)", of: field)
        }
    }

    @inline(never)
    private func write(said text: String, of field: StaticString) throws(Rejection) {
        try FieldLimits.check(name: text, of: field)
        lines.append(jsonBytes(text))
    }

    /// - Precondition: it was written as a name, and so is one.
    @inline(__always)
    func write(path name: Name, from source: UnsafeBufferPointer<UInt8>) {
        switch name {
        case .scanned(let text) where text.isPlainPath(in: source):
            lines.append(text.bytes(in: source))
        case .scanned(let text):
            lines.append(pathBytes(string(text, in: Span(_unsafeElements: source))))
        case .prepared(let name): lines.append(name.path)
        case .text(let text): lines.append(pathBytes(text))
        case .place: preconditionFailure("a record's place is no customer's or service's name")
        }
    }

    private func word(ofOutcome place: UInt8) -> StaticString {
        switch place {
        case 0: "success"
        case 1: "error"
        case 2: "timeout"
        case 3: "out_of_memory"
        case 4: "throttled"
        case 5: "killed"
        default: "unknown"
        }
    }
}
