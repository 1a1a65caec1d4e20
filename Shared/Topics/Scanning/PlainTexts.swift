/// Where the texts of one invocation end, one behind the other.
public struct TextEnds: Sendable {
    public var start: UInt32
    public var path: UInt32
    public var trigger: UInt32
    public var runtime: UInt32
    public var id: UInt32
}

extension ScannedInvocation {
    /// Appends `customer/service/function` as one piece, then trigger, runtime and id, when every
    /// text that the invocation gives is plain: not empty, not long, nothing escaped, and nothing
    /// in it that a path or a name needs a second look at.
    ///
    /// - Parameter path: of whom the invocation is, where it does not say so itself.
    /// - Returns: nil when one is not, which says nothing about whether it is right; nothing is
    ///   then appended.
    public func appendPlainTexts(
        of bytes: Span<UInt8>, path: String?, withID: Bool, nameBytesMax: Int,
        to texts: inout [UInt8]
    ) -> TextEnds? {
        bytes.withUnsafeBufferPointer { all in
            guard let start = all.baseAddress else { return nil }
            func isPlain(_ text: ScannedText) -> Bool {
                let count = Int(text.count)
                guard !text.isEscaped, count > 0, count <= nameBytesMax else { return false }
                return hasNoOddByte(start + Int(text.offset), count)
            }
            guard path != nil || isPlain(customer) && isPlain(service) && isPlain(function),
                isPlain(invocation), !has(.trigger) || isPlain(trigger), !has(.runtime) || isPlain(runtime),
                !has(.worker) || isPlain(worker)
            else { return nil }
            func append(_ text: ScannedText) {
                texts.append(
                    contentsOf: UnsafeBufferPointer(
                        start: start + Int(text.offset), count: Int(text.count)))
            }
            var ends = TextEnds(start: UInt32(texts.count), path: 0, trigger: 0, runtime: 0, id: 0)
            if let path {
                texts.append(contentsOf: path.utf8)
            } else {
                append(customer)
                texts.append(0x2F)
                append(service)
                texts.append(0x2F)
                append(function)
            }
            ends.path = UInt32(texts.count)
            if has(.trigger) { append(trigger) }
            ends.trigger = UInt32(texts.count)
            if has(.runtime) { append(runtime) }
            ends.runtime = UInt32(texts.count)
            if withID { append(invocation) }
            ends.id = UInt32(texts.count)
            return ends
        }
    }
}

/// "/" and "%" are written otherwise in a path; control characters are no name's. Eight bytes in
/// one step; the last eight may have been looked at in part.
@inline(__always)
private func hasNoOddByte(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let raw = UnsafeRawPointer(start)
    var found: UInt64 = 0
    if count >= 8 {
        var i = 0
        while i + 8 <= count {
            found |= oddBytes(raw.loadUnaligned(fromByteOffset: i, as: UInt64.self))
            i += 8
        }
        found |= oddBytes(raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
    } else {
        var word: UInt64 = 0x4141_4141_4141_4141
        for i in 0..<count { word = word << 8 | UInt64(start[i]) }
        found = oddBytes(word)
    }
    return found == 0
}

/// Not 0 exactly when a byte of the word is "/", "%", below 0x20 or 0x7F.
/// - SeeAlso: Anderson, "Bit Twiddling Hacks", determine if a word has a zero byte.
@inline(__always)
private func oddBytes(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    @inline(__always) func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
    let slash = zeros(word ^ ones &* 0x2F)
    let percent = zeros(word ^ ones &* 0x25)
    let delete = zeros(word ^ ones &* 0x7F)
    let control = (word &- ones &* 0x20) & ~word
    return (slash | percent | delete | control) & (ones &* 0x80)
}
