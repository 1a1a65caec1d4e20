import CRdKafka

@testable import Brokerage

/// Producers that are idempotent, and transactions.
enum TransactionPrograms {
    static let all = [reading, fencing, offsets, sequences, errors, timeout]

    private static let reading = Program(
        "committed, aborted and open transactions",
        sees: [
            "committed only: 0 a0, 1 a1, 2 a2, 8 plain", "to 9",
            "all: 0 a0, 1 a1, 2 a2, 4 b0, 5 b1, 6 b2, 8 plain, 9 c0", "end 10",
            "after the last commit: 0 a0, 1 a1, 2 a2, 8 plain, 9 c0, 11 later",
        ]
    ) { site in
        let topic = site.name("transactions")
        try WireClient(site).create(topic)
        let producer = try transactional(site, topic)
        let plain = try RecordProducer(site)
        try send(["a0", "a1", "a2"], to: topic, producer)
        try commit(producer)  // marker 3
        try send(["b0", "b1", "b2"], to: topic, producer)
        try abort(producer)  // marker 7
        try plain.send(Sent("k", "plain"), to: topic)
        try plain.flush()
        try send(["c0"], to: topic, producer)
        let careful = try RecordConsumer(site, ["isolation.level": "read_committed"])
        let careless = try RecordConsumer(site, ["isolation.level": "read_uncommitted"])
        var seen = ["committed only: \(try lines(careful, topic))"]
        seen.append("to \(try careful.watermarks(topic).1)")
        seen.append("all: \(try lines(careless, topic))")
        seen.append("end \(try careless.watermarks(topic).1)")
        try commit(producer)  // marker 10, which Apache Kafka writes after its answer
        try await_("the marker") { try careless.watermarks(topic).1 == 11 }
        try plain.send(Sent("k", "later"), to: topic)
        try plain.flush()
        seen.append("after the last commit: \(try lines(careful, topic))")
        return seen
    }

    private static let fencing = Program(
        "a second producer of the same name fences the first",
        sees: [
            "the first: _FENCED, fatal", "the second: ok", "committed only: 2 second",
            "all: 0 first, 2 second",
        ]
    ) { site in
        let topic = site.name("producers")
        try WireClient(site).create(topic)
        let first = try transactional(site, topic)
        try send(["first"], to: topic, first)
        let second = try transactional(site, topic)
        var seen: [String] = []
        let refused = Librdkafka.outcome(rd_kafka_commit_transaction(first.client, 30_000))
        seen.append("the first: \(refused)")
        try send(["second"], to: topic, second)
        let taken = Librdkafka.outcome(rd_kafka_commit_transaction(second.client, 30_000))
        seen.append("the second: \(taken)")
        let careful = try RecordConsumer(site, ["isolation.level": "read_committed"])
        let careless = try RecordConsumer(site, ["isolation.level": "read_uncommitted"])
        seen.append("committed only: \(try lines(careful, topic))")
        seen.append("all: \(try lines(careless, topic))")
        return seen
    }

    private static let offsets = Program(
        "offsets in a transaction",
        sees: [
            "before the commit 0 -1", "and for who wants stable ones 88 -1", "after it 0 7",
            "after an abort 0 7", "of a generation that never was UNKNOWN_MEMBER_ID",
            "and then 0 7",
        ]
    ) { site in
        let topic = site.name("inputs")
        let wire = try WireClient(site)
        try wire.create(topic)
        let group = site.name("readers")
        _ = try patiently { Int16(try wire.committed(group, topic)[0]) }
        let producer = try transactional(site, topic)
        func offset(stableOnly: Bool = false) throws -> String {
            let found = try wire.committed(group, topic, stableOnly: stableOnly)
            return "\(found[0]) \(found[1])"
        }
        try begin(producer)
        _ = send(offset: 7, of: topic, group, producer)
        var seen = ["before the commit \(try offset())"]
        seen.append("and for who wants stable ones \(try offset(stableOnly: true))")
        try commit(producer)
        // Apache Kafka has ended the transaction before its group has the offset.
        try await_("the offset") { try offset(stableOnly: true) == "0 7" }
        seen.append("after it \(try offset())")
        try begin(producer)
        _ = send(offset: 9, of: topic, group, producer)
        try abort(producer)
        try await_("the end of the abort") { try offset(stableOnly: true) == "0 7" }
        seen.append("after an abort \(try offset())")
        try begin(producer)
        let refusal = send(offset: 11, of: topic, group, producer, generation: 5)
        seen.append("of a generation that never was \(refusal)")
        try abort(producer)
        seen.append("and then \(try offset())")
        return seen
    }

    /// 45 out of order sequence number, 47 invalid producer epoch.
    private static let sequences = Program(
        "the sequence numbers of an idempotent producer",
        sees: [
            "0 at 0", "again 0 at 0", "too far 45 at -1", "next 0 at 3", "1 more 0 at 6",
            "2 more 0 at 7", "3 more 0 at 8", "4 more 0 at 9", "5 more 0 at 10",
            "the fifth from the end again 0 at 6", "older ones again 45 at -1",
            "a new epoch, not from 0: 45 at -1", "a new epoch 0 at 11",
            "the old epoch 47 at -1", "10 to 12", "records 12",
        ]
    ) { site in
        let topic = site.name("sequences")
        let wire = try WireClient(site)
        try wire.create(topic)
        let producer = try wire.producer(nil).identity
        var seen: [String] = []
        func send(_ what: String, _ sequence: Int32, _ count: Int = 1, epoch: Int16 = 0) throws {
            var batch = Batch((0..<count).map { "\(sequence) \($0)" })
            batch.records = batch.records.map {
                var record = $0
                record.timestampMs = Clock.wallMs()
                return record
            }
            batch.producer = ProducerIdentity(id: producer.id, epoch: epoch)
            batch.sequence = sequence
            let answer = try wire.produce(topic, batch.bytes)
            seen.append("\(what) \(answer.code) at \(answer.offset)")
        }
        try send("0", 0, 3)
        seen[0] = String(seen[0].dropFirst(2))
        try send("again", 0, 3)
        try send("too far", 5)
        try send("next", 3, 3)
        for more in 1...5 { try send("\(more) more", Int32(5 + more)) }
        try send("the fifth from the end again", 6)
        try send("older ones again", 0, 3)
        try send("a new epoch, not from 0:", 5, epoch: 1)
        try send("a new epoch", 0, epoch: 1)
        try send("the old epoch", 11)
        let records = try RecordConsumer(site).readAll(topic)
        seen.append("10 to \(try wire.fetch(topic, from: 0).endOffset)")
        seen.append("records \(records.count)")
        return seen
    }

    /// 3 unknown topic or partition, 47 invalid producer epoch, 48 invalid transaction state, 49
    /// invalid producer id mapping, 50 invalid timeout, 55 not attempted, 90 fenced.
    private static let errors = Program(
        "what a transaction refuses",
        sees: [
            "a timeout of an hour 50", "an empty name 42", "nothing to end 48",
            "a topic that is not [3, 55]", "adds [0]", "adds again [0]",
            "another's id [49]", "an epoch to come [90]", "ends 0", "ends again 0",
            "and now aborts 48", "a new epoch 0", "the former one adds [90]",
            "by an older client [47]", "and ends 90", "by an older client 47",
            "bumps 0 by 1", "and once more, the answer lost 0 by 1", "the former one 90",
        ]
    ) { site in
        let topic = site.name("refusals")
        let wire = try WireClient(site)
        try wire.create(topic)
        let name = site.name("refused")
        var seen: [String] = []
        func note(_ what: String, _ code: Int16) { seen.append("\(what) \(code)") }
        func add(_ what: String, _ topics: [String], _ who: ProducerIdentity, _ version: Int16 = 2)
            throws
        {
            var codes: [Int16] = []
            _ = try patiently {
                codes = try wire.addPartitions(name, who, topics, version)
                return codes[0]
            }
            seen.append("\(what) \(codes)")
        }
        func end(_ who: ProducerIdentity, commit: Bool, _ version: Int16 = 2) throws -> Int16 {
            try patiently { try wire.endTransaction(name, who, commit: commit, version) }
        }
        note("a timeout of an hour", try wire.producer(name, timeoutMs: 3_600_000).code)
        note("an empty name", try wire.producer("").code)
        let first = try wire.producer(name).identity
        note("nothing to end", try end(first, commit: true))
        try add("a topic that is not", ["none-of-these", topic].sorted(), first)
        try add("adds", [topic], first)
        try add("adds again", [topic], first)
        try add("another's id", [topic], ProducerIdentity(id: first.id + 7_000_000, epoch: 0))
        try add("an epoch to come", [topic], ProducerIdentity(id: first.id, epoch: 9))
        note("ends", try end(first, commit: true))
        note("ends again", try end(first, commit: true))
        note("and now aborts", try end(first, commit: false))
        let second = try wire.producer(name)
        note("a new epoch", second.code)
        try add("the former one adds", [topic], first)
        try add("by an older client", [topic], first, 1)
        note("and ends", try end(first, commit: true))
        note("by an older client", try end(first, commit: true, 1))
        for what in ["bumps", "and once more, the answer lost"] {
            let third = try wire.producer(name, former: second.identity)
            seen.append("\(what) \(third.code) by \(third.identity.epoch - second.identity.epoch)")
        }
        note("the former one", try wire.producer(name, former: first).code)
        return seen
    }

    private static let timeout = Program(
        "a transaction whose time is over is aborted",
        sees: ["committed only: 2 plain", "the end: 90", "all: 0 left, 2 plain"]
    ) { site in
        let topic = site.name("timeouts")
        let wire = try WireClient(site)
        try wire.create(topic)
        let name = site.name("slow")
        let who = try wire.producer(name, timeoutMs: 1_000).identity
        _ = try patiently { try wire.addPartitions(name, who, [topic])[0] }
        var batch = Batch(["left"])
        batch.records[0].timestampMs = Clock.wallMs()
        (batch.producer, batch.sequence, batch.isTransactional) = (who, 0, true)
        let answer = try wire.produce(topic, batch.bytes, transaction: name)
        guard answer.code == 0 else { throw Stuck("produce: \(answer.code)") }
        // The marker is the second record.
        try await_("the abort") { try wire.fetch(topic, from: 0).endOffset == 2 }
        let plain = try RecordProducer(site)
        try plain.send(Sent("k", "plain"), to: topic)
        try plain.flush()
        let careful = try RecordConsumer(site, ["isolation.level": "read_committed"])
        let careless = try RecordConsumer(site, ["isolation.level": "read_uncommitted"])
        let code = try patiently { try wire.endTransaction(name, who, commit: true, 2) }
        return [
            "committed only: \(try lines(careful, topic))", "the end: \(code)",
            "all: \(try lines(careless, topic))",
        ]
    }
}

extension TransactionPrograms {
    private static func transactional(_ site: Site, _ name: String) throws -> RecordProducer {
        let producer = try RecordProducer(
            site, ["transactional.id": name, "transaction.timeout.ms": "60000"])
        try check("init", rd_kafka_init_transactions(producer.client, 60_000))
        return producer
    }

    private static func begin(_ producer: RecordProducer) throws {
        try check("begin", rd_kafka_begin_transaction(producer.client))
    }

    private static func commit(_ producer: RecordProducer) throws {
        try check("commit", rd_kafka_commit_transaction(producer.client, 60_000))
    }

    private static func abort(_ producer: RecordProducer) throws {
        try check("abort", rd_kafka_abort_transaction(producer.client, 60_000))
    }

    private static func send(
        _ values: [String], to topic: String, _ producer: RecordProducer
    ) throws {
        try begin(producer)
        for value in values { try producer.send(Sent("k", value), to: topic) }
        try producer.flush()
    }

    /// - Parameter generation: of a member that the group does not have; nil for no member.
    private static func send(
        offset: Int64, of topic: String, _ group: String, _ producer: RecordProducer,
        generation: Int32? = nil
    ) -> String {
        let metadata =
            generation.map {
                rd_kafka_consumer_group_metadata_new_with_genid(group, $0, "nobody", nil)
            } ?? rd_kafka_consumer_group_metadata_new(group)
        defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
        let place = Place(topic: topic, partition: 0, offset: offset)
        return Librdkafka.withList([place]) { list in
            Librdkafka.outcome(
                rd_kafka_send_offsets_to_transaction(producer.client, list, metadata, 60_000))
        }.value
    }

    private static func lines(_ consumer: RecordConsumer, _ topic: String) throws -> String {
        try consumer.readAll(topic).map { record in
            "\(record.place.offset) \(String(decoding: record.value ?? [], as: UTF8.self))"
        }.joined(separator: ", ")
    }

    private static func check(_ attempt: String, _ error: OpaquePointer?) throws {
        let outcome = Librdkafka.outcome(error)
        guard outcome == "ok" else { throw Stuck("\(attempt): \(outcome)") }
    }
}
