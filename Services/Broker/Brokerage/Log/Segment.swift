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
    /// On disk to stay, with its summary beside it, where its index then is.
    var isSealed: Bool { sealed != nil }
    /// Compacted before: only later segments make it dirty again.
    var isClean = false
    /// About one batch every `Limits.indexIntervalBytes`; empty once sealed, so that what a log
    /// takes of memory does not grow with it.
    private(set) var index: [Place] = []
    /// Every batch of the end.
    private var recent: [Place] = []
    private var sealed: SealedIndex?

    init(_ file: File, baseOffset: Int64, nowMs: Int64) {
        self.file = file
        self.baseOffset = baseOffset
        nextOffset = baseOffset
        firstAppendMs = nowMs
        lastAppendMs = nowMs
    }

    /// A segment that is sealed, or to be written to again, from its summary.
    init(
        _ file: File, _ summary: SegmentSummary, in folder: String, isSealed: Bool,
        lastAppendMs: Int64
    ) {
        self.file = file
        baseOffset = summary.baseOffset
        size = summary.size
        nextOffset = summary.nextOffset
        maxTimestampMs = summary.maxTimestampMs
        index = summary.index
        firstAppendMs = lastAppendMs
        self.lastAppendMs = lastAppendMs
        isClean = summary.isClean
        if isSealed { seal(in: folder) }
    }

    /// From now on the index is read from the summary, which must be in its place.
    func seal(in folder: String) {
        sealed = SealedIndex(folder: folder, baseOffset: baseOffset, count: index.count)
        index = []
        recent = []
    }

    static func path(in folder: String, _ baseOffset: Int64, _ kind: String = "log") -> String {
        let digits = String(baseOffset)
        return "\(folder)/\(String(repeating: "0", count: 20 - digits.count))\(digits).\(kind)"
    }

    /// Writes a batch whose header is `header`, as placed in the log.
    /// - Parameter flushes: whether it must be on the disk before it counts.
    func append(
        _ bytes: UnsafeRawBufferPointer, _ header: RecordBatchHeader, nowMs: Int64,
        flushes: Bool = false
    ) throws(StorageError) {
        do throws(StorageError) {
            try unsafe file.write(bytes, at: size)
            if flushes { try file.flush() }
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
        if let sealed { return sealed.last(where: holds) }
        if let first = recent.first, holds(first) {
            return Self.last(of: recent.count, { recent[$0] }, where: holds)
        }
        return Self.last(of: index.count, { index[$0] }, where: holds)
    }

    static func last(
        of count: Int, _ place: (Int) -> Place?, where holds: (Place) -> Bool
    ) -> Place? {
        var low = 0
        var high = count
        var last: Place?
        while low < high {
            let middle = (low + high) / 2
            guard let found = place(middle) else { return nil }
            if holds(found) {
                last = found
                low = middle + 1
            } else {
                high = middle
            }
        }
        return last
    }
}

/// The index of a sealed segment, where it lies in the summary's file.
struct SealedIndex {
    let folder: String
    let baseOffset: Int64
    let count: Int

    /// Nil also when the file cannot be read: the search then begins at the segment's start.
    func last(where holds: (Segment.Place) -> Bool) -> Segment.Place? {
        let path = Segment.path(in: folder, baseOffset, SegmentSummary.kind)
        guard let file = try? File(path, create: false) else { return nil }
        return Segment.last(of: count, { SegmentSummary.place($0, in: file) }, where: holds)
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
