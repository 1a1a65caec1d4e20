/// Keeping only the latest record of each key in the closed part of a log.
///
/// Offsets stay, with gaps between them. New segments are written beside the old ones and put in
/// their place by a rename, oldest first, so a broker killed anywhere finds either, or records
/// twice that the next compaction removes again.
extension PartitionLog {
    /// Compacts when enough is new since the last time.
    func compact(nowMs: Int64) {
        do throws(StorageError) {
            let plan = monitor.locked { compactionPlan(nowMs: nowMs) }
            guard let plan else { return }
            let before = plan.segments.reduce(0) { $0 + $1.size }
            var filter = CompactionFilter(
                aborted: plan.aborted, nowMs: nowMs,
                deleteRetentionMs: configuration.deleteRetentionMs)
            let covered = try filter.learn(plan.segments)
            var after = 0
            for group in groups(of: covered) {
                guard let size = try replace(group, filter) else { return }
                after += size
            }
            tell(
                .compacted(
                    topic: topic, partition: partition, bytesBefore: before, bytesAfter: after))
        } catch {
            if monitor.locked({ isDeleted }) { return }
            tell(
                .compactionFailed(
                    topic: topic, partition: partition, reason: error.description))
        }
    }

    /// What may be compacted, under the lock; nil when it is not worth it.
    ///
    /// It starts at the log's start and ends before anything that is not on disk to stay, too
    /// young, or held back by a transaction.
    private func compactionPlan(
        nowMs: Int64
    ) -> (segments: [Segment], aborted: [AbortedTransaction])? {
        let stable = stableOffset
        let closed = segments.dropLast().prefix { segment in
            let latestMs =
                segment.maxTimestampMs >= 0 ? segment.maxTimestampMs : segment.lastAppendMs
            return segment.isSealed && segment.nextOffset <= stable
                && (configuration.compactionLagMs == 0
                    || nowMs - latestMs > configuration.compactionLagMs)
        }
        let bytes = closed.reduce(0) { $0 + $1.size }
        let dirty = closed.reduce(0) { $0 + ($1.isClean ? 0 : $1.size) }
        guard dirty > 0, Double(dirty) >= configuration.dirtyRatio * Double(bytes) else {
            return nil
        }
        return (Array(closed), producers.aborted)
    }

    /// Neighbours that fit into one segment, as they are now, become one.
    private func groups(of segments: [Segment]) -> [[Segment]] {
        var groups: [[Segment]] = []
        var bytes = 0
        for segment in segments {
            bytes += segment.size
            if let first = groups.last?.first, bytes <= Int(configuration.segmentBytes),
                segment.nextOffset - first.baseOffset <= Int64(Int32.max)
            {
                groups[groups.count - 1].append(segment)
            } else {
                groups.append([segment])
                bytes = segment.size
            }
        }
        return groups
    }

    /// Puts one compacted segment in the place of a group.
    ///
    /// - Returns: its size; nil when the log was deleted meanwhile.
    private func replace(
        _ group: [Segment], _ filter: CompactionFilter
    ) throws(StorageError) -> Int? {
        guard let first = group.first, let last = group.last else { return 0 }
        let base = first.baseOffset
        let indexPath = Segment.path(in: folder, base, SegmentSummary.kind)
        let lastIndexPath = Segment.path(in: folder, last.baseOffset, SegmentSummary.kind)
        let draftPath = Segment.path(in: folder, base, Compacted.kind)
        let draftIndexPath = Segment.path(in: folder, base, Compacted.summaryKind)
        do throws(StorageError) {
            let compacted = try draft(group, filter, at: draftPath)
            // The producers as of the group's end; without them the next start reads the segment.
            let summary = SegmentSummary(path: lastIndexPath).map {
                SegmentSummary(compacted, producers: $0.producers, isClean: true)
            }
            try summary?.write(to: draftIndexPath)
            let isPlaced = try monitor.locked { () throws(StorageError) -> Bool in
                guard !isDeleted, let start = segments.firstIndex(where: { $0 === first }) else {
                    return false
                }
                // A start after a kill in between finds the old log and no summary, or the new
                // log and a summary yet to be renamed.
                try Folder.remove(indexPath)
                try Folder.rename(draftPath, to: Segment.path(in: folder, base))
                segments.replaceSubrange(start..<start + group.count, with: [compacted])
                if summary != nil {
                    try Folder.rename(draftIndexPath, to: indexPath)
                    compacted.seal(in: folder)
                    compacted.isClean = true
                }
                try remove(Array(group.dropFirst()))
                return true
            }
            guard isPlaced else { return nil }
            try Folder.flush(folder)
            return compacted.size
        } catch {
            // On a full disk half a draft takes room that others need.
            try? Folder.remove(draftIndexPath)
            try? Folder.remove(draftPath)
            throw error
        }
    }

    /// What is kept of a group, in a file of its own, on the disk to stay.
    private func draft(
        _ group: [Segment], _ filter: CompactionFilter, at path: String
    ) throws(StorageError) -> Segment {
        let lastAppendMs = group.last?.lastAppendMs ?? 0
        let file = try File(path, create: true)
        try file.cut(to: 0)
        let compacted = Segment(
            file, baseOffset: group.first?.baseOffset ?? 0, nowMs: lastAppendMs)
        for segment in group { try filter.copy(segment, to: compacted) }
        try file.flush()
        try file.setModified(ms: lastAppendMs)
        return compacted
    }
}

/// The files that a compaction works on, before they are put in their place.
enum Compacted {
    static let kind = "cleaned"
    static let summaryKind = "cleaned.index"
}

/// Which records a compaction keeps.
struct CompactionFilter {
    private let aborted: [Int64: [AbortedTransaction]]
    private let nowMs: Int64
    private let deleteRetentionMs: Int64
    /// The offset of the latest record of each key in the new segments.
    private var latest: [[UInt8]: Int64] = [:]

    /// - Parameter deleteRetentionMs: how long tombstones stay after their first compaction, so
    ///   that who began to read before it is told of what they delete.
    init(aborted: [AbortedTransaction], nowMs: Int64, deleteRetentionMs: Int64) {
        self.aborted = Dictionary(grouping: aborted, by: \.producerID)
        self.nowMs = nowMs
        self.deleteRetentionMs = deleteRetentionMs
    }

    /// Learns the keys of the segments that were not compacted before.
    ///
    /// - Returns: those of `segments` that can be compacted now: all, unless their keys take more
    ///   than `Limits.compactionKeyBytes`; the others follow the next time.
    mutating func learn(_ segments: [Segment]) throws(StorageError) -> [Segment] {
        var keyBytes = 0
        for (index, segment) in segments.enumerated() where !segment.isClean {
            var scanner = HeaderScanner(segment.file, from: 0, to: segment.size)
            while let (header, position) = try scanner.next() {
                if header.isControl || isAborted(header) { continue }
                let batch = try segment.file.read(count: header.sizeBytes, at: position)
                let records =
                    unsafe batch.withUnsafeBytes { try? unsafe Records.decode($0, header) } ?? []
                for record in records {
                    guard let key = record.key else { continue }
                    let offset = header.baseOffset + Int64(record.offsetDelta)
                    if latest.updateValue(offset, forKey: key) == nil { keyBytes += key.count + 64 }
                }
            }
            if keyBytes > Limits.compactionKeyBytes { return Array(segments[...index]) }
        }
        return segments
    }

    /// Writes what is kept of a segment behind what `target` has.
    func copy(_ segment: Segment, to target: Segment) throws(StorageError) {
        var scanner = HeaderScanner(segment.file, from: 0, to: segment.size)
        while let (header, position) = try scanner.next() {
            let batch = try segment.file.read(count: header.sizeBytes, at: position)
            guard let kept = keep(batch, header) else { continue }
            let result = unsafe kept.withUnsafeBytes { bytes in
                Result { () throws(StorageError) in
                    guard let start = bytes.baseAddress else { return }
                    try unsafe target.append(
                        bytes, RecordBatchHeader(start), nowMs: segment.lastAppendMs)
                }
            }
            try result.get()
        }
    }

    /// What is left of a batch; nil for nothing.
    private func keep(_ batch: [UInt8], _ header: RecordBatchHeader) -> [UInt8]? {
        if header.isControl {
            // A commit is not needed when its records say no more that they are of a transaction.
            // An abort is: readers may have been told of it and wait for its end.
            let commits = unsafe batch.withUnsafeBytes { unsafe ControlBatch.commits($0, header) }
            return commits == true ? nil : batch
        }
        if isAborted(header) { return nil }
        guard let records = unsafe batch.withUnsafeBytes({ try? unsafe Records.decode($0, header) })
        else {
            return batch
        }
        let dropsTombstones = header.hasDeleteHorizon && header.baseTimestampMs <= nowMs
        var kept = records.filter { record in
            if dropsTombstones && record.value == nil { return false }
            guard let key = record.key, let latest = latest[key] else { return true }
            return latest <= header.baseOffset + Int64(record.offsetDelta)
        }
        if kept.isEmpty { return nil }
        let getsHorizon = !header.hasDeleteHorizon && kept.contains { $0.value == nil }
        if kept.count == records.count && !header.isTransactional && !getsHorizon { return batch }
        var plain = header
        plain.attributes &= ~0x10
        if getsHorizon {
            let (sum, overflows) = nowMs.addingReportingOverflow(deleteRetentionMs)
            plain.attributes |= 0x40
            plain.baseTimestampMs = overflows ? .max : sum
            let shift = header.baseTimestampMs &- plain.baseTimestampMs
            for index in kept.indices { kept[index].timestampDeltaMs &+= shift }
        }
        return (try? Records.encode(kept, like: plain)) ?? batch
    }

    private func isAborted(_ header: RecordBatchHeader) -> Bool {
        guard header.isTransactional, let mine = aborted[header.producerID] else { return false }
        return mine.contains {
            $0.firstOffset <= header.baseOffset && header.baseOffset < $0.lastOffset
        }
    }
}
