internal import Scanning

/// Bytes of a batch's `texts`; none when nothing is there.
public struct TextRange: Equatable, Sendable {
    public var offset: UInt32 = 0
    public var count: UInt32 = 0

    public var isEmpty: Bool { count == 0 }
    public var range: Range<Int> { Int(offset)..<Int(offset + count) }
}

/// An invocation as those take it who fold millions: numbers, and texts that lie in the batch.
public struct BatchedInvocation: Equatable, Sendable {
    /// `FunctionID.path` in UTF-8.
    public var path = TextRange()
    /// Of the path, with the batch's key.
    public var pathHash: UInt64 = 0
    /// Only where the batch keeps it.
    public var invocation = TextRange()
    public var trigger = TextRange()
    public var runtime = TextRange()
    public var startedAtMs: Int64 = 0
    public var durationMs = 0.0
    public var cpuMs: Double?
    public var memoryMb = 0.0
    public var memoryPeakMb: Double?
    public var initMs: Double?
    public var deadlineMs: Double?
    public var outcome = Outcome.unknown
}

/// Invocations decoded together, without an object on the heap for each.
public struct InvocationBatch: Sendable {
    public private(set) var invocations: [BatchedInvocation] = []
    private var buffer = TextBuffer()
    /// The last one's: made anew for each it would be cleared each time.
    private var scanned = ScannedInvocation()
    private var known = KnownWriting()
    private let hash: KeyedHash
    private let keepsIDs: Bool

    /// - Parameters:
    ///   - hashKey: what paths are hashed with.
    ///   - keepsIDs: whether the text of `invocation` is kept.
    public init(hashKey: UInt64, keepsIDs: Bool = false) {
        hash = KeyedHash(key: hashKey)
        self.keepsIDs = keepsIDs
    }

    public var count: Int { invocations.count }

    /// What the ranges are of; there is more behind the last of them.
    public var texts: [UInt8] { buffer.bytes }

    /// What `pathHash` is of invocations of a batch with that key.
    public static func hash(ofPath path: [UInt8], key: UInt64) -> UInt64 {
        KeyedHash(key: key)(path.span)
    }

    /// Whether two paths are the same; compared many bytes at a time.
    public static func isSame(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool { isEqual(a, b) }

    /// Of a function's path and an invocation's id, the same for the same key everywhere and always.
    public static func digest(
        of invocation: BatchedInvocation, in texts: [UInt8], key: UInt64
    ) -> UInt64 {
        let hash = KeyedHash(key: key)
        let texts = texts.span
        return hash(
            texts.extracting(invocation.invocation.range),
            after: hash(texts.extracting(invocation.path.range)))
    }

    public mutating func removeAll() {
        invocations.removeAll(keepingCapacity: true)
        buffer.removeAll()
    }

    /// - Throws: exactly when `Invocation` does; nothing is then appended.
    public mutating func append(
        decoding value: Span<UInt8>, as encoding: InvocationEncoding
    ) throws(Rejection) {
        let scanner = InvocationScanner(encoding)
        if case .lambdaTelemetry(let id) = encoding {
            let isAppended = try append(
                decodingReport: value, of: id.service.customer.utf8Span.span,
                id.service.service.utf8Span.span, id.function.utf8Span.span)
            guard !isAppended else { return }
        }
        try scanner.scan(value, into: &scanned, &known)
        guard scanner != .lambdaReport,
            let ends = scanned.appendPlainTexts(
                of: value, withID: keepsIDs, nameBytesMax: FieldLimits.nameBytesMax, to: &buffer)
        else { return append(try Invocation(scanned: scanned, in: value, as: encoding)) }
        try append(ends)
    }

    /// A Lambda telemetry record of the function that these name, of which no texts are made.
    /// - Returns: false where a text is not plain: it is for `append(decoding:as:)`, and nothing is
    ///   appended.
    /// - Throws: exactly when `append(decoding:as:)` does; nothing is then appended.
    public mutating func append(
        decodingReport value: Span<UInt8>, of customer: Span<UInt8>, _ service: Span<UInt8>,
        _ function: Span<UInt8>
    ) throws(Rejection) -> Bool {
        let start = buffer.used
        let nameBytesMax = FieldLimits.nameBytesMax
        guard buffer.appendPath(customer, service, function, nameBytesMax: nameBytesMax) else {
            return false
        }
        let path = buffer.used
        do throws(Rejection) {
            try InvocationScanner.lambdaReport.scan(value, into: &scanned, &known)
        } catch {
            buffer.truncate(to: start)
            throw error
        }
        guard
            scanned.appendPlainID(
                of: value, withID: keepsIDs, nameBytesMax: nameBytesMax, to: &buffer)
        else {
            buffer.truncate(to: start)
            return false
        }
        try append(
            TextEnds(start: start, path: path, trigger: path, runtime: path, id: buffer.used))
        return true
    }

    /// What was scanned, when its numbers are in range.
    @inline(__always)
    private mutating func append(_ ends: TextEnds) throws(Rejection) {
        if !scanned.areNumbersInRange {
            do throws(Rejection) {
                try scanned.checkNumbers()
            } catch {
                buffer.truncate(to: ends.start)
                // What it said must not be looked at with each of those that come.
                scanned = ScannedInvocation()
                throw error
            }
        }
        let path = TextRange(from: ends.start, to: ends.path)
        invocations.append(
            BatchedInvocation(
                path: path, pathHash: hash(buffer.bytes.span.extracting(path.range)),
                invocation: TextRange(from: ends.runtime, to: ends.id),
                trigger: TextRange(from: ends.path, to: ends.trigger),
                runtime: TextRange(from: ends.trigger, to: ends.runtime), scanned))
    }

    public mutating func append(_ invocation: Invocation) {
        var flat = BatchedInvocation()
        func text(_ text: String?) -> TextRange {
            let from = buffer.used
            if let text { buffer.append(text.utf8Span.span) }
            return TextRange(from: from, to: buffer.used)
        }
        flat.path = text(invocation.functionID.path)
        flat.trigger = text(invocation.trigger)
        flat.runtime = text(invocation.runtime)
        if keepsIDs { flat.invocation = text(invocation.invocation) }
        flat.startedAtMs = invocation.startedAtMs
        // JSON has -0, which equals 0 and is written otherwise; adding 0 makes it 0.
        flat.durationMs = invocation.durationMs + 0
        flat.cpuMs = invocation.cpuMs.map { $0 + 0 }
        flat.memoryMb = invocation.memoryMb + 0
        flat.memoryPeakMb = invocation.memoryPeakMb.map { $0 + 0 }
        flat.initMs = invocation.initMs.map { $0 + 0 }
        flat.deadlineMs = invocation.deadlineMs.map { $0 + 0 }
        flat.outcome = invocation.outcome
        flat.pathHash = hash(buffer.bytes.span.extracting(flat.path.range))
        invocations.append(flat)
    }
}

extension TextRange {
    fileprivate init(from: UInt32, to: UInt32) {
        self.init(offset: from, count: to - from)
    }
}

extension BatchedInvocation {
    @inline(__always)
    fileprivate init(
        path: TextRange, pathHash: UInt64, invocation: TextRange, trigger: TextRange,
        runtime: TextRange, _ scanned: ScannedInvocation
    ) {
        func optional(_ field: InvocationField, _ value: Double) -> Double? {
            scanned.has(field) ? value + 0 : nil
        }
        // JSON has -0, which equals 0 and is written otherwise; adding 0 makes it 0.
        self.init(
            path: path, pathHash: pathHash, invocation: invocation, trigger: trigger,
            runtime: runtime, startedAtMs: scanned.startedAtMs,
            durationMs: scanned.durationMs + 0, cpuMs: optional(.cpuMs, scanned.cpuMs),
            memoryMb: scanned.memoryMb + 0,
            memoryPeakMb: optional(.memoryPeakMb, scanned.memoryPeakMb),
            initMs: optional(.initMs, scanned.initMs),
            deadlineMs: optional(.deadlineMs, scanned.deadlineMs),
            outcome: Outcome(scanned: scanned.outcome))
    }
}

extension ScannedInvocation {
    /// Every number is what any may be: mostly so, and then `checkNumbers` throws nothing. Those that
    /// are not given are looked at, too, which is sooner done than asking.
    @inline(__always)
    fileprivate var areNumbersInRange: Bool {
        let (times, sizes) = (0...FieldLimits.durationMsMax, 0...FieldLimits.memoryMbMax)
        return (0...FieldLimits.timeMsMax).contains(startedAtMs) && times.contains(durationMs)
            && times.contains(cpuMs) && sizes.contains(memoryMb) && sizes.contains(memoryPeakMb)
            && times.contains(initMs) && times.contains(deadlineMs)
    }

    fileprivate func checkNumbers() throws(Rejection) {
        func optional(_ field: InvocationField, _ value: Double) -> Double? {
            has(field) ? value : nil
        }
        try Invocation.check(
            startedAtMs: startedAtMs, durationMs: durationMs, cpuMs: optional(.cpuMs, cpuMs),
            memoryMb: memoryMb, memoryPeakMb: optional(.memoryPeakMb, memoryPeakMb),
            initMs: optional(.initMs, initMs), deadlineMs: optional(.deadlineMs, deadlineMs))
    }
}

extension InvocationBatch: Equatable {
    public static func == (a: Self, b: Self) -> Bool {
        a.invocations == b.invocations && a.buffer == b.buffer
    }
}
