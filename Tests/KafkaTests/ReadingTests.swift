import Kafka
import TestSupport
import Testing

@Suite(.enabled(if: !BrokerKind.available.isEmpty, "needs the embedded broker or Apache Kafka"))
struct `A consumer without a group` {
    @Test(arguments: BrokerKind.available)
    func `reads what was sent, in order per partition`(_ kind: BrokerKind) throws {
        try withTopic(kind, partitions: 3) { servers, topic in
            let sent = messages(seed: 7, count: 2_000, partitions: 3)
            let producer = try producer(servers)
            for message in sent {
                try producer.send(
                    to: topic, partition: message.partition, key: message.key,
                    value: message.value,
                    headers: message.headers.map { ($0.key, $0.value ?? []) },
                    timestampMs: message.timestampMs)
            }
            #expect(producer.flush(timeoutMs: timeoutMs) == .delivered)
            #expect(producer.delivered == sent.count)
            #expect(producer.outstanding == 0)

            let consumer = try BatchConsumer(.init(bootstrapServers: servers))
            try consumer.assignAll(of: [topic], from: .beginning, timeoutMs: timeoutMs)
            var seen: [Message] = []
            var offsets: [Int32: Int64] = [:]
            try read(consumer, count: sent.count) { record in
                #expect(consumer.topicName(record.topic) == topic)
                #expect(record.offset == offsets[record.partition, default: 0])
                offsets[record.partition, default: 0] += 1
                var message = Message(
                    partition: record.partition, key: record.copyKey(), value: record.copyValue(),
                    timestampMs: record.timestampMs)
                for name in ["epoch", "content-type", "absent"] {
                    if let value = record.header(name) { message.headers[name] = value }
                }
                #expect(record.isTombstone == (message.value == nil))
                #expect(record.hasKey == (message.key != nil))
                record.withValue { #expect($0.count == message.value?.count ?? 0) }
                seen.append(message)
            }
            for partition in Int32(0)..<3 {
                #expect(
                    seen.filter { $0.partition == partition }
                        == sent.filter { $0.partition == partition })
            }
            #expect(
                try consumer.endOffsets(of: topic, timeoutMs: timeoutMs)
                    == (0..<3).map { offsets[$0] })
            #expect(try consumer.positions().values.reduce(0, +) == Int64(sent.count))
            #expect(try consumer.lag().values.allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: BrokerKind.available)
    func `starts where it is told, and says when the end is reached`(_ kind: BrokerKind) throws {
        try withTopic(kind) { servers, topic in
            let producer = try producer(servers)
            for number in 0..<100 {
                try producer.send(to: topic, partition: 0, key: nil, value: [UInt8(number)])
            }
            #expect(producer.flush(timeoutMs: timeoutMs) == .delivered)
            var options = BatchConsumer.Options(bootstrapServers: servers)
            options.reportsPartitionEnd = true
            let consumer = try BatchConsumer(options)
            let partition = TopicPartition(topic, 0)
            let watermarks = try consumer.watermarks(of: partition, timeoutMs: timeoutMs)
            #expect(watermarks.low == 0)
            #expect(watermarks.high == 100)
            try consumer.assign([(partition, .offset(60))])
            var values: [UInt8] = []
            var events: [ConsumerEvent] = []
            try eventually {
                try consumer.withBatch(timeoutMs: 50) { batch in
                    for record in batch { values += record.copyValue() ?? [] }
                    events += batch.events
                }
                return !events.isEmpty
            }
            #expect(values == (60..<100).map { UInt8($0) })
            #expect(events == [.partitionEnd(partition, next: 100)])
        }
    }

    @Test(arguments: BrokerKind.available)
    func `tells topics apart by number, in the order it was told of them`(_ kind: BrokerKind) throws
    {
        try withTopic(kind) { servers, first in
            try withTopic(kind) { _, second in
                let producer = try producer(servers)
                try producer.send(to: first, key: nil, value: [1])
                try producer.send(to: second, key: nil, value: [2])
                #expect(producer.flush(timeoutMs: timeoutMs) == .delivered)
                let consumer = try BatchConsumer(.init(bootstrapServers: servers))
                try consumer.assignAll(
                    of: [second, first], from: .beginning, timeoutMs: timeoutMs)
                var seen: [Int32: [UInt8]] = [:]
                try read(consumer, count: 2) { seen[$0.topic.rawValue] = $0.copyValue() }
                #expect(seen == [0: [2], 1: [1]])
                #expect(consumer.topicNames == [second, first])
            }
        }
    }

    @Test(arguments: BrokerKind.available)
    func `knows that a topic does not exist`(_ kind: BrokerKind) throws {
        let consumer = try BatchConsumer(.init(bootstrapServers: kind.shared()))
        let error = #expect(throws: KafkaError.self) {
            try consumer.partitionCount(of: "no-such-topic", timeoutMs: timeoutMs)
        }
        #expect(error?.code == .unknownTopicOrPartition)
    }

    @Test(arguments: BrokerKind.available)
    func `keeps commits that its group can ask for`(_ kind: BrokerKind) throws {
        try withTopic(kind) { servers, topic in
            let partition = TopicPartition(topic, 0)
            let group = "group-of-\(topic)"
            let producer = try producer(servers)
            for _ in 0..<10 { try producer.send(to: topic, key: nil, value: []) }
            #expect(producer.flush(timeoutMs: timeoutMs) == .delivered)
            let consumer = try BatchConsumer(.init(bootstrapServers: servers, group: group))
            try consumer.assign([(partition, .beginning)])
            try consumer.commit([partition: 7])
            let other = try BatchConsumer(.init(bootstrapServers: servers, group: group))
            #expect(
                try other.committed([partition], timeoutMs: timeoutMs) == [partition: 7])
        }
    }

    @Test func `cannot be made without an address`() {
        let error = #expect(throws: KafkaError.self) {
            _ = try BatchConsumer(.init(bootstrapServers: ""))
        }
        #expect(error?.kind == .neither)
    }

    @Test func `cannot be made with a setting that does not exist, and keeps its value secret`() {
        var options = BatchConsumer.Options(bootstrapServers: "127.0.0.1:1")
        options.settings = ["sasl.passwort": "secret"]
        let error = #expect(throws: KafkaError.self) { _ = try BatchConsumer(options) }
        #expect(error?.description.contains("sasl.passwort") == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func `hears of a broker that is not there, in events and in the log`() throws {
        let log = Lines()
        let consumer = try BatchConsumer(.init(bootstrapServers: "127.0.0.1:1")) {
            log.lines.append($0)
        }
        try consumer.assign([(TopicPartition("t", 0), .beginning)])
        var failures: [KafkaError] = []
        let heard = try eventually {
            try consumer.withBatch(timeoutMs: 50) { batch in
                #expect(batch.isEmpty)
                for case .failure(let error, _) in batch.events { failures.append(error) }
            }
            return failures.contains { $0.code == .allBrokersDown } && !log.lines.isEmpty
        }
        #expect(heard)
        #expect(failures.allSatisfy { $0.kind == .retriable })
    }

    private final class Lines { var lines: [KafkaLogLine] = [] }

    /// Keys and values of every sort: absent, empty, with a NUL, long.
    private func messages(seed: UInt64, count: Int, partitions: Int32) -> [Message] {
        var random = TestRandom(seed: seed)
        func bytes() -> [UInt8]? {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: nil
            case 1: []
            case 2: [UInt8](repeating: 7, count: 5_000)
            default: (0..<Int.random(in: 1..<60, using: &random)).map { UInt8(($0 * 37) & 0xff) }
            }
        }
        return (0..<count).map { number in
            var message = Message(
                partition: Int32.random(in: 0..<partitions, using: &random), key: bytes(),
                value: bytes(), timestampMs: 1_700_000_000_000 + Int64(number))
            if number % 2 == 0 { message.headers["epoch"] = Array("\(number)".utf8) }
            if number % 3 == 0 { message.headers["content-type"] = [] }
            return message
        }
    }
}
