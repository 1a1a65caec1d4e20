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

/// Which key came behind which in the messages before: a writer mostly keeps to one order, so the
/// next key is compared with that one before it is looked for among all.
public struct KeyOrder: Sendable {
    /// A name as it stands, with the quote and the colon behind it; the bytes behind are masked out.
    struct Key {
        // Nothing is like this.
        var low: UInt64 = 1
        var high: UInt64 = 0
        var lowMask: UInt64 = 0
        var highMask: UInt64 = 0
        var count = 0
        var field = InvocationField.customer
    }

    /// By the field before; the last is the first key's.
    var keys = InlineArray<16, Key>(repeating: Key())

    static let first = 15

    public init() {}
}

/// A place in such a text. Every read is guarded by `end`.
private struct CompactCursor {
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
    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < end, position.pointee == byte else { return false }
        position += 1
        return true
    }

    /// Sixteen bytes, zeros behind the end.
    @inline(__always)
    private func words(at place: UnsafePointer<UInt8>) -> (UInt64, UInt64) {
        let raw = UnsafeRawPointer(place)
        if end - place >= 16 {
            return (
                UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self)),
                UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        var words: (UInt64, UInt64) = (0, 0)
        for i in 0..<max(0, end - place) {
            let byte = UInt64(place[i])
            if i < 8 {
                words.0 |= byte << UInt64(8 * i)
            } else {
                words.1 |= byte << UInt64(8 * i - 64)
            }
        }
        return words
    }

    /// A field's name with its quotes and colon.
    @inline(__always)
    private mutating func key(after before: Int, _ order: inout KeyOrder) -> InvocationField? {
        if end - position > 16, position.pointee == UInt8(ascii: "\"") {
            let name = UnsafeRawPointer(position + 1)
            let low = UInt64(littleEndian: name.loadUnaligned(as: UInt64.self))
            let high = UInt64(
                littleEndian: name.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            let likely = order.keys[before]
            let differing =
                (low & likely.lowMask ^ likely.low)
                | (high & likely.highMask ^ likely.high)
            if differing == 0 {
                position += 1 + likely.count
                return likely.field
            }
        }
        let name = position + 1
        guard let field = unlikelyKey() else { return nil }
        order.keys[before] = likely(field, name, count: position - name)
        return field
    }

    /// - Parameter count: of its bytes with quote and colon, which were found there.
    private func likely(
        _ field: InvocationField, _ name: UnsafePointer<UInt8>, count: Int
    ) -> KeyOrder.Key {
        let (low, high) = words(at: name)
        func mask(_ count: Int) -> UInt64 { count >= 8 ? .max : 1 << UInt64(8 * count) - 1 }
        let (lowMask, highMask) = (mask(count), mask(max(count - 8, 0)))
        return KeyOrder.Key(
            low: low & lowMask, high: high & highMask, lowMask: lowMask, highMask: highMask,
            count: count, field: field)
    }

    /// The name is compared as words.
    private mutating func unlikelyKey() -> InvocationField? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let (low, high) = words(at: position)
        let inLow = quotes(low)
        let inHigh = quotes(high)
        let count: Int
        if inLow != 0 {
            count = inLow.trailingZeroBitCount >> 3
        } else if inHigh != 0 {
            count = 8 + inHigh.trailingZeroBitCount >> 3
        } else {
            return nil
        }
        guard end - position > count + 1, position[count + 1] == UInt8(ascii: ":") else {
            return nil
        }
        let field =
            count <= 8
            ? shortField(count == 8 ? low : low & (1 << UInt64(8 * count) - 1), count)
            : longField(low, high & (1 << UInt64(8 * count - 64) - 1), count)
        position += count + 2
        return field
    }

    @inline(__always)
    private func shortField(_ word: UInt64, _ count: Int) -> InvocationField? {
        switch count {
        case 6: word == Names.cpuMs ? .cpuMs : word == Names.worker ? .worker : nil
        case 7:
            switch word {
            case Names.service: .service
            case Names.outcome: .outcome
            case Names.trigger: .trigger
            case Names.runtime: .runtime
            default: word == Names.initMs ? .initMs : nil
            }
        case 8: word == Names.customer ? .customer : word == Names.function ? .function : nil
        default: nil
        }
    }

    @inline(__always)
    private func longField(_ low: UInt64, _ high: UInt64, _ count: Int) -> InvocationField? {
        switch count {
        case 9: low == Names.memoryMb.0 && high == Names.memoryMb.1 ? .memoryMb : nil
        case 10: low == Names.invocation.0 && high == Names.invocation.1 ? .invocation : nil
        case 11:
            if low == Names.durationMs.0, high == Names.durationMs.1 {
                .durationMs
            } else {
                low == Names.deadlineMs.0 && high == Names.deadlineMs.1 ? .deadlineMs : nil
            }
        case 13: low == Names.startedAtMs.0 && high == Names.startedAtMs.1 ? .startedAtMs : nil
        case 14: low == Names.memoryPeakMb.0 && high == Names.memoryPeakMb.1 ? .memoryPeakMb : nil
        default: nil
        }
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
        guard take(UInt8(ascii: "\"")) else { return nil }
        let first = position
        var odd: UInt32 = 0
        while true {
            let marks = marks()
            if marks.special != 0 {
                let count = marks.special.trailingZeroBitCount
                guard position[count] == UInt8(ascii: "\"") else { return nil }
                odd |= marks.odd & (1 << UInt32(count) - 1)
                position += count
                return ended(first, isPlain: odd == 0)
            }
            odd |= marks.odd
            position += 16
            guard position < end else { return nil }
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

    @inline(__always)
    private mutating func ended(_ first: UnsafePointer<UInt8>, isPlain: Bool) -> ScannedText {
        let count = position - first
        position += 1
        return ScannedText(
            offset: Int32(truncatingIfNeeded: first - start),
            count: Int32(truncatingIfNeeded: count),
            isPlain: isPlain)
    }

    /// Digits, without zeros in front.
    @inline(__always)
    private mutating func digits() -> (value: UInt64, count: Int)? {
        let first = position
        guard position < end else { return nil }
        let isZero = position.pointee == UInt8(ascii: "0")
        var value: UInt64 = 0
        takeDigits(&value)
        let count = position - first
        guard count > 0, count <= 19, !isZero || count == 1 else { return nil }
        return (value, count)
    }

    /// Overflows with more than 19 digits.
    @inline(__always)
    private mutating func takeDigits(_ value: inout UInt64) {
        while position < end {
            let digits = eightBytes() ^ 0x3030_3030_3030_3030
            // Up to the lowest that is no digit there is no carry.
            let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & highs
            guard others != 0 else {
                value = value &* 100_000_000 &+ number(digits: digits)
                position += 8
                continue
            }
            let bits = UInt64(others.trailingZeroBitCount & ~7)
            guard bits > 0 else { return }
            // Zeros in front of them.
            value = value &* power(bits >> 3) &+ number(digits: digits << (64 &- bits))
            position += Int(bits >> 3)
            return
        }
    }

    /// From here on, zeros behind the end.
    /// - Precondition: here is not the end.
    @inline(__always)
    private func eightBytes() -> UInt64 {
        let left = end - position
        let from = UnsafeRawPointer(left >= 8 ? position : end - 8)
        let word = UInt64(littleEndian: from.loadUnaligned(as: UInt64.self))
        return left >= 8 ? word : word >> UInt64(64 &- 8 &* left)
    }

    /// Of ten, up to the seventh.
    @inline(__always)
    private func power(_ exponent: UInt64) -> UInt64 {
        switch exponent {
        case 1: 10
        case 2: 100
        case 3: 1_000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        default: 10_000_000
        }
    }

    /// The nearest double, as `JSONCursor.double` has it.
    @inline(__always)
    private mutating func double() -> Double? {
        guard let whole = digits() else { return nil }
        var value = whole.value
        var places = 0
        if position < end, position.pointee == UInt8(ascii: ".") {
            position += 1
            let first = position
            takeDigits(&value)
            places = position - first
            guard places > 0, whole.count + places <= 19 else { return nil }
        }
        guard position < end, position.pointee | 0x20 != UInt8(ascii: "e") else { return nil }
        guard value <= 1 << 53 else {
            return places == 0 ? nil : quotient(value, integerPowersOfTen[places])
        }
        switch places {
        case 0: return Double(value)
        case 1: return Double(value) / 10
        case 2: return Double(value) / 100
        case 3: return Double(value) / 1_000
        case 4: return Double(value) / 1e4
        case 5: return Double(value) / 1e5
        default: return Double(value) / powersOfTen[places]
        }
    }
}

/// Fields' names, their first byte lowest.
private enum Names {
    static var customer: UInt64 { 0x7265_6D6F_7473_7563 }
    static var service: UInt64 { 0x0065_6369_7672_6573 }
    static var function: UInt64 { 0x6E6F_6974_636E_7566 }
    static var outcome: UInt64 { 0x0065_6D6F_6374_756F }
    static var trigger: UInt64 { 0x0072_6567_6769_7274 }
    static var runtime: UInt64 { 0x0065_6D69_746E_7572 }
    static var cpuMs: UInt64 { 0x0000_736D_5F75_7063 }
    static var initMs: UInt64 { 0x0073_6D5F_7469_6E69 }
    static var worker: UInt64 { 0x0000_7265_6B72_6F77 }
    static var memoryMb: (UInt64, UInt64) { (0x6D5F_7972_6F6D_656D, 0x62) }
    static var invocation: (UInt64, UInt64) { (0x6974_6163_6F76_6E69, 0x6E6F) }
    static var durationMs: (UInt64, UInt64) { (0x6E6F_6974_6172_7564, 0x73_6D5F) }
    static var deadlineMs: (UInt64, UInt64) { (0x656E_696C_6461_6564, 0x73_6D5F) }
    static var startedAtMs: (UInt64, UInt64) { (0x5F64_6574_7261_7473, 0x73_6D5F_7461) }
    static var memoryPeakMb: (UInt64, UInt64) { (0x705F_7972_6F6D_656D, 0x626D_5F6B_6165) }
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
