internal import Kafka
internal import Processing
internal import Telemetry
internal import Topics

extension StageLoop {
    /// Records come in runs of one partition: what is the same for all of a run is done once.
    func take(_ batch: RecordBatch, nowMs: Int64, monotonicMs: Int64) throws {
        var first = 0
        while first < batch.count {
            let head = batch[first]
            var end = first + 1
            while end < batch.count, end - first < Limits.runMessages {
                let record = batch[end]
                guard record.partition == head.partition, record.topic == head.topic else { break }
                end += 1
            }
            // Not owned: claimed by another process, or given up for a stop.
            if let partition = owned[head.partition] {
                partition.lastRecordMs = monotonicMs
                take(batch, first..<end, of: partition, nowMs: nowMs)
            }
            // When a stop comes first, the rest of the batch finds no owner.
            if outbox.count >= Limits.outboxMessages { _ = try publish() }
            first = end
        }
    }

    private func take(
        _ batch: RecordBatch, _ range: Range<Int>, of partition: OwnedPartition<Run>, nowMs: Int64
    ) {
        let topic = parts.consumer.topicName(batch[range.lowerBound].topic)
        var position = partition.positions[topic, default: 0]
        let known = Run.inputs.first { $0.name == topic }
        var run = MessageRun(known ?? Run.inputs[0])
        // Where in the batch the run's messages are.
        var places: [Int] = []
        places.reserveCapacity(range.count)
        var writer = KnownWriter()
        for place in range {
            let record = batch[place]
            guard record.offset >= position else { continue }
            position = record.offset + 1
            var headers = RecordHeaders()
            let isStale = unsafe record.takeHeaders({ unsafe headers.note($0, $1) }) {
                run.append(headers.meaning)
                return !headers.isAdmitted(by: &partition.fences, known: &writer)
            }
            if isStale {
                parts.metrics.droppedStale(topic)
            } else if known != nil {
                guard !record.isTombstone else {
                    process(&run, &places, batch, of: partition, nowMs: nowMs)
                    takeTombstone(record, run.topic, partition, nowMs: nowMs)
                    continue
                }
                unsafe run.append(record.value ?? UnsafeRawBufferPointer(start: nil, count: 0))
                places.append(place)
            }
        }
        process(&run, &places, batch, of: partition, nowMs: nowMs)
        guard position > partition.positions[topic, default: 0] else { return }
        partition.positions[topic] = position
        partition.changed = true
    }

    private func process(
        _ run: inout MessageRun, _ places: inout [Int], _ batch: RecordBatch,
        of partition: OwnedPartition<Run>, nowMs: Int64
    ) {
        guard run.count > 0 else { return }
        var effects = Effects<Run.Row>()
        partition.stage.process(run, nowMs: nowMs, &effects) { index, rejection in
            reject(batch[places[index]], run.topic.name, rejection, partition)
        }
        absorb(effects, of: partition)
        run.removeAll()
        places.removeAll(keepingCapacity: true)
    }

    private func takeTombstone(
        _ record: RecordView, _ topic: Topic, _ partition: OwnedPartition<Run>, nowMs: Int64
    ) {
        let key = text(record.copyKey()) ?? ""
        guard let input = Run.decodeTombstone(key: key, of: topic) else { return }
        var effects = Effects<Run.Row>()
        do throws(Rejection) {
            try partition.stage.process(input, nowMs: nowMs, &effects)
        } catch {
            reject(record, topic.name, error, partition)
            return
        }
        absorb(effects, of: partition)
    }

    private func reject(
        _ record: RecordView, _ topic: String, _ rejection: Rejection,
        _ partition: OwnedPartition<Run>
    ) {
        let key = RejectionKey(topic: topic, reason: rejection.reason.rawValue)
        var count = partition.rejections[key] ?? RejectionCount()
        count.messages += 1
        count.lastDetail = rejection.detail
        count.lastOffset = record.offset
        count.changed = true
        partition.rejections[key] = count
        parts.metrics.rejected(topic, rejection.reason)
        let rejected = Rejected(
            topic: topic, partition: record.partition, offset: record.offset,
            rejection: rejection, rejectedBy: parts.name, value: record.copyValue() ?? [])
        outbox.append(outgoing(rejected, of: partition))
    }

    func broadcast(_ value: Broadcasts.Value) {
        for partition in owned.values.sorted(by: { $0.number < $1.number }) {
            feed(value, to: partition)
        }
    }

    func feed(_ value: Broadcasts.Value, to partition: OwnedPartition<Run>) {
        var effects = Effects<Run.Row>()
        do throws(Rejection) {
            let input = try Run.decode(value.bytes.span, of: value.topic, headers: .none)
            try partition.stage.process(input, nowMs: Clock.wallMs, &effects)
        } catch {
            parts.metrics.rejected(value.topic.name, error.reason)
            parts.log.warning(
                "broadcast rejected",
                [
                    .topic: .string(value.topic.name), .key: .string(value.key),
                    .reason: .string("\(error)"),
                ])
            return
        }
        absorb(effects, of: partition)
    }

    func absorb(_ effects: Effects<Run.Row>, of partition: OwnedPartition<Run>) {
        for message in effects.messages { outbox.append(outgoing(message, of: partition)) }
        partition.rows += effects.rows
        if !effects.isEmpty { partition.changed = true }
        if !effects.counts.isEmpty { parts.metrics.counted(effects.counts) }
    }

    func outgoing(
        _ message: any TopicMessage, of partition: OwnedPartition<Run>
    ) -> Outgoing {
        Outgoing(message: message, writer: writer(partition.number), epoch: partition.epoch)
    }

    func writer(_ number: Int32) -> String { "\(parts.name)/\(number)" }
}
