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

extension CompactCursor {
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
    mutating func key(after before: Int, _ order: inout KeyOrder) -> InvocationField? {
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
