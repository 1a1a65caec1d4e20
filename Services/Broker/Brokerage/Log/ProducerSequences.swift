/// A transaction whose records readers of committed data skip.
struct AbortedTransaction: Equatable {
    let producerID: Int64
    let firstOffset: Int64
    /// Of its marker.
    let lastOffset: Int64
}

/// What a partition knows of its idempotent and transactional producers.
///
/// - SeeAlso: KIP-98, "Idempotent Producer Guarantees"
///   <https://cwiki.apache.org/confluence/x/dRThAw>
struct ProducerSequences: Equatable {
    struct Batch: Equatable {
        let first: Int32
        let last: Int32
        let baseOffset: Int64
    }

    struct Producer: Equatable {
        var epoch: Int16
        /// The latest, `Limits.batchesRemembered` at most.
        var batches: [Batch] = []
        var usedMs: Int64
        /// Where its open transaction begins.
        var openOffset: Int64?
        /// Of its first batch, which the disk did not take: none after it may come before it.
        var awaited: Int32?
    }

    enum Verdict: Equatable {
        case append
        /// Stored already, there.
        case duplicate(baseOffset: Int64)
        case refuse(ErrorCode)
    }

    private(set) var producers: [Int64: Producer] = [:]
    private(set) var aborted: [AbortedTransaction] = []

    /// The first offset of any open transaction.
    var firstOpenOffset: Int64? {
        producers.values.lazy.compactMap(\.openOffset).min()
    }

    /// Producers with an open transaction, in order of their id.
    var open: [ProducerIdentity] {
        producers.filter { $0.value.openOffset != nil }
            .map { ProducerIdentity(id: $0.key, epoch: $0.value.epoch) }
            .sorted { $0.id < $1.id }
    }

    func check(_ header: RecordBatchHeader) -> Verdict {
        guard header.hasProducer, let known = producers[header.producerID] else { return .append }
        if header.producerEpoch < known.epoch { return .refuse(.invalidProducerEpoch) }
        if header.producerEpoch > known.epoch {
            return header.baseSequence == 0 ? .append : .refuse(.outOfOrderSequenceNumber)
        }
        let (first, last) = (header.baseSequence, header.lastSequence)
        if let stored = known.batches.first(where: { $0.first == first && $0.last == last }) {
            return .duplicate(baseOffset: stored.baseOffset)
        }
        guard let latest = known.batches.last else {
            return known.awaited ?? first == first ? .append : .refuse(.outOfOrderSequenceNumber)
        }
        if first == (latest.last &+ 1) & Int32.max { return .append }
        // One stored so long ago that it is not remembered, too.
        return .refuse(.outOfOrderSequenceNumber)
    }

    /// Takes note of a batch that was in order and could not be stored.
    ///
    /// Of a producer that is not known yet any number is taken, so were a later batch stored
    /// first, the repeat of this one would pass for a duplicate.
    mutating func refused(_ header: RecordBatchHeader, nowMs: Int64) {
        guard header.hasProducer else { return }
        var producer =
            producers[header.producerID] ?? Producer(epoch: header.producerEpoch, usedMs: nowMs)
        guard producer.batches.isEmpty, producer.epoch == header.producerEpoch else { return }
        producer.awaited = header.baseSequence
        keep(producer, header.producerID)
    }

    /// Takes note of a stored batch; `header` has the offset that it was given.
    mutating func record(_ header: RecordBatchHeader, nowMs: Int64) {
        guard header.hasProducer else { return }
        var producer =
            producers[header.producerID] ?? Producer(epoch: header.producerEpoch, usedMs: nowMs)
        if header.producerEpoch > producer.epoch {
            producer.epoch = header.producerEpoch
            producer.batches = []
        }
        producer.usedMs = nowMs
        producer.batches.append(
            Batch(
                first: header.baseSequence, last: header.lastSequence,
                baseOffset: header.baseOffset))
        if producer.batches.count > Limits.batchesRemembered { producer.batches.removeFirst() }
        producer.awaited = nil
        if header.isTransactional && producer.openOffset == nil {
            producer.openOffset = header.baseOffset
        }
        keep(producer, header.producerID)
    }

    /// Takes note of a stored marker.
    mutating func end(
        _ identity: ProducerIdentity, commit: Bool, markerOffset: Int64, nowMs: Int64
    ) {
        var producer =
            producers[identity.id] ?? Producer(epoch: identity.epoch, usedMs: nowMs)
        if let first = producer.openOffset, !commit {
            aborted.append(
                AbortedTransaction(
                    producerID: identity.id, firstOffset: first, lastOffset: markerOffset))
        }
        producer.openOffset = nil
        producer.awaited = nil
        if identity.epoch > producer.epoch { producer.batches = [] }
        producer.epoch = max(producer.epoch, identity.epoch)
        producer.usedMs = nowMs
        producers[identity.id] = producer
    }

    /// The aborted transactions with records in `range`.
    func aborted(in range: Range<Int64>) -> [AbortedTransaction] {
        aborted.filter { $0.lastOffset >= range.lowerBound && $0.firstOffset < range.upperBound }
    }

    mutating func forgetAborted(where gone: (AbortedTransaction) -> Bool) {
        aborted.removeAll(where: gone)
    }

    /// Forgets producers that were not heard of for `Limits.producerIdleMs`.
    mutating func forgetIdle(nowMs: Int64) {
        producers = producers.filter {
            $0.value.openOffset != nil || nowMs - $0.value.usedMs < Limits.producerIdleMs
        }
    }

    private mutating func keep(_ producer: Producer, _ id: Int64) {
        producers[id] = producer
        if producers.count > Limits.producersPerPartition { forgetOldest() }
    }

    private mutating func forgetOldest() {
        let idle = producers.filter { $0.value.openOffset == nil }
        if let oldest = idle.min(by: { ($0.value.usedMs, $0.key) < ($1.value.usedMs, $1.key) }) {
            producers[oldest.key] = nil
        }
    }
}

// MARK: - As bytes

extension ProducerSequences {
    func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.array(producers.sorted { $0.key < $1.key }) { entry, writer in
            writer.int64(entry.key)
            writer.int16(entry.value.epoch)
            writer.int64(entry.value.usedMs)
            writer.int64(entry.value.openOffset ?? -1)
            writer.array(entry.value.batches) { batch, writer in
                writer.int32(batch.first)
                writer.int32(batch.last)
                writer.int64(batch.baseOffset)
            }
        }
        writer.array(aborted) { aborted, writer in
            writer.int64(aborted.producerID)
            writer.int64(aborted.firstOffset)
            writer.int64(aborted.lastOffset)
        }
        return writer.bytes
    }

    init?(encoded bytes: [UInt8]) {
        guard
            let value = WireReader.decode(
                bytes,
                { reader throws(WireError) in
                    try Self(from: &reader)
                })
        else { return nil }
        self = value
    }

    private init(from reader: inout WireReader) throws(WireError) {
        let entries = try reader.array { reader throws(WireError) in
            let id = try reader.int64()
            var producer = Producer(epoch: try reader.int16(), usedMs: try reader.int64())
            let open = try reader.int64()
            producer.openOffset = open < 0 ? nil : open
            producer.batches = try reader.array { reader throws(WireError) in
                Batch(
                    first: try reader.int32(), last: try reader.int32(),
                    baseOffset: try reader.int64())
            }
            return (id, producer)
        }
        producers = Dictionary(entries) { $1 }
        aborted = try reader.array { reader throws(WireError) in
            AbortedTransaction(
                producerID: try reader.int64(), firstOffset: try reader.int64(),
                lastOffset: try reader.int64())
        }
    }
}
