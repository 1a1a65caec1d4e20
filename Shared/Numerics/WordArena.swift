/// Many short lists of 32-bit words in one array: each has a block, a power of two long or one and a
/// half times that.
///
/// A list of its own on the heap would cost an object, a header and a cache miss each.
public struct WordArena: Sendable {
    /// Words that the smallest block has.
    public static let blockWordsMin = 4
    /// Blocks of 3 x 2^30 words at most.
    private static let sizeClasses = 60

    @usableFromInline var words: [UInt32] = []
    /// By size class, where blocks of it lie that nobody has.
    private var free: [[UInt32]] = Array(repeating: [], count: sizeClasses)
    var scratch: [UInt32] = []

    public init() {}

    /// Of blocks, those that nobody has too.
    public var bytes: Int { words.count * 4 }

    /// 4, 6, 8, 12, 16, 24 and so on.
    static func capacity(ofClass sizeClass: UInt8) -> Int {
        (blockWordsMin + (sizeClass & 1 == 0 ? 0 : blockWordsMin / 2)) << Int(sizeClass / 2)
    }

    /// The least class whose blocks hold so many words.
    static func sizeClass(for count: Int) -> UInt8 {
        var sizeClass: UInt8 = 0
        while capacity(ofClass: sizeClass) < count { sizeClass += 1 }
        return sizeClass
    }

    mutating func allocate(_ sizeClass: UInt8) -> UInt32 {
        if let offset = free[Int(sizeClass)].popLast() { return offset }
        let offset = words.count
        let end = offset + Self.capacity(ofClass: sizeClass)
        precondition(end <= Int(UInt32.max), "\(end) words in one arena, at most 2^32 fit")
        words.append(contentsOf: repeatElement(0, count: end - offset))
        return UInt32(offset)
    }

    mutating func release(_ offset: UInt32, _ sizeClass: UInt8) {
        free[Int(sizeClass)].append(offset)
    }

    mutating func copy(_ count: Int, from: UInt32, to: UInt32) {
        words.withUnsafeMutableBufferPointer { words in
            guard let start = words.baseAddress else { return }
            (start + Int(to)).update(from: start + Int(from), count: count)
        }
    }
}

/// Bytes kept in an arena's block.
public struct ArenaBytes: Sendable, Equatable {
    private var offset: UInt32 = 0
    public private(set) var count: UInt32 = 0

    public init() {}

    public init(_ bytes: [UInt8], in arena: inout WordArena) {
        count = UInt32(bytes.count)
        guard count > 0 else { return }
        offset = arena.allocate(sizeClass)
        arena.words.withUnsafeMutableBytes { words in
            let place = UnsafeMutableRawBufferPointer(
                rebasing: words[Int(offset) * 4..<Int(offset) * 4 + bytes.count])
            place.copyBytes(from: bytes)
        }
    }

    public func copy(in arena: WordArena) -> [UInt8] {
        arena.words.withUnsafeBytes { words in
            Array(words[Int(offset) * 4..<Int(offset) * 4 + Int(count)])
        }
    }

    public mutating func release(in arena: inout WordArena) {
        if count > 0 { arena.release(offset, sizeClass) }
        self = ArenaBytes()
    }

    private var sizeClass: UInt8 { WordArena.sizeClass(for: (Int(count) + 3) / 4) }
}
