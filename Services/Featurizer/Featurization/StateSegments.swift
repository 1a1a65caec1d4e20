internal import Processing

/// Where the entries of a partition's functions and slots lie: each checkpoint writes what changed
/// as one segment, and what an earlier segment has of the same is dead.
///
/// A row in a table for each would cost PostgreSQL more than the stage takes to make it. A segment
/// without anything alive is deleted. Before more than half of what is stored is dead, the oldest
/// segments are emptied: what lives in them counts as changed.
/// - SeeAlso: Rosenblum and Ousterhout, "The Design and Implementation of a Log-Structured File
///   System" (1992), section 3.
struct StateSegments {
    struct Segment: Equatable {
        let number: UInt32
        var pieces = 0
        var storedBytes = 0
        var liveBytes = 0
        /// The last minute of which it holds digests of invocations seen; they live until then.
        var seenMinute: Int64 = -1
    }

    /// Ascending.
    private(set) var segments: [Segment] = []

    /// An entry ends with the record that reaches this.
    static let pieceBytes = 4 << 20
    static let segmentsMax = 1_000
    /// So much may be dead whatever lives.
    static let deadBytesMin = 1 << 20

    /// The number of the segment to be written next.
    var next: UInt32 { (segments.last?.number ?? 0) + 1 }

    static func key(_ number: UInt32, _ piece: Int) -> String { "/segment/\(number)/\(piece)" }

    /// - Parameters: as they stand in the key.
    static func place(_ parts: [String]) -> (number: UInt32, piece: Int)? {
        guard parts.count == 4, parts[0] == "", parts[1] == "segment",
            let number = UInt32(parts[2]), number > 0, let piece = Int(parts[3]), piece >= 0
        else { return nil }
        return (number, piece)
    }

    /// For a moment an index that is valid, for the segment is found or added there.
    private mutating func index(of number: UInt32) -> Int {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].number < number { low = middle + 1 } else { high = middle }
        }
        if low == segments.count || segments[low].number != number {
            segments.insert(Segment(number: number), at: low)
        }
        return low
    }

    mutating func addPiece(_ piece: Int, of number: UInt32, bytes: Int) {
        let index = index(of: number)
        segments[index].pieces = max(segments[index].pieces, piece + 1)
        segments[index].storedBytes += bytes
    }

    mutating func addLive(_ bytes: Int, in number: UInt32) {
        segments[index(of: number)].liveBytes += bytes
    }

    mutating func addSeen(minute: Int64, in number: UInt32) {
        let index = index(of: number)
        segments[index].seenMinute = max(segments[index].seenMinute, minute)
    }

    /// An entry that was written there is no more, or written elsewhere.
    mutating func forget(_ bytes: UInt32, in number: UInt32) {
        guard number > 0 else { return }
        segments[index(of: number)].liveBytes -= Int(bytes)
    }

    /// The last of the oldest segments that are to be emptied now; nil when there is room.
    func lastToEmpty(minute: Int64) -> UInt32? {
        var stored = segments.reduce(0) { $0 + $1.storedBytes }
        let live = segments.reduce(0) { $0 + $1.liveBytes }
        var count = segments.count
        var last: UInt32?
        for segment in segments {
            let isFull = stored > 2 * live + Self.deadBytesMin || count > Self.segmentsMax
            guard isFull, segment.seenMinute < minute else { break }
            stored -= segment.storedBytes - segment.liveBytes
            count -= 1
            last = segment.number
        }
        return last
    }

    /// Drops segments without anything alive.
    /// - Returns: the keys of their pieces.
    mutating func takeDead(minute: Int64) -> [String] {
        var keys: [String] = []
        for segment in segments where segment.liveBytes == 0 && segment.seenMinute < minute {
            for piece in 0..<segment.pieces { keys.append(Self.key(segment.number, piece)) }
        }
        segments.removeAll { $0.liveBytes == 0 && $0.seenMinute < minute }
        return keys
    }
}

/// A segment as it is written: records, in pieces that are not too large.
struct SegmentWriter {
    enum Record: UInt64 { case function, slot, seen }

    private(set) var pieces: [[UInt8]] = []
    private var piece = StateWriter(version: stateVersion)

    /// - Returns: how many bytes it takes.
    mutating func append(_ record: Record, _ body: (inout StateWriter) -> Void) -> Int {
        let before = piece.bytes.count
        piece.write(record.rawValue)
        piece.writeCounted(version: stateVersion, body)
        defer { if piece.bytes.count >= StateSegments.pieceBytes { finishPiece() } }
        return piece.bytes.count - before
    }

    mutating func finishPiece() {
        guard piece.bytes.count > 1 else { return }
        pieces.append(piece.bytes)
        piece = StateWriter(version: stateVersion)
    }
}
