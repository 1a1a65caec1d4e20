internal import Glibc

/// Finds the whole batches in a partition's folder when the broker starts.
enum LogRecovery {
    struct Recovered {
        var segments: [Segment] = []
        var producers = ProducerSequences()
        /// By base offset, for the segments that have no summary yet.
        var summaries: [Int64: SegmentSummary] = [:]
    }

    /// - Returns: at least one segment; the last is to be written to.
    static func load(
        _ folder: String, tell: (BrokerEvent) -> Void
    ) throws(StorageError) -> Recovered {
        try Folder.create(folder)
        var recovered = Recovered()
        // Once one segment has no summary, those after it are read too: their producers follow.
        var sealed = true
        for base in try baseOffsets(folder) {
            let path = Segment.path(in: folder, base)
            if let last = recovered.segments.last, base < last.nextOffset {
                // Left over by a compaction that was killed: its records are in the one before.
                try remove(base, in: folder)
                continue
            }
            let file = try File(path, create: false)
            let size = try file.size()
            if sealed, let (segment, producers) = try load(file, base: base, size: size, folder) {
                recovered.segments.append(segment)
                recovered.producers = producers
                continue
            }
            sealed = false
            try Folder.remove(Segment.path(in: folder, base, SegmentSummary.kind))
            let segment = Segment(file, baseOffset: base, nowMs: try file.modifiedMs())
            try check(segment, size: size, &recovered.producers)
            if segment.size < size {
                tell(.cut(path: path, bytes: size - segment.size))
                try file.cut(to: segment.size)
            }
            recovered.segments.append(segment)
            recovered.summaries[base] = SegmentSummary(
                segment, producers: recovered.producers.encoded(), isClean: false)
        }
        if recovered.segments.last?.isSealed ?? true {
            let base = recovered.segments.last?.nextOffset ?? 0
            let file = try File(Segment.path(in: folder, base), create: true)
            recovered.segments.append(Segment(file, baseOffset: base, nowMs: Clock.wallMs()))
        }
        return recovered
    }

    /// The segments in the folder, in order; what was left half-made is removed.
    private static func baseOffsets(_ folder: String) throws(StorageError) -> [Int64] {
        var bases: [Int64] = []
        let names = try Folder.names(in: folder)
        for name in names {
            let parts = name.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let base = Int64(parts[0]),
                (0...RecordBatchHeader.offsetMax).contains(base)
            else { continue }
            if parts[1] == "log" {
                bases.append(base)
            } else if parts[1] != SegmentSummary.kind || !names.contains("\(parts[0]).log") {
                try Folder.remove("\(folder)/\(name)")
            }
        }
        return bases
    }

    private static func remove(_ base: Int64, in folder: String) throws(StorageError) {
        try Folder.remove(Segment.path(in: folder, base, SegmentSummary.kind))
        try Folder.remove(Segment.path(in: folder, base))
    }

    /// A segment by its summary; nil when it has none that fits.
    private static func load(
        _ file: File, base: Int64, size: Int, _ folder: String
    ) throws(StorageError) -> (Segment, ProducerSequences)? {
        let path = Segment.path(in: folder, base, SegmentSummary.kind)
        guard let summary = SegmentSummary(path: path), summary.baseOffset == base,
            summary.size == size, let producers = ProducerSequences(encoded: summary.producers)
        else { return nil }
        return (Segment(file, summary, lastAppendMs: try file.modifiedMs()), producers)
    }

    /// Walks over a segment's batches as far as they are whole, and checks every checksum.
    private static func check(
        _ segment: Segment, size: Int, _ producers: inout ProducerSequences
    ) throws(StorageError) {
        if size == 0 { return }
        let mapping = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, segment.file.descriptor, 0)
        guard unsafe mapping != MAP_FAILED, let mapping = unsafe mapping else {
            throw .last("map", segment.file.path)
        }
        defer { unsafe munmap(mapping, size) }
        unsafe madvise(mapping, size, MADV_SEQUENTIAL)
        let bytes = unsafe UnsafeRawBufferPointer(start: mapping, count: size)
        let nowMs = Clock.wallMs()
        while segment.size + RecordBatchHeader.size <= size {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[segment.size...])
            guard let start = rest.baseAddress else { return }
            let header = unsafe RecordBatchHeader(start)
            // The checksum does not cover the offset, but a segment's lie within 32 bits.
            guard header.isPlausible, header.baseOffset >= segment.nextOffset,
                header.lastOffset - segment.baseOffset <= Int64(Int32.max),
                header.sizeBytes <= rest.count, unsafe RecordBatch.isIntact(rest, header)
            else { return }
            segment.note(header)
            guard header.hasProducer else { continue }
            if header.isControl {
                let identity = ProducerIdentity(
                    id: header.producerID, epoch: header.producerEpoch)
                guard let commit = unsafe ControlBatch.commits(rest, header) else { continue }
                producers.end(
                    identity, commit: commit, markerOffset: header.baseOffset, nowMs: nowMs)
            } else {
                producers.record(header, nowMs: nowMs)
            }
        }
    }
}
