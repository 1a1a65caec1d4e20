/// Finding records by their time, and the start that a client may move.
extension PartitionLog {
    /// The first record as late as `timestampMs`, by its own time; nil when there is none.
    func firstRecord(
        asLateAs timestampMs: Int64
    ) throws(StorageError) -> (offset: Int64, timestampMs: Int64)? {
        var start: Int64 = 0
        while true {
            let batch = try monitor.locked { () throws(StorageError) -> [UInt8]? in
                start = max(start, startOffset)
                for segment in segments {
                    let found = try segment.batch(asLateAs: timestampMs, reaching: start)
                    if let found { return found }
                }
                return nil
            }
            guard let batch else { return nil }
            let header = unsafe batch.withUnsafeBytes { bytes in
                unsafe RecordBatchHeader(bytes.baseAddress.unsafelyUnwrapped)
            }
            let found = Self.record(in: batch, header, asLateAs: timestampMs, from: start)
            if let found { return found }
            start = header.lastOffset + 1
        }
    }

    private static func record(
        in batch: [UInt8], _ header: RecordBatchHeader, asLateAs timestampMs: Int64,
        from start: Int64
    ) -> (offset: Int64, timestampMs: Int64)? {
        let opened = unsafe batch.withUnsafeBytes { try? unsafe Records.decode($0, header) }
        // Not to be opened: the batch is as near as can be told.
        guard let records = opened else {
            return (max(header.baseOffset, start), header.maxTimestampMs)
        }
        for record in records {
            let offset = header.baseOffset + Int64(record.offsetDelta)
            // A producer writes what it likes here.
            let (ownMs, isNone) = header.baseTimestampMs.addingReportingOverflow(
                record.timestampDeltaMs)
            let timeMs = header.hasAppendTime ? header.maxTimestampMs : ownMs
            guard header.hasAppendTime || !isNone, offset >= start, timeMs >= timestampMs
            else { continue }
            return (offset, timeMs)
        }
        return nil
    }

    /// The time of the latest record; -1 when there is none.
    var maxTimestampMs: Int64 {
        monitor.locked { segments.lazy.map(\.maxTimestampMs).max() ?? -1 }
    }

    /// Lets no record before `offset` be read any more.
    func deleteRecords(before offset: Int64) {
        monitor.locked { deletedBefore = max(deletedBefore, min(offset, endOffset)) }
    }
}
