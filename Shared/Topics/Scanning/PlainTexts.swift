internal import CBytes

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

    public init(start: UInt32, path: UInt32, trigger: UInt32, runtime: UInt32, id: UInt32) {
        self.start = start
        self.path = path
        self.trigger = trigger
        self.runtime = runtime
        self.id = id
    }
}

extension ScannedInvocation {
    /// Appends `customer/service/function` as one piece, then trigger, runtime and id, when every
    /// text that the invocation gives is plain: not empty, not long, nothing escaped, and nothing
    /// in it that a path or a name needs a second look at.
    ///
    /// - Returns: nil when one is not, which says nothing about whether it is right; nothing is
    ///   then appended.
    public func appendPlainTexts(
        of bytes: Span<UInt8>, withID: Bool, nameBytesMax: Int, to texts: inout TextBuffer
    ) -> TextEnds? {
        bytes.withUnsafeBufferPointer { all in
            guard let start = all.baseAddress else { return nil }
            func isPlain(_ text: ScannedText) -> Bool {
                let count = Int(text.count)
                guard !text.isEscaped, count > 0, count <= nameBytesMax else { return false }
                return text.isPlain || hasNoOddByte(start + Int(text.offset), count)
            }
            guard isPlain(customer), isPlain(service), isPlain(function), isPlain(invocation),
                !has(.trigger) || isPlain(trigger),
                !has(.runtime) || isPlain(runtime),
                !has(.worker) || isPlain(worker)
            else { return nil }
            var ends = TextEnds(start: texts.used, path: 0, trigger: 0, runtime: 0, id: 0)
            func count(_ text: ScannedText) -> UInt32 { UInt32(truncatingIfNeeded: text.count) }
            ends.path = ends.start + count(customer) + count(service) + count(function) + 2
            ends.trigger = ends.path + (has(.trigger) ? count(trigger) : 0)
            ends.runtime = ends.trigger + (has(.runtime) ? count(runtime) : 0)
            ends.id = ends.runtime + (withID ? count(invocation) : 0)
            texts.withRoom(for: Int(ends.id - ends.start), slack: TextCopy.atOnce) { room in
                var copy = TextCopy(of: all, to: room)
                copy.put(customer)
                copy.put(0x2F)
                copy.put(service)
                copy.put(0x2F)
                copy.put(function)
                if has(.trigger) { copy.put(trigger) }
                if has(.runtime) { copy.put(runtime) }
                if withID { copy.put(invocation) }
            }
            return ends
        }
    }
}

extension ScannedInvocation {
    /// Appends the id where it is wanted.
    ///
    /// - Returns: false when it needs a second look; nothing is then appended.
    public func appendPlainID(
        of bytes: Span<UInt8>, withID: Bool, nameBytesMax: Int, to texts: inout TextBuffer
    ) -> Bool {
        bytes.withUnsafeBufferPointer { all in
            guard let start = all.baseAddress else { return false }
            let (id, count) = (start + Int(invocation.offset), Int(invocation.count))
            guard !invocation.isEscaped, count > 0, count <= nameBytesMax,
                invocation.isPlain || hasNoOddByte(id, count)
            else { return false }
            if withID { texts.append(id, count) }
            return true
        }
    }
}

extension TextBuffer {
    /// Appends `customer/service/function`, of names in ASCII that stand in a path as they are.
    ///
    /// - Returns: false when one may be odd, is empty or long; nothing is then appended.
    public mutating func appendPath(
        _ customer: Span<UInt8>, _ service: Span<UInt8>, _ function: Span<UInt8>,
        nameBytesMax: Int
    ) -> Bool {
        let counts = 1...nameBytesMax
        guard counts.contains(customer.count), counts.contains(service.count),
            counts.contains(function.count)
        else { return false }
        let count = customer.count + service.count + function.count + 2
        var isPlain = true
        // One more, for a slash behind the last, too, and what is looked at at once.
        withRoom(for: count, slack: 1 + 16) { room in
            var place = room
            put(customer, at: &place, &isPlain)
            put(service, at: &place, &isPlain)
            put(function, at: &place, &isPlain)
        }
        if !isPlain { truncate(to: used - UInt32(truncatingIfNeeded: count)) }
        return isPlain
    }
}

/// The name and a slash. It is looked at where it is put, for there is room behind it.
@inline(__always)
private func put(
    _ name: Span<UInt8>, at place: inout UnsafeMutablePointer<UInt8>, _ isPlain: inout Bool
) {
    let count = name.count
    name.withUnsafeBufferPointer { name in
        if let start = name.baseAddress { place.update(from: start, count: count) }
    }
    var found: UInt32 = 0
    var offset = 0
    while offset < count {
        let marks = antiphase_mark16(place + offset)
        let left = UInt32(truncatingIfNeeded: min(count - offset, 16))
        found |= (marks.special | marks.odd) & (1 << left - 1)
        offset += 16
    }
    if found != 0 { isPlain = false }
    place[count] = 0x2F
    place += count + 1
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
}

/// "/" and "%" are written otherwise in a path; control characters are no name's. Eight bytes in
/// one step; the last eight may have been looked at in part.
@inline(__always)
private func hasNoOddByte(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    func oddBytes(_ word: UInt64) -> UInt64 { oddInName(word) | controlBytes(word) }
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
