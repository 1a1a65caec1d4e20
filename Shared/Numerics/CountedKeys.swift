/// How often each of some small numbers was added: a list in an arena, sorted now and then.
///
/// An entry is a word, the key in its upper bits and a count in its lower `countBits`. The first
/// `settled` entries are ascending; what was added since stands behind them, one entry each, until
/// room is needed: then it is sorted in and equal keys become one. So adding is mostly a store, and
/// the list has about as many entries as there are different keys. The same keys in any order
/// settle to the same entries.
public struct CountedKeys: Sendable {
    @usableFromInline var offset: UInt32 = 0
    /// Entries in use.
    @usableFromInline var count: UInt32 = 0
    private var settled: UInt32 = 0
    @usableFromInline var capacity: UInt32 = 0

    public init() {}

    public var isEmpty: Bool { count == 0 }

    /// Has the place of the next entries read into the cache.
    public func prefetchEnd(in arena: WordArena) {
        arena.words.prefetch(Int(offset &+ count), count: 2)
    }

    /// Has all entries read into the cache, or the first of many.
    public func prefetchAll(in arena: WordArena) {
        let entriesMax: UInt32 = 256
        arena.words.prefetch(Int(offset), count: Int(min(count, entriesMax)))
    }

    /// - Parameter key: below 2^(32 - countBits).
    @inlinable public mutating func add(
        _ key: UInt32, countBits: UInt32, in arena: inout WordArena
    ) {
        if count == capacity { makeRoom(countBits, &arena) }
        arena.words[Int(offset &+ count)] = key << countBits | 1
        count &+= 1
    }

    /// Two at once, sooner than one after the other.
    public mutating func add(
        _ first: UInt32, _ second: UInt32, countBits: UInt32, in arena: inout WordArena
    ) {
        while capacity &- count < 2 { makeRoom(countBits, &arena) }
        let place = Int(offset &+ count)
        arena.words.withUnsafeMutableBufferPointer { words in
            precondition(place + 1 < words.count, "a list lies in its arena")
            words[place] = first << countBits | 1
            words[place + 1] = second << countBits | 1
        }
        count &+= 2
    }

    /// As many entries of one key as its count needs.
    public mutating func add(
        _ key: UInt32, times: Int, countBits: UInt32, in arena: inout WordArena
    ) {
        var left = times
        let most = (1 << Int(countBits)) - 1
        while left > 0 {
            if count == capacity { makeRoom(countBits, &arena) }
            arena.words[Int(offset + count)] = key << countBits | UInt32(min(left, most))
            count += 1
            left -= most
        }
    }

    /// Ascending by key; a key whose count is more than an entry holds comes several times.
    public mutating func withSettled<Result>(
        countBits: UInt32, in arena: inout WordArena, _ body: (Span<UInt32>) -> Result
    ) -> Result {
        settle(countBits, &arena)
        let range = Int(offset)..<Int(offset + count)
        return arena.words.withUnsafeBufferPointer { words in
            body(UnsafeBufferPointer(rebasing: words[range]).span)
        }
    }

    public mutating func release(in arena: inout WordArena) {
        if capacity > 0 { arena.release(offset, sizeClass) }
        self = CountedKeys()
    }

    private var sizeClass: UInt8 { WordArena.sizeClass(for: Int(capacity)) }

    @usableFromInline @inline(never)
    mutating func makeRoom(_ countBits: UInt32, _ arena: inout WordArena) {
        // Settling is worth it where much has come since, and enough where a quarter is then free.
        if capacity > 0, (count - settled) * 2 >= count {
            settle(countBits, &arena)
            guard count > capacity - capacity / 4 else { return }
        }
        let wider = capacity == 0 ? 0 : sizeClass + 1
        let place = arena.allocate(wider)
        if capacity > 0 {
            arena.copy(Int(count), from: offset, to: place)
            arena.release(offset, sizeClass)
        }
        offset = place
        capacity = UInt32(WordArena.capacity(ofClass: wider))
    }

    private mutating func settle(_ countBits: UInt32, _ arena: inout WordArena) {
        guard settled < count else { return }
        let all = Int(count)
        let first = Int(settled)
        let start = Int(offset)
        if arena.scratch.count < all {
            arena.scratch = Array(repeating: 0, count: max(all, arena.scratch.count * 2))
        }
        let kept = arena.words.withUnsafeMutableBufferPointer { words in
            arena.scratch.withUnsafeMutableBufferPointer { scratch in
                let list = UnsafeMutableBufferPointer(rebasing: words[start..<start + all])
                sort(UnsafeMutableBufferPointer(rebasing: list[first...]), scratch)
                return merge(list, first, scratch, countBits)
            }
        }
        count = UInt32(kept)
        settled = count
    }
}

/// Both halves are ascending; equal keys become one entry, or as many as their count needs.
///
/// What is below all that came since stays where it is: of keys that mostly grow, nearly everything.
private func merge(
    _ list: UnsafeMutableBufferPointer<UInt32>, _ middle: Int,
    _ scratch: UnsafeMutableBufferPointer<UInt32>, _ countBits: UInt32
) -> Int {
    let most = (UInt32(1) << countBits) &- 1
    var kept = middle
    while kept > 0, list[kept - 1] >> countBits >= list[middle] >> countBits { kept -= 1 }
    let left = middle - kept
    for i in 0..<left { scratch[i] = list[kept + i] }
    var (a, b) = (0, middle)
    /// Not written yet, for the next may be of its key: so what is read lies behind what is written.
    var last: UInt32?
    while a < left || b < list.count {
        let entry: UInt32
        if b == list.count || (a < left && scratch[a] >> countBits <= list[b] >> countBits) {
            entry = scratch[a]
            a += 1
        } else {
            entry = list[b]
            b += 1
        }
        guard let before = last else {
            last = entry
            continue
        }
        if before >> countBits == entry >> countBits {
            let sum = (before & most) &+ (entry & most)
            if sum <= most {
                last = before & ~most | sum
                continue
            }
            list[kept] = before | most
            last = entry & ~most | (sum &- most)
        } else {
            list[kept] = before
            last = entry
        }
        kept += 1
    }
    if let last {
        list[kept] = last
        kept += 1
    }
    return kept
}

/// By all bits. Short or nearly sorted lists by insertion, others by their bytes.
private func sort(
    _ list: UnsafeMutableBufferPointer<UInt32>, _ scratch: UnsafeMutableBufferPointer<UInt32>
) {
    let insertionMax = 48
    guard list.count > insertionMax else {
        for i in list.indices.dropFirst() {
            let entry = list[i]
            var j = i
            while j > 0, list[j - 1] > entry {
                list[j] = list[j - 1]
                j -= 1
            }
            list[j] = entry
        }
        return
    }
    var from = list
    var to = UnsafeMutableBufferPointer(rebasing: scratch[..<list.count])
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
        var starts = InlineArray<256, UInt32>(repeating: 0)
        for entry in from { starts[Int(entry >> shift & 0xFF)] &+= 1 }
        // All the same in this byte.
        if starts[Int(from[0] >> shift & 0xFF)] == UInt32(list.count) { continue }
        var sum: UInt32 = 0
        for i in 0..<256 {
            let own = starts[i]
            starts[i] = sum
            sum &+= own
        }
        for entry in from {
            let digit = Int(entry >> shift & 0xFF)
            to[Int(starts[digit])] = entry
            starts[digit] &+= 1
        }
        swap(&from, &to)
    }
    if from.baseAddress != list.baseAddress {
        for i in 0..<list.count { list[i] = from[i] }
    }
}
