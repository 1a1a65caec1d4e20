/// One file of a partition's log: whole record batches, one after the other.
///
/// Not thread-safe: the lock of its partition guards it.
final class Segment {
    /// A batch whose place is remembered.
    struct Place {
        let offset: Int64
        let position: Int
        /// The latest time of any record in the batches before this one.
        let timestampBeforeMs: Int64
    }

    let baseOffset: Int64
    let file: File
    private(set) var size = 0
    private(set) var nextOffset: Int64
    private(set) var maxTimestampMs: Int64 = -1
    /// By the wall clock: when the first and the last batch were written.
    private(set) var firstAppendMs: Int64
    private(set) var lastAppendMs: Int64
    /// On disk to stay, with its summary beside it.
    var isSealed = false
    /// Compacted before: only later segments make it dirty again.
    var isClean = false
    /// About one batch every `Limits.indexIntervalBytes`.
    private(set) var index: [Place] = []
    /// Every batch of the end.
    private var recent: [Place] = []

    init(_ file: File, baseOffset: Int64, nowMs: Int64) {
        self.file = file
        self.baseOffset = baseOffset
        nextOffset = baseOffset
        firstAppendMs = nowMs
        lastAppendMs = nowMs
    }

    /// A sealed segment, from its summary.
    init(_ file: File, _ summary: SegmentSummary, lastAppendMs: Int64) {
        self.file = file
        baseOffset = summary.baseOffset
        size = summary.size
        nextOffset = summary.nextOffset
        maxTimestampMs = summary.maxTimestampMs
        index = summary.index
        firstAppendMs = lastAppendMs
        self.lastAppendMs = lastAppendMs
        isSealed = true
        isClean = summary.isClean
    }

    static func path(in folder: String, _ baseOffset: Int64, _ kind: String = "log") -> String {
        let digits = String(baseOffset)
        return "\(folder)/\(String(repeating: "0", count: 20 - digits.count))\(digits).\(kind)"
    }

    /// Writes a batch whose header is `header`, as placed in the log.
    func append(
        _ bytes: UnsafeRawBufferPointer, _ header: RecordBatchHeader, nowMs: Int64
    ) throws(StorageError) {
        do throws(StorageError) {
            try unsafe file.write(bytes, at: size)
        } catch {
            // A part may have been written: it is cut off, or overwritten by the next batch.
            try? file.cut(to: size)
            throw error
        }
        if size == 0 { firstAppendMs = nowMs }
        note(header)
        lastAppendMs = nowMs
    }

    /// Remembers the batch that lies at the end of what is known so far.
    func note(_ header: RecordBatchHeader) {
        let place = Place(
            offset: header.baseOffset, position: size, timestampBeforeMs: maxTimestampMs)
        if size - (index.last?.position ?? -Limits.indexIntervalBytes)
            >= Limits.indexIntervalBytes
        {
            index.append(place)
        }
        recent.append(place)
        if recent.count >= 2 * Limits.recentBatches { recent.removeFirst(Limits.recentBatches) }
        size += header.sizeBytes
        nextOffset = header.lastOffset + 1
        maxTimestampMs = max(maxTimestampMs, header.maxTimestampMs)
    }

    /// Where the first batch lies that reaches `offset`; nil when none does.
    func position(reaching offset: Int64) throws(StorageError) -> Int? {
        if offset >= nextOffset || size == 0 { return nil }
        guard let place = lastPlace(where: { $0.offset <= offset }) else { return 0 }
        if place.offset == offset { return place.position }
        var scanner = HeaderScanner(file, from: place.position, to: size)
        while let (header, position) = try scanner.next() {
            if header.lastOffset >= offset { return position }
        }
        return nil
    }

    /// Where to end a read from `position` of at most `bytesMax`: at the end of a batch.
    ///
    /// - Parameter atLeastOne: whether a first batch that is larger is read all the same.
    func end(
        from position: Int, bytesMax: Int, to limit: Int, atLeastOne: Bool
    ) throws(StorageError) -> Int {
        if limit - position <= bytesMax { return limit }
        let target = position + bytesMax
        if let place = lastPlace(where: { $0.position <= target }), place.position > position {
            return min(place.position, limit)
        }
        var end = position
        var scanner = HeaderScanner(file, from: position, to: limit)
        while let (header, start) = try scanner.next() {
            let next = start + header.sizeBytes
            if next > target {
                if start == position && atLeastOne { end = next }
                break
            }
            end = next
        }
        return end
    }

    /// The first batch that reaches `offset` and has a record as late as `timestampMs`, whole.
    func batch(asLateAs timestampMs: Int64, reaching offset: Int64) throws(StorageError) -> [UInt8]?
    {
        guard maxTimestampMs >= timestampMs, nextOffset > offset else { return nil }
        let start = lastPlace(where: { $0.timestampBeforeMs < timestampMs })?.position ?? 0
        var scanner = HeaderScanner(file, from: start, to: size)
        while let (header, position) = try scanner.next() {
            if header.maxTimestampMs >= timestampMs && header.lastOffset >= offset
                && !header.isControl
            {
                return try file.read(count: header.sizeBytes, at: position)
            }
        }
        return nil
    }

    /// The last known place that fulfils a condition which holds up to some place and no further.
    private func lastPlace(where holds: (Place) -> Bool) -> Place? {
        if let first = recent.first, holds(first) { return Self.last(of: recent, where: holds) }
        return Self.last(of: index, where: holds)
    }

    private static func last(of places: [Place], where holds: (Place) -> Bool) -> Place? {
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            if holds(places[middle]) { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : places[low - 1]
    }
}

/// Walks over the headers of the batches in a part of a file.
struct HeaderScanner {
    private let file: File
    private let end: Int
    private var position: Int
    private var window: [UInt8] = []
    private var windowStart = 0

    init(_ file: File, from position: Int, to end: Int) {
        self.file = file
        self.position = position
        self.end = end
    }

    /// The next header and where its batch lies; nil at the end, or before bytes that are no batch.
    mutating func next() throws(StorageError) -> (RecordBatchHeader, position: Int)? {
        guard position + RecordBatchHeader.size <= end else { return nil }
        if position < windowStart
            || position + RecordBatchHeader.size > windowStart + window.count
        {
            let count = min(Limits.headerWindowBytes, end - position)
            window = try file.read(count: count, at: position)
            windowStart = position
            guard window.count >= RecordBatchHeader.size else { return nil }
        }
        let start = position - windowStart
        let header = unsafe window.withUnsafeBytes { bytes in
            unsafe RecordBatchHeader(bytes.baseAddress.unsafelyUnwrapped + start)
        }
        guard header.isPlausible, header.sizeBytes <= end - position else { return nil }
        defer { position += header.sizeBytes }
        return (header, position)
    }
}
