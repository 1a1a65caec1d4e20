/// Bytes one behind the other; what stands behind those in use means nothing.
public struct TextBuffer: Sendable, Equatable {
    public private(set) var bytes: [UInt8] = Array(repeating: 0, count: 4_096)
    public private(set) var used: UInt32 = 0

    public init() {}

    public mutating func removeAll() { used = 0 }
    public mutating func truncate(to count: UInt32) { used = min(used, count) }

    public mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { bytes in
            if let start = bytes.baseAddress { append(start, bytes.count) }
        }
    }

    mutating func append(_ start: UnsafePointer<UInt8>, _ count: Int) {
        withRoom(for: count) { $0.update(from: start, count: count) }
    }

    /// - Parameter write: is given where the bytes go, and writes all of them.
    @inline(__always)
    mutating func withRoom(for count: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Void) {
        if Int(used) + count > bytes.count { widen(by: count) }
        bytes.withUnsafeMutableBufferPointer { bytes in
            if let start = bytes.baseAddress { write(start + Int(used)) }
        }
        used += UInt32(truncatingIfNeeded: count)
    }

    private mutating func widen(by count: Int) {
        bytes += Array(repeating: 0, count: max(count, bytes.count))
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.bytes[..<Int(a.used)] == b.bytes[..<Int(b.used)]
    }
}

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
        to texts: inout TextBuffer
    ) -> TextEnds? {
        bytes.withUnsafeBufferPointer { all in
            guard let start = all.baseAddress else { return nil }
            func isPlain(_ text: ScannedText) -> Bool {
                let count = Int(text.count)
                guard !text.isEscaped, count > 0, count <= nameBytesMax else { return false }
                return text.isPlain || hasNoOddByte(start + Int(text.offset), count)
            }
            guard path != nil || isPlain(customer) && isPlain(service) && isPlain(function),
                isPlain(invocation), !has(.trigger) || isPlain(trigger),
                !has(.runtime) || isPlain(runtime),
                !has(.worker) || isPlain(worker)
            else { return nil }
            func append(_ text: ScannedText) {
                texts.append(start + Int(text.offset), Int(text.count))
            }
            var ends = TextEnds(start: texts.used, path: 0, trigger: 0, runtime: 0, id: 0)
            if let path {
                texts.append(path.utf8Span.span)
            } else {
                let (first, second) = (Int(customer.count), Int(service.count))
                let third = Int(function.count)
                texts.withRoom(for: first + second + third + 2) { path in
                    path.update(from: start + Int(customer.offset), count: first)
                    path[first] = 0x2F
                    let rest = path + first + 1
                    rest.update(from: start + Int(service.offset), count: second)
                    rest[second] = 0x2F
                    (rest + second + 1).update(
                        from: start + Int(function.offset), count: third)
                }
            }
            ends.path = texts.used
            if has(.trigger) { append(trigger) }
            ends.trigger = texts.used
            if has(.runtime) { append(runtime) }
            ends.runtime = texts.used
            if withID { append(invocation) }
            ends.id = texts.used
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

@inline(__always)
private func oddBytes(_ word: UInt64) -> UInt64 { oddInName(word) | controlBytes(word) }
