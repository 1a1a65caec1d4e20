internal import CBytes

extension ScannedInvocation {
    /// An invocation in JSON as producers mostly write it: our fields alone, each once, no white
    /// space, no escapes, ASCII, numbers without sign or exponent. Some three times as fast as the
    /// scanner that takes all of JSON.
    ///
    /// - Returns: false when anything is otherwise, which says nothing about whether it is right;
    ///   else it is what `read(json:)` makes it.
    mutating func read(
        compactJSON bytes: UnsafeBufferPointer<UInt8>, _ order: inout KeyOrder
    ) -> Bool {
        guard let start = bytes.baseAddress, bytes.count <= ScanningLimits.messageBytesMax,
            bytes.count >= CompactCursor.bytesMin
        else { return false }
        unmarkAll()
        var cursor = CompactCursor(start: start, end: start + bytes.count)
        return cursor.readObject(into: &self, &order) && isComplete
    }
}

/// A place in such a text. Every read is guarded by `end`.
struct CompactCursor {
    let start: UnsafePointer<UInt8>
    var position: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    /// So much is read at once, also back from the end. No invocation is so short.
    static let bytesMin = 16

    /// - Precondition: `bytesMin` lie between them.
    init(start: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>) {
        self.start = start
        position = start
        self.end = end
    }

    @inline(__always)
    mutating func readObject(
        into scanned: inout ScannedInvocation, _ order: inout KeyOrder
    ) -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        var seen: UInt32 = 0
        var before = KeyOrder.first
        while true {
            guard let field = key(after: before, &order), seen & field.bit == 0 else {
                return false
            }
            seen |= field.bit
            before = Int(field.rawValue)
            guard read(field, into: &scanned), position < end else { return false }
            let byte = position.pointee
            position += 1
            if byte == UInt8(ascii: ",") { continue }
            guard byte == UInt8(ascii: "}"), position == end else { return false }
            scanned.mark(all: seen)
            return true
        }
    }

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard position < end, position.pointee == byte else { return false }
        position += 1
        return true
    }

    @inline(__always)
    private mutating func read(
        _ field: InvocationField, into scanned: inout ScannedInvocation
    ) -> Bool {
        switch field {
        case .customer, .service, .function, .invocation, .trigger, .runtime, .worker:
            guard let text = text() else { return false }
            scanned.put(text, field)
        case .durationMs, .cpuMs, .memoryMb, .memoryPeakMb, .initMs, .deadlineMs:
            guard let value = double() else { return false }
            scanned.put(value, field)
        case .startedAtMs:
            guard let digits = digits(), digits.count <= 18 else { return false }
            scanned.startedAtMs = Int64(digits.value)
        case .outcome:
            guard let text = text() else { return false }
            scanned.outcome = outcome(start + Int(text.offset), Int(text.count))
        }
        return true
    }

    /// A text of ASCII without escapes; whether a name may be it is found on the way.
    @inline(__always)
    private mutating func text() -> ScannedText? {
        guard take(UInt8(ascii: "\"")), let text = textBeforeQuote() else { return nil }
        position += 1
        return text
    }

    /// Its opening quote is behind; the closing one is not passed.
    @inline(__always)
    mutating func textBeforeQuote() -> ScannedText? {
        let first = position
        var odd: UInt32 = 0
        while true {
            let marks = marks()
            if marks.special != 0 {
                let count = marks.special.trailingZeroBitCount
                guard position[count] == UInt8(ascii: "\"") else { return nil }
                odd |= marks.odd & (1 << UInt32(count) - 1)
                position += count
                return ScannedText(
                    offset: Int32(truncatingIfNeeded: first - start),
                    count: Int32(truncatingIfNeeded: position - first), isPlain: odd == 0)
            }
            odd |= marks.odd
            position += 16
            guard position < end else { return nil }
        }
    }

    /// As `textBeforeQuote`, of one that nobody reads.
    @inline(__always)
    mutating func skipTextBeforeQuote() -> Bool {
        while true {
            let special = marks().special
            if special != 0 {
                position += special.trailingZeroBitCount
                return position.pointee == UInt8(ascii: "\"")
            }
            position += 16
            guard position < end else { return false }
        }
    }

    /// Of sixteen bytes from here on; of fewer before the end, there are at least as many in all.
    @inline(__always)
    private func marks() -> antiphase_marks {
        let left = end - position
        guard left < 16 else { return antiphase_mark16(position) }
        var marks = antiphase_mark16(end - 16)
        marks.special >>= UInt32(16 - left)
        marks.odd >>= UInt32(16 - left)
        return marks
    }
}

/// Its place among `ScannedInvocation.outcomes`.
@inline(__always)
private func outcome(_ word: UnsafePointer<UInt8>, _ count: Int) -> UInt8 {
    if count == 7, equalWords(word, "success") { return 0 }
    for (place, known) in ScannedInvocation.outcomes.enumerated()
    where known.utf8CodeUnitCount == count && equal(word, known.utf8Start, count) {
        return UInt8(place)
    }
    return ScannedInvocation.unknownOutcome
}
