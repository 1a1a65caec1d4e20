internal import Synchronization

/// What a fetch gets from one partition.
struct PartitionRead {
    var error = ErrorCode.none
    /// One past the last record.
    var endOffset: Int64 = -1
    /// One past the last record that no open transaction holds back.
    var stableOffset: Int64 = -1
    var startOffset: Int64 = -1
    var aborted: [AbortedTransaction] = []
    var span: FileSpan?
}

/// What became of a produced batch.
struct AppendOutcome {
    let error: ErrorCode
    var baseOffset: Int64 = -1
    var startOffset: Int64 = -1
    /// By the broker's clock, in a topic whose records get that.
    var appendTimeMs: Int64 = -1
}

/// The log of one partition: segments in a folder, the last of them written to.
final class PartitionLog: @unchecked Sendable, Flushable {
    // Sendable is true: what varies is read and written under `monitor`, except while loading.
    let topic: String
    let partition: Int
    let folder: String
    private let settings: Mutex<TopicConfiguration>
    let flusher: Flusher
    let tell: @Sendable (BrokerEvent) -> Void
    let monitor = Monitor()

    // All that follows is guarded by `monitor`.
    var segments: [Segment]
    var producers: ProducerSequences
    /// Summaries of segments that were closed but not sealed, as of when they were closed.
    var summaries: [Int64: SegmentSummary]
    private var waiters: [ObjectIdentifier: FetchWaiter] = [:]
    var isDirty = false
    /// Records before it were deleted by a client, though their segment may still be there.
    var deletedBefore: Int64 = 0
    var isDeleted = false
    /// Why nothing can be written until a restart.
    var failure: StorageError?
    /// Since the disk last took one.
    private var batchesRefused = 0
    /// Whether files were made or renamed that the folder on the disk may not know of yet.
    var hasNewNames = true
    /// Since a summary was last written.
    var cannotSeal = false

    init(
        topic: String, partition: Int, folder: String, configuration: TopicConfiguration,
        flusher: Flusher, tell: @escaping @Sendable (BrokerEvent) -> Void
    ) throws(StorageError) {
        self.topic = topic
        self.partition = partition
        self.folder = folder
        settings = Mutex(configuration)
        self.flusher = flusher
        self.tell = tell
        let recovered = try LogRecovery(
            topic: topic, partition: partition, folder: folder, tell: tell)
        segments = recovered.segments
        producers = recovered.producers
        summaries = recovered.summaries
        summaries[active.baseOffset] = nil
        noteWritten()
    }

    /// As its topic is configured; that may change.
    var configuration: TopicConfiguration {
        get { settings.withLock { $0 } }
        set { settings.withLock { $0 = newValue } }
    }

    var active: Segment {
        guard let last = segments.last else { preconditionFailure("a log without a segment") }
        return last
    }
    var startOffset: Int64 { max(segments.first?.baseOffset ?? 0, deletedBefore) }
    var endOffset: Int64 { active.nextOffset }
    var stableOffset: Int64 { producers.firstOpenOffset ?? endOffset }

    /// Stores a checked batch and gives it its offsets, in place.
    func append(
        _ bytes: UnsafeMutableRawBufferPointer, _ header: RecordBatchHeader
    ) -> AppendOutcome {
        monitor.locked {
            switch producers.check(header) {
            case .refuse(let error): return AppendOutcome(error: error)
            case .duplicate(let baseOffset):
                return AppendOutcome(
                    error: .none, baseOffset: baseOffset, startOffset: startOffset)
            case .append: break
            }
            let nowMs = Clock.wallMs()
            let (placed, error) = unsafe place(bytes, header, nowMs: nowMs)
            guard let placed else {
                producers.refused(header, nowMs: nowMs)
                return AppendOutcome(error: error)
            }
            producers.record(placed, nowMs: nowMs)
            return AppendOutcome(
                error: .none, baseOffset: placed.baseOffset, startOffset: startOffset,
                appendTimeMs: placed.hasAppendTime ? placed.maxTimestampMs : -1)
        }
    }

    /// Ends a producer's transaction here, if it has one open.
    func endTransaction(_ identity: ProducerIdentity, commit: Bool) -> ErrorCode {
        monitor.locked {
            guard producers.producers[identity.id]?.openOffset != nil else { return .none }
            let nowMs = Clock.wallMs()
            var marker = ControlBatch.marker(identity, commit: commit, nowMs: nowMs)
            return unsafe marker.withUnsafeMutableBytes { bytes in
                let header = unsafe RecordBatchHeader(UnsafeRawBufferPointer(bytes).baseAddress!)
                let (placed, error) = unsafe place(bytes, header, nowMs: nowMs)
                guard let placed else { return error }
                producers.end(
                    identity, commit: commit, markerOffset: placed.baseOffset, nowMs: nowMs)
                return .none
            }
        }
    }

    /// Writes a batch at the end; nil and why not when it could not be.
    private func place(
        _ bytes: UnsafeMutableRawBufferPointer, _ header: RecordBatchHeader, nowMs: Int64
    ) -> (RecordBatchHeader?, ErrorCode) {
        if isDeleted { return (nil, .unknownTopicOrPartition) }
        if failure != nil { return (nil, .storageError) }
        do throws(StorageError) {
            if mustRoll(before: header, nowMs: nowMs) { try roll(nowMs: nowMs) }
            var placed = header
            placed.baseOffset = endOffset
            // Neither field is covered by the checksum.
            unsafe bytes.storeBytes(of: placed.baseOffset.bigEndian, as: Int64.self)
            unsafe bytes.storeBytes(of: 0, toByteOffset: 12, as: Int32.self)
            if flusher.flushesAtOnce && hasNewNames {
                try Folder.flush(folder)
                hasNewNames = false
            }
            if configuration.stampsAppendTime && !header.isControl {
                unsafe RecordBatch.stamp(bytes, &placed, appendTimeMs: nowMs)
            }
            try unsafe active.append(
                UnsafeRawBufferPointer(bytes), placed, nowMs: nowMs,
                flushes: flusher.flushesAtOnce)
            noteWritten()
            wakeWaiters()
            if batchesRefused > 0 {
                tell(
                    .partitionRecovered(
                        topic: topic, partition: partition, batchesRefused: batchesRefused))
                batchesRefused = 0
            }
            return (placed, .none)
        } catch {
            if error.operation == "flush" { close(for: error) }
            // Producers try again and again: only the first is told.
            if batchesRefused == 0 {
                tell(.partitionRefuses(topic: topic, partition: partition, error))
            }
            batchesRefused += 1
            return (nil, .storageError)
        }
    }

    private func mustRoll(before header: RecordBatchHeader, nowMs: Int64) -> Bool {
        let active = self.active
        guard active.size > 0 else { return false }
        return active.size + header.sizeBytes > Int(configuration.segmentBytes)
            || nowMs - active.firstAppendMs >= configuration.segmentMs
            || active.nextOffset + Int64(header.lastOffsetDelta) - active.baseOffset
                > Int64(Int32.max)
    }

    /// Closes the active segment and opens the next. Under the lock.
    func roll(nowMs: Int64) throws(StorageError) {
        let closed = active
        let file = try File(Segment.path(in: folder, closed.nextOffset), create: true)
        producers.forgetIdle(nowMs: nowMs)
        summaries[closed.baseOffset] = SegmentSummary(
            closed, producers: producers.encoded(), isClean: false)
        segments.append(Segment(file, baseOffset: closed.nextOffset, nowMs: nowMs))
        hasNewNames = true
        noteWritten()
    }

    private func noteWritten() {
        if isDirty { return }
        isDirty = true
        flusher.note(self)
    }

    func close(for error: StorageError) {
        failure = error
        tell(.partitionClosed(topic: topic, partition: partition, error))
    }
}

// MARK: - Reading

extension PartitionLog {
    /// What lies from `offset` on, in one segment and at most `bytesMax`.
    ///
    /// - Parameter atLeastOne: whether a first batch that is larger is given all the same.
    func read(
        from offset: Int64, bytesMax: Int, atLeastOne: Bool, committedOnly: Bool
    ) -> PartitionRead {
        monitor.locked {
            if isDeleted { return PartitionRead(error: .unknownTopicOrPartition) }
            var read = PartitionRead(
                endOffset: endOffset, stableOffset: stableOffset, startOffset: startOffset)
            guard offset >= startOffset && offset <= endOffset else {
                read.error = .offsetOutOfRange
                return read
            }
            let limit = committedOnly ? read.stableOffset : read.endOffset
            if offset >= limit { return read }
            do throws(StorageError) {
                guard let (segment, position) = try locate(offset) else { return read }
                let last =
                    limit >= segment.nextOffset
                    ? segment.size : try segment.position(reaching: limit) ?? segment.size
                let end = try segment.end(
                    from: position, bytesMax: bytesMax, to: last, atLeastOne: atLeastOne)
                guard end > position else { return read }
                read.span = FileSpan(file: segment.file, position: position, count: end - position)
                if committedOnly {
                    read.aborted = producers.aborted(in: offset..<segment.nextOffset)
                }
            } catch {
                tell(.storageFailed(error))
                read.error = .storageError
            }
            return read
        }
    }

    /// The first and the end offset.
    func offsets(committedOnly: Bool) -> (start: Int64, end: Int64) {
        monitor.locked { (startOffset, committedOnly ? stableOffset : endOffset) }
    }

    func add(_ waiter: FetchWaiter) {
        monitor.locked { waiters[ObjectIdentifier(waiter)] = waiter }
    }

    func remove(_ waiter: FetchWaiter) {
        monitor.locked { waiters[ObjectIdentifier(waiter)] = nil }
    }

    func wakeWaiters() {
        for waiter in waiters.values { waiter.signal() }
    }

    private func locate(_ offset: Int64) throws(StorageError) -> (Segment, position: Int)? {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].baseOffset <= offset { low = middle + 1 } else { high = middle }
        }
        // Compaction leaves gaps, so the offset may be reached only by a later segment.
        for segment in segments[max(0, low - 1)...] {
            if let position = try segment.position(reaching: offset) { return (segment, position) }
        }
        return nil
    }
}
