/// Deleting whole segments from the start of a log.
extension PartitionLog {
    /// Deletes segments whose records are all too old, and the oldest of too many bytes.
    func deleteExpired(nowMs: Int64) {
        let outcome = monitor.locked { () -> Result<[Segment], StorageError> in
            Result { () throws(StorageError) in
                // A log that nobody writes to has only an active segment: close it to delete it.
                if isExpired(active, nowMs: nowMs) && active.size > 0 { try roll(nowMs: nowMs) }
                var gone: [Segment] = []
                var bytes = segments.reduce(0) { $0 + $1.size }
                let stable = stableOffset
                for segment in segments.dropLast() {
                    let isTooMuch =
                        configuration.retentionBytes >= 0
                        && bytes - segment.size >= Int(configuration.retentionBytes)
                    guard
                        isTooMuch || isExpired(segment, nowMs: nowMs)
                            || segment.nextOffset <= startOffset,
                        segment.nextOffset <= stable
                    else { break }
                    gone.append(segment)
                    bytes -= segment.size
                }
                segments.removeFirst(gone.count)
                for segment in gone { summaries[segment.baseOffset] = nil }
                let start = startOffset
                producers.forgetAborted { $0.lastOffset < start }
                try remove(gone)
                return gone
            }
        }
        switch outcome {
        case .success(let gone) where !gone.isEmpty:
            tell(
                .segmentsDeleted(
                    topic: topic, partition: partition, count: gone.count,
                    startOffset: offsets(committedOnly: false).start))
        case .success: break
        case .failure(let error): tell(.storageFailed(error))
        }
    }

    /// Removes the files of segments, the oldest first.
    func remove(_ gone: [Segment]) throws(StorageError) {
        for segment in gone {
            let base = segment.baseOffset
            try Folder.remove(Segment.path(in: folder, base, SegmentSummary.kind))
            try Folder.remove(Segment.path(in: folder, base))
        }
    }

    private func isExpired(_ segment: Segment, nowMs: Int64) -> Bool {
        guard configuration.retentionMs >= 0 else { return false }
        let latestMs = segment.maxTimestampMs >= 0 ? segment.maxTimestampMs : segment.lastAppendMs
        return nowMs - latestMs > configuration.retentionMs
    }
}
