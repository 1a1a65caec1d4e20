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
                // On a full disk room counts more.
                try? keepProducers(of: gone)
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
            try Folder.remove(Segment.path(in: folder, base, ProducersBefore.kind))
        }
    }

    /// Keeps what is known of the producers of segments that go, unless a summary has it.
    private func keepProducers(of gone: [Segment]) throws(StorageError) {
        guard let last = gone.last, let next = segments.dropFirst(gone.count).first,
            !next.isSealed
        else { return }
        let path = Segment.path(in: folder, last.baseOffset, SegmentSummary.kind)
        guard let summary = summaries[last.baseOffset] ?? SegmentSummary(path: path) else { return }
        try ProducersBefore.write(summary.producers, in: folder, next.baseOffset)
    }

    private func isExpired(_ segment: Segment, nowMs: Int64) -> Bool {
        guard configuration.retentionMs >= 0 else { return false }
        let latestMs = segment.maxTimestampMs >= 0 ? segment.maxTimestampMs : segment.lastAppendMs
        return nowMs - latestMs > configuration.retentionMs
    }
}

/// What was known of the producers where a log begins, in `<base offset>.producers`: kept when the
/// segments before were deleted and the first that stays has no summary yet.
enum ProducersBefore {
    static let kind = "producers"

    static func write(
        _ encoded: [UInt8], in folder: String, _ baseOffset: Int64
    ) throws(StorageError) {
        var writer = WireWriter()
        writer.raw(encoded)
        writer.int32(Int32(bitPattern: CRC32C.checksum(encoded)))
        try Folder.replace(Segment.path(in: folder, baseOffset, kind), with: writer.bytes)
    }

    /// None when there is no such file, or none that is whole.
    static func read(in folder: String, _ baseOffset: Int64) -> ProducerSequences {
        let path = Segment.path(in: folder, baseOffset, kind)
        guard Folder.exists(path), let file = try? File(path, create: false),
            let size = try? file.size(), let bytes = try? file.read(count: size, at: 0),
            bytes.count > 4,
            CRC32C.checksum(bytes.dropLast(4))
                == bytes.suffix(4).reduce(0, { $0 << 8 | UInt32($1) }),
            let producers = ProducerSequences(encoded: Array(bytes.dropLast(4)))
        else { return ProducerSequences() }
        return producers
    }
}
