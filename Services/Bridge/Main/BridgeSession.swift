internal import Kafka
internal import Runtime
internal import Settings
internal import Telemetry
internal import Topics
internal import Translation

/// A consumer and a producer, for as long as both are of use: consume, translate, produce, commit.
///
/// One thread does all of it. Whatever goes wrong, nothing of an unfinished transaction is seen, and
/// its records are read again from the positions of the last one.
final class BridgeSession {
    private let program: Program
    private let kafka: Dependency
    private let metrics: BridgeMetrics
    private let topic: String
    private let keyed: Int32
    private let intervalMs: Int64
    private let messagesMax: Int
    private let consumer: BatchConsumer
    private let producer: TransactionalProducer
    private let readsFunctionHeaders: Bool
    private var work: Work
    private var isOpen = false
    private var openedMs: Int64 = 0
    private var lastLagMs: Int64 = 0
    /// What a rebalance could not end in order.
    private var failure: KafkaError?

    init(
        _ program: Program, keyed: Int32, name: String, kafka: Dependency, metrics: BridgeMetrics
    ) throws {
        let settings = program.settings
        self.program = program
        self.kafka = kafka
        self.metrics = metrics
        self.keyed = keyed
        topic = settings[BridgeSettings.topic]
        intervalMs = Int64(settings[BridgeSettings.transactionIntervalMs])
        messagesMax = settings[BridgeSettings.transactionRecordsMax]
        let form = settings[BridgeSettings.form].platform
        readsFunctionHeaders = form == .lambda
        let memoryMb = settings[BridgeSettings.memoryMb]
        work = Work(
            translator: Translator(
                form, options: .init(memoryMbOtherwise: memoryMb > 0 ? Double(memoryMb) : nil)))
        var writing = TransactionalProducer.Options(settings.cluster, name: name)
        writing.timeoutMs = Limits.transactionMs
        producer = try TransactionalProducer(writing)
        var reading = BatchConsumer.Options(
            settings.cluster, group: settings[BridgeSettings.group])
        reading.settings["session.timeout.ms"] = "\(Limits.sessionMs)"
        let instance = settings[BridgeSettings.instance]
        if !instance.isEmpty { reading.settings["group.instance.id"] = instance }
        consumer = try BatchConsumer(reading)
    }

    /// Returns when a stop was requested.
    /// - Throws: `KafkaError` when the clients are of no use any more.
    func run() throws {
        try persist { () throws(KafkaError) in try producer.prepare(timeoutMs: Limits.askMs) }
        try consumer.subscribe(
            to: [topic], onAssign: { [unowned self] in try assign($0) },
            onRevoke: { [unowned self] in revoke($0, lost: $1) })
        while !program.stop.isRequested {
            do {
                try consumer.withBatch(timeoutMs: pollMs) { try take($0) }
                if isOpen, Clock.monotonicMs - openedMs >= intervalMs { try commit() }
            } catch let error as KafkaError {
                guard error.kind != .fatal, failure == nil else { throw failure ?? error }
                try startOver(because: error)
            }
            if let failure { throw failure }
            lookAround()
        }
        try commit()
        program.stop.everythingIsKept()
        try consumer.close()
    }

    /// Gives the partitions up without ending anything in order.
    func leave() {
        forget()
        try? consumer.close()
    }

    private var pollMs: Int {
        guard isOpen else { return Int(Limits.pollMs) }
        return Int(max(1, min(Limits.pollMs, openedMs + intervalMs - Clock.monotonicMs)))
    }

    // MARK: - Records

    private func take(_ batch: RecordBatch) throws(KafkaError) {
        for case .failure(let error, _) in batch.events { kafka.isAway("\(error)") }
        if let fatal = consumer.fatalError ?? producer.fatalError { throw fatal }
        guard batch.count > 0 else { return }
        kafka.isBack()
        for record in batch {
            if !isOpen { try begin() }
            try take(record, &work)
            if work.tally.messages >= messagesMax { try commit() }
        }
    }

    /// What a record changes, in one place: it is taken once for a record.
    private struct Work: ~Copyable {
        var headers = HeaderReading()
        var translator: Translator
        var output = Translated()
        /// The next offset to read, by partition, of what the open transaction holds.
        var next: [Int64?] = []
        var tally = Tally()
    }

    private func take(_ record: RecordView, _ work: inout Work) throws(KafkaError) {
        let place = RecordPlace(
            topic: topic, partition: record.partition, offset: record.offset)
        let headers = readsFunctionHeaders ? work.headers.function(of: record) : nil
        record.withValue { value in
            work.translator.translate(value, at: place, headers: headers, into: &work.output)
        }
        try work.output.forEachMessage { key, value throws(KafkaError) in
            try producer.send(to: Topic.invocations.name, key: key, value: value)
        }
        if let rejection = work.output.rejection {
            try reject(record, rejection)
            work.tally.rejections[rejection.reason, default: 0] += 1
            work.tally.rejected += 1
        }
        if !work.output.leftOut.isEmpty {
            work.tally.leftOut.merge(work.output.leftOut, uniquingKeysWith: +)
        }
        work.tally.invocations += work.output.count
        work.tally.records += 1
        let partition = Int(record.partition)
        while work.next.count <= partition { work.next.append(nil) }
        work.next[partition] = record.offset + 1
    }

    private func reject(_ record: RecordView, _ rejection: Rejection) throws(KafkaError) {
        let rejected = Rejected(
            topic: topic, partition: record.partition, offset: record.offset,
            rejection: rejection, rejectedBy: "bridge", value: record.copyValue() ?? [])
        try producer.send(
            to: Topic.rejections.name, partition: rejected.partition(keyed: keyed),
            key: Array(rejected.key.utf8).span, value: rejected.encoded().span)
    }

    // MARK: - Transactions

    private func begin() throws(KafkaError) {
        try producer.begin()
        isOpen = true
        openedMs = Clock.monotonicMs
    }

    private func commit() throws(KafkaError) {
        guard isOpen else { return }
        let began = Clock.monotonicMs
        var positions: [TopicPartition: Int64] = [:]
        for (partition, offset) in work.next.enumerated() where offset != nil {
            positions[TopicPartition(topic, Int32(partition))] = offset
        }
        try persist { () throws(KafkaError) in
            try producer.addPositions(positions, of: consumer, timeoutMs: Limits.askMs)
        }
        try persist { () throws(KafkaError) in try producer.commit(timeoutMs: Limits.askMs) }
        metrics.committed(work.tally, from: topic, ms: Clock.monotonicMs - began)
        kafka.isBack()
        forget()
    }

    private func abort() throws(KafkaError) {
        guard isOpen else { return }
        try persist { () throws(KafkaError) in try producer.abort(timeoutMs: Limits.askMs) }
        metrics.aborted()
        forget()
    }

    private func forget() {
        isOpen = false
        work.tally = Tally()
        work.next.removeAll(keepingCapacity: true)
    }

    /// Takes the open transaction back, and reads on from where the last one ended.
    private func startOver(because error: KafkaError) throws(KafkaError) {
        kafka.isAway("\(error)")
        program.log.warning("transaction aborted", [.error: .string("\(error)")])
        try abort()
        program.stop.sleep(ms: Limits.startOverMs)
        let partitions = consumer.assignment.sorted()
        try consumer.assign(Array(zip(partitions, try starts(of: partitions))))
    }

    /// Makes a call until it succeeds, or fails for good; while a stop is requested, not for long.
    private func persist(_ call: () throws(KafkaError) -> Void) throws(KafkaError) {
        var backoff = Backoff()
        var stoppingMs: Int64?
        while true {
            do throws(KafkaError) {
                try call()
                return
            } catch {
                guard error.kind == .retriable else { throw error }
                kafka.isAway("\(producer.takeErrors().first ?? error)")
                if program.stop.isRequested {
                    let since = stoppingMs ?? Clock.monotonicMs
                    stoppingMs = since
                    if Clock.monotonicMs - since > Limits.stopCommitMs { throw error }
                }
                backoff.wait(program.stop)
            }
        }
    }

    // MARK: - The group

    private func assign(_ partitions: [TopicPartition]) throws(KafkaError) -> [Start] {
        metrics.set(partitions: partitions.count)
        program.log.info(
            "partitions assigned",
            [
                .partitions: .string(
                    partitions.map(\.partition).sorted().map(String.init).joined(separator: ","))
            ])
        do throws(KafkaError) { return try starts(of: partitions) } catch {
            // This member would hold the partitions, and read none.
            failure = error
            throw error
        }
    }

    /// Where the last transaction ended. Asked here and not left to librdkafka, which cannot go back to
    /// a committed position when partitions are taken and given back in one poll.
    private func starts(of partitions: [TopicPartition]) throws(KafkaError) -> [Start] {
        var committed: [TopicPartition: Int64] = [:]
        try persist { () throws(KafkaError) in
            committed = try consumer.committed(partitions, timeoutMs: Limits.askMs)
        }
        return partitions.map { committed[$0].map { .offset($0) } ?? .beginning }
    }

    /// Ends the transaction before another member reads where it began: in order while this member is
    /// still one, else not at all.
    private func revoke(_ partitions: [TopicPartition], lost: Bool) {
        metrics.set(partitions: 0)
        program.log.info(
            "partitions revoked",
            [.partitions: .integer(partitions.count), .reason: lost ? "lost" : "rebalance"])
        do throws(KafkaError) {
            if lost {
                try abort()
            } else {
                do throws(KafkaError) { try commit() } catch {
                    guard error.kind != .fatal else { throw error }
                    try abort()
                }
            }
        } catch {
            failure = error
        }
    }

    /// Lag for those who watch; and whether Kafka is back, of which an idle process hears nothing.
    private func lookAround() {
        guard Clock.monotonicMs - lastLagMs >= Limits.lagMs else { return }
        lastLagMs = Clock.monotonicMs
        do throws(KafkaError) {
            let lag = try consumer.lag()
            metrics.set(lag: lag.values.reduce(0, +), of: topic)
            guard kafka.isAway else { return }
            _ = try consumer.partitionCount(of: topic, timeoutMs: Limits.askMs)
            kafka.isBack()
        } catch {
            kafka.isAway("\(error)")
        }
    }
}
