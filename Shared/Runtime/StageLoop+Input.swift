internal import Kafka
internal import Processing
internal import Telemetry
internal import Topics

extension StageLoop {
    func take(_ record: RecordView, nowMs: Int64, monotonicMs: Int64) {
        // Not owned: claimed by another process, or given up for a stop.
        guard let partition = owned[record.partition] else { return }
        let topic = parts.consumer.topicName(record.topic)
        guard record.offset >= partition.positions[topic, default: 0] else { return }
        partition.positions[topic] = record.offset + 1
        partition.changed = true
        partition.lastRecordMs = monotonicMs
        guard let known = Run.inputs.first(where: { $0.name == topic }) else { return }
        if let writer = text(record.header(HeaderName.writer)),
            let epoch = text(record.header(HeaderName.epoch)).flatMap({ Int64($0) }),
            !partition.fences.admits(writer: writer, epoch: epoch)
        {
            parts.metrics.droppedStale(topic)
            return
        }
        var effects = Effects<Run.Row>()
        do throws(Rejection) {
            guard let input = try decode(record, known) else { return }
            try partition.stage.process(input, nowMs: nowMs, &effects)
        } catch {
            reject(record, topic, error, partition)
            return
        }
        absorb(effects, of: partition)
    }

    private func decode(_ record: RecordView, _ topic: Topic) throws(Rejection) -> Run.Input? {
        guard !record.isTombstone else {
            return Run.decodeTombstone(key: text(record.copyKey()) ?? "", of: topic)
        }
        var headers = Headers.none
        if let contentType = text(record.header(HeaderName.contentType)) {
            headers = Headers(
                contentType: contentType, customer: text(record.header(HeaderName.customer)),
                service: text(record.header(HeaderName.service)),
                function: text(record.header(HeaderName.function)))
        }
        return try record.withValue { (value) throws(Rejection) in
            try Run.decode(value, of: topic, headers: headers)
        }
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
        parts.metrics.counted(effects.counts)
    }

    func outgoing(
        _ message: any TopicMessage, of partition: OwnedPartition<Run>
    ) -> Outgoing {
        Outgoing(message: message, writer: writer(partition.number), epoch: partition.epoch)
    }

    func writer(_ number: Int32) -> String { "\(parts.name)/\(number)" }
}
