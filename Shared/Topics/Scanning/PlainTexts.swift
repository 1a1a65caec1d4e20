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

    /// - Parameters:
    ///   - slack: so much behind them may be overwritten.
    ///   - write: is given where the bytes go, and writes all of them.
    @inline(__always)
    mutating func withRoom(
        for count: Int, slack: Int = 0, _ write: (UnsafeMutablePointer<UInt8>) -> Void
    ) {
        if Int(used) + count + slack > bytes.count { widen(by: count + slack) }
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
            var ends = TextEnds(start: texts.used, path: 0, trigger: 0, runtime: 0, id: 0)
            func count(_ text: ScannedText) -> UInt32 { UInt32(truncatingIfNeeded: text.count) }
            let pathCount =
                path.map { $0.utf8.count } ?? Int(customer.count + service.count + function.count)
                + 2
            ends.path = ends.start + UInt32(truncatingIfNeeded: pathCount)
            ends.trigger = ends.path + (has(.trigger) ? count(trigger) : 0)
            ends.runtime = ends.trigger + (has(.runtime) ? count(runtime) : 0)
            ends.id = ends.runtime + (withID ? count(invocation) : 0)
            texts.withRoom(for: Int(ends.id - ends.start), slack: TextCopy.atOnce) { room in
                var copy = TextCopy(of: all, to: room)
                if let path {
                    copy.put(path.utf8Span.span)
                } else {
                    copy.put(customer)
                    copy.put(0x2F)
                    copy.put(service)
                    copy.put(0x2F)
                    copy.put(function)
                }
                if has(.trigger) { copy.put(trigger) }
                if has(.runtime) { copy.put(runtime) }
                if withID { copy.put(invocation) }
            }
            return ends
        }
    }
}

/// Copies texts one behind the other, to where there is room for them and `atOnce` bytes more.
private struct TextCopy {
    /// Most texts are no longer, and a copy of so many takes two loads and two stores.
    static let atOnce = 32

    private let all: UnsafeBufferPointer<UInt8>
    private var place: UnsafeMutablePointer<UInt8>

    init(of all: UnsafeBufferPointer<UInt8>, to place: UnsafeMutablePointer<UInt8>) {
        self.all = all
        self.place = place
    }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        place.pointee = byte
        place += 1
    }

    /// - Parameter text: of the scanned bytes.
    @inline(__always)
    mutating func put(_ text: ScannedText) {
        guard let start = all.baseAddress else { return }
        let (offset, count) = (Int(text.offset), Int(text.count))
        if count <= Self.atOnce, all.count - offset >= Self.atOnce {
            let from = UnsafeRawPointer(start + offset)
            let to = UnsafeMutableRawPointer(place)
            let half = Self.atOnce / 2
            to.storeBytes(
                of: from.loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
            to.storeBytes(
                of: from.loadUnaligned(fromByteOffset: half, as: SIMD16<UInt8>.self),
                toByteOffset: half, as: SIMD16<UInt8>.self)
        } else {
            place.update(from: start + offset, count: count)
        }
        place += count
    }

    mutating func put(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            place.update(from: start, count: bytes.count)
            place += bytes.count
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
