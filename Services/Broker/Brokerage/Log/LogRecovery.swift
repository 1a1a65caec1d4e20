internal import Glibc

/// Finds the whole batches in a partition's folder when the broker starts.
struct LogRecovery {
    /// At least one, once loaded; the last is to be written to.
    private(set) var segments: [Segment] = []
    private(set) var producers = ProducerSequences()
    /// By base offset, for the segments that have no summary yet.
    private(set) var summaries: [Int64: SegmentSummary] = [:]

    private let topic: String
    private let partition: Int
    private let folder: String
    private let tell: (BrokerEvent) -> Void
    private var wasCut = false

    init(
        topic: String, partition: Int, folder: String, tell: @escaping (BrokerEvent) -> Void
    ) throws(StorageError) {
        self.topic = topic
        self.partition = partition
        self.folder = folder
        self.tell = tell
        try Folder.create(folder)
        let bases = try baseOffsets()
        if let first = bases.first { producers = ProducersBefore.read(in: folder, first) }
        for base in bases {
            if let last = segments.last, base < last.nextOffset {
                // Left over by a compaction that was killed: its records are in the one before.
                try Folder.remove(Segment.path(in: folder, base, SegmentSummary.kind))
                try Folder.remove(Segment.path(in: folder, base))
                continue
            }
            try load(base, isLast: base == bases.last)
        }
        if segments.isEmpty {
            let file = try File(Segment.path(in: folder, 0), create: true)
            segments.append(Segment(file, baseOffset: 0, nowMs: Clock.wallMs()))
        }
    }

    /// The segments in the folder, in order; what was left half-made is removed, or finished.
    private func baseOffsets() throws(StorageError) -> [Int64] {
        var bases: [Int64] = []
        let names = Set(try Folder.names(in: folder))
        // Backwards: of a draft the summary goes before the log, which tells that it is a draft.
        for name in names.sorted(by: >) {
            let parts = name.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let base = Int64(parts[0]),
                (0...RecordBatchHeader.offsetMax).contains(base)
            else { continue }
            let path = "\(folder)/\(name)"
            switch parts[1] {
            case "log": bases.append(base)
            case Compacted.summaryKind where !names.contains("\(parts[0]).\(Compacted.kind)"):
                // The log was renamed already.
                try Folder.rename(path, to: Segment.path(in: folder, base, SegmentSummary.kind))
            case SegmentSummary.kind, ProducersBefore.kind:
                if !names.contains("\(parts[0]).log") { try Folder.remove(path) }
            default: try Folder.remove(path)
            }
        }
        return bases.sorted()
    }

    private mutating func load(_ base: Int64, isLast: Bool) throws(StorageError) {
        let path = Segment.path(in: folder, base)
        let summaryPath = Segment.path(in: folder, base, SegmentSummary.kind)
        let file = try File(path, create: false)
        let size = try file.size()
        if let last = segments.last, wasCut && base > last.nextOffset {
            tell(
                .logGap(
                    topic: topic, partition: partition, offset: last.nextOffset, nextOffset: base))
        }
        wasCut = false
        if let summary = SegmentSummary(path: summaryPath), summary.baseOffset == base,
            summary.size == size, let producers = ProducerSequences(encoded: summary.producers)
        {
            // The last has one after a broker that stopped in order, and is written to again.
            if isLast { try Folder.remove(summaryPath) }
            self.producers = producers
            segments.append(
                Segment(
                    file, summary, in: folder, isSealed: !isLast,
                    lastAppendMs: try file.modifiedMs()))
            return
        }
        if Folder.exists(summaryPath) {
            tell(.summaryUnusable(topic: topic, partition: partition, path: summaryPath))
            try Folder.remove(summaryPath)
        }
        let segment = Segment(file, baseOffset: base, nowMs: try file.modifiedMs())
        try check(segment, size: size)
        if segment.size < size {
            wasCut = true
            tell(
                .logCut(
                    topic: topic, partition: partition, offset: segment.nextOffset,
                    bytes: size - segment.size, path: path))
            try file.cut(to: segment.size)
        }
        segments.append(segment)
        summaries[base] = SegmentSummary(
            segment, producers: producers.encoded(), isClean: false)
    }

    /// Walks over a segment's batches as far as they are whole, and checks every checksum.
    private mutating func check(_ segment: Segment, size: Int) throws(StorageError) {
        let nowMs = Clock.wallMs()
        var reader = BatchReader(segment.file, size: size)
        while true {
            let taken = try unsafe reader.next { bytes -> Bool in
                guard let start = bytes.baseAddress else { return false }
                let header = unsafe RecordBatchHeader(start)
                // The checksum does not cover the offset, but a segment's lie within 32 bits.
                guard header.baseOffset >= segment.nextOffset,
                    header.lastOffset - segment.baseOffset <= Int64(Int32.max),
                    unsafe RecordBatch.isIntact(bytes, header)
                else { return false }
                segment.note(header)
                unsafe note(bytes, header, nowMs: nowMs)
                return true
            }
            if taken != true { return }
        }
    }

    private mutating func note(
        _ bytes: UnsafeRawBufferPointer, _ header: RecordBatchHeader, nowMs: Int64
    ) {
        guard header.hasProducer else { return }
        guard header.isControl else { return producers.record(header, nowMs: nowMs) }
        guard let commit = unsafe ControlBatch.commits(bytes, header) else { return }
        producers.end(
            ProducerIdentity(id: header.producerID, epoch: header.producerEpoch), commit: commit,
            markerOffset: header.baseOffset, nowMs: nowMs)
    }
}

/// Reads a file's batches one after the other, through one buffer.
///
/// Not by a mapping: a disk that cannot read would then end the process instead of the call.
@safe  // It owns its buffer, and lends it for one batch.
struct BatchReader: ~Copyable {
    private let file: File
    private let size: Int
    /// Where the next batch begins, in the file.
    private var position = 0
    private var buffer: UnsafeMutableRawBufferPointer
    /// Of the buffer's first byte, in the file, and how much of the buffer is filled.
    private var bufferStart = 0
    private var filled = 0

    init(_ file: File, size: Int) {
        self.file = file
        self.size = size
        unsafe buffer = .allocate(
            byteCount: max(RecordBatchHeader.size, min(size, Limits.recoveryWindowBytes)),
            alignment: 16)
    }

    deinit { unsafe buffer.deallocate() }

    /// Calls `body` with the next batch; nil when there is none that is as long as it says.
    mutating func next(
        _ body: (UnsafeRawBufferPointer) -> Bool
    ) throws(StorageError) -> Bool? {
        guard try hold(RecordBatchHeader.size) else { return nil }
        let header = unsafe RecordBatchHeader(UnsafeRawPointer(start))
        guard header.isPlausible, try hold(header.sizeBytes) else { return nil }
        defer { position += header.sizeBytes }
        return unsafe body(UnsafeRawBufferPointer(start: start, count: header.sizeBytes))
    }

    private var start: UnsafeMutableRawPointer {
        guard let base = unsafe buffer.baseAddress else { preconditionFailure("no buffer") }
        return unsafe base + (position - bufferStart)
    }

    /// Has `count` bytes from `position` on in the buffer; false when the file ends before.
    private mutating func hold(_ count: Int) throws(StorageError) -> Bool {
        guard count <= size - position else { return false }
        if position + count <= bufferStart + filled { return true }
        let kept = bufferStart + filled - position
        if unsafe count > buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
            if kept > 0 { unsafe larger.baseAddress?.copyMemory(from: start, byteCount: kept) }
            unsafe buffer.deallocate()
            unsafe buffer = larger
        } else if kept > 0 {
            if let base = unsafe buffer.baseAddress { unsafe memmove(base, start, kept) }
        }
        bufferStart = position
        let rest = unsafe UnsafeMutableRawBufferPointer(
            rebasing: buffer[kept..<min(buffer.count, size - position)])
        filled = kept + (try unsafe file.read(rest, at: position + kept))
        return filled >= count
    }
}
