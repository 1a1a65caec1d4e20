internal import Numerics
internal import Processing
internal import Topics

/// A function, and where what is known of it lies. One of them is one cache line's half.
struct FunctionRow {
    /// Of its path, among the table's.
    var pathOffset: UInt32 = 0
    var pathCount: UInt16 = 0
    /// Something changed since the state was last taken: its own entry.
    var isChanged = false
    /// It stands in the stage's list of those that changed.
    var isListed = false
    /// Something changed since its row was last written.
    var isRowDue = false
    /// Its newest slot's node, -1 for none; the others hang on that.
    var newest: Int32 = -1
    /// Its past in `FunctionStore.pasts`, -1 for none.
    var past: Int32 = -1
    var firstSeenMs = Int64.max
    /// The state segment that has its entry, 0 for none, and the entry's size there.
    var segment: UInt32 = 0
    var storedBytes: UInt32 = 0

    /// An invocation of it came.
    /// - Returns: which lists it is to be put in.
    @inline(__always)
    mutating func note(startedAtMs: Int64) -> (isChanged: Bool, isRowDue: Bool) {
        if firstSeenMs > startedAtMs {
            firstSeenMs = startedAtMs
            isChanged = true
        }
        defer {
            isListed = true
            isRowDue = true
        }
        return (!isListed, !isRowDue)
    }
}

/// The functions of a partition, numbered in the order in which they were first seen.
///
/// Open addressing: an entry is the upper half of the path's hash and a number, and the place that
/// it is looked for is the hash's first bits. At most half of the places are taken.
struct FunctionTable {
    var rows: [FunctionRow] = []
    private var paths: [UInt8] = []
    /// (power of two) hash in the upper half, number + 1 in the lower; 0 is free.
    private var places: [UInt64]
    private var placeBits: UInt64

    private static let placeBitsMin: UInt64 = 10

    init() {
        placeBits = Self.placeBitsMin
        places = Array(repeating: 0, count: 1 << Int(placeBits))
    }

    var count: Int { rows.count }
    var bytes: Int {
        rows.count * MemoryLayout<FunctionRow>.stride + paths.count + places.count * 8
    }

    subscript(number: Int32) -> FunctionRow {
        _read { yield rows[Int(number)] }
        _modify { yield &rows[Int(number)] }
    }

    /// Has the place where the search for that hash begins read into the cache.
    func prefetchPlace(_ hash: UInt64) { places.prefetch(Int(hash >> (64 - placeBits))) }

    /// The function that is probably meant by that hash, -1 for none; its row is prefetched.
    func likely(_ hash: UInt64) -> Int32 {
        let entry = places[Int(hash >> (64 - placeBits))]
        guard entry != 0, entry >> 32 == hash >> 32 else { return -1 }
        let number = Int32(truncatingIfNeeded: entry & 0xFFFF_FFFF) &- 1
        prefetchRow(number)
        return number
    }

    func prefetchRow(_ number: Int32) { rows.prefetch(Int(number)) }

    func prefetchPath(_ number: Int32) {
        let row = rows[Int(number)]
        paths.prefetch(Int(row.pathOffset), count: Int(row.pathCount))
    }

    func number(of path: Span<UInt8>, hash: UInt64) -> Int32? {
        let tag = hash >> 32
        var place = Int(hash >> (64 - placeBits))
        while true {
            let entry = places[place]
            if entry == 0 { return nil }
            if entry >> 32 == tag {
                let number = Int32(truncatingIfNeeded: entry & 0xFFFF_FFFF) &- 1
                if isPath(of: number, path) { return number }
            }
            place = (place &+ 1) & (places.count &- 1)
        }
    }

    func path(of number: Int32) -> [UInt8] { Array(paths[range(rows[Int(number)])]) }

    func writePath(of number: Int32, to writer: inout StateWriter) {
        writer.write(counted: paths.span.extracting(range(rows[Int(number)])))
    }

    func id(of number: Int32) -> FunctionID {
        guard let id = FunctionID(path: paths.span.extracting(range(rows[Int(number)]))) else {
            preconditionFailure("a function has a path, got \(path(of: number))")
        }
        return id
    }

    /// - Parameter path: of no function that is there.
    mutating func add(_ path: Span<UInt8>, hash: UInt64) -> Int32 {
        let number = Int32(rows.count)
        rows.append(FunctionRow())
        name(number, path, hash: hash)
        return number
    }

    /// A function that will be named, for its slots may come before its name.
    mutating func addUnnamed(upTo number: Int32) {
        while rows.count <= Int(number) { rows.append(FunctionRow()) }
    }

    mutating func name(_ number: Int32, _ path: Span<UInt8>, hash: UInt64) {
        rows[Int(number)].pathOffset = UInt32(paths.count)
        rows[Int(number)].pathCount = UInt16(path.count)
        for i in path.indices { paths.append(path[i]) }
        if (rows.count + 1) * 2 > places.count { widen() }
        enter((hash >> 32) << 32 | UInt64(number + 1))
    }

    private mutating func widen() {
        let old = places
        while (rows.count + 1) * 2 > 1 << Int(placeBits) { placeBits += 1 }
        places = Array(repeating: 0, count: 1 << Int(placeBits))
        for entry in old where entry != 0 { enter(entry) }
    }

    private mutating func enter(_ entry: UInt64) {
        var place = Int(entry >> (64 - placeBits))
        while places[place] != 0 { place = (place &+ 1) & (places.count &- 1) }
        places[place] = entry
    }

    private func range(_ row: FunctionRow) -> Range<Int> {
        Int(row.pathOffset)..<Int(row.pathOffset) + Int(row.pathCount)
    }

    private func isPath(of number: Int32, _ path: Span<UInt8>) -> Bool {
        let row = rows[Int(number)]
        guard Int(row.pathCount) == path.count else { return false }
        return InvocationBatch.isSame(paths.span.extracting(range(row)), path)
    }
}
