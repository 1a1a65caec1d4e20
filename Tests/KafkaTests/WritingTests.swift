import Kafka
import TestSupport
import Testing

@Suite(.enabled(if: !BrokerKind.available.isEmpty, "needs the embedded broker or Apache Kafka"))
struct `A producer` {
    @Test(arguments: BrokerKind.available)
    func `refuses a message that is too large, and goes on`(_ kind: BrokerKind) throws {
        try withTopic(kind) { servers, topic in
            let producer = try producer(servers)
            let error = #expect(throws: KafkaError.self) {
                try producer.send(
                    to: topic, key: nil,
                    value: [UInt8](repeating: 0, count: Producer.messageBytesMax + 1))
            }
            #expect(error?.code == .messageTooLarge)
            #expect(error?.kind == .neither)
            try producer.send(to: topic, key: nil, value: [1])
            #expect(producer.flush(timeoutMs: timeoutMs) == .delivered)
            #expect(producer.sent == 1)
        }
    }

    @Test(arguments: BrokerKind.available)
    func `is told by the broker when a topic takes less`(_ kind: BrokerKind) throws {
        try withTopic(kind, configuration: ["max.message.bytes": "1000"]) { servers, topic in
            let producer = try producer(servers, settings: ["compression.codec": "none"])
            try producer.send(to: topic, key: nil, value: [UInt8](repeating: 0, count: 2_000))
            guard case .failed(1, let first) = producer.flush(timeoutMs: timeoutMs) else {
                Issue.record("a message beyond the topic's limit was delivered")
                return
            }
            #expect(first.code == .messageTooLarge)
            #expect(producer.failed == [.messageTooLarge: 1])
        }
    }

    @Test(arguments: BrokerKind.available)
    func `sends one key to one partition`(_ kind: BrokerKind) throws {
        try withTopic(kind, partitions: 8) { servers, topic in
            let producer = try producer(servers)
            for number in 0..<400 {
                try producer.send(
                    to: topic, key: Array("customer/service-\(number % 40)".utf8), value: [])
            }
            #expect(producer.flush(timeoutMs: timeoutMs) == .delivered)
            let consumer = try BatchConsumer(.init(bootstrapServers: servers))
            try consumer.assignAll(of: [topic], from: .beginning, timeoutMs: timeoutMs)
            var partitions: [[UInt8]: Set<Int32>] = [:]
            try read(consumer, count: 400) { record in
                partitions[record.copyKey() ?? [], default: []].insert(record.partition)
            }
            #expect(partitions.count == 40)
            #expect(partitions.values.allSatisfy { $0.count == 1 })
            #expect(Set(partitions.values.flatMap(\.self)).count > 1)
        }
    }

    @Test(arguments: BrokerKind.available)
    func `waits for room instead of failing`(_ kind: BrokerKind) throws {
        try withTopic(kind) { servers, topic in
            let producer = try producer(servers, settings: ["queue.buffering.max.messages": "100"])
            for _ in 0..<5_000 { try producer.send(to: topic, key: nil, value: [1]) }
            #expect(producer.flush(timeoutMs: timeoutMs) == .delivered)
            #expect(producer.delivered == 5_000)
        }
    }

    @Test(arguments: BrokerKind.available)
    func `counts what was not delivered because the broker died`(_ kind: BrokerKind) throws {
        try kind.withOne { servers, kill in
            let admin = try Admin(bootstrapServers: servers)
            try admin.createTopics([.init("t", partitions: 1)], timeoutMs: timeoutMs)
            let producer = try producer(servers, settings: ["message.timeout.ms": "1000"])
            try producer.send(to: "t", key: nil, value: [1])
            #expect(producer.flush(timeoutMs: timeoutMs) == .delivered)
            try kill()
            for _ in 0..<10 { try producer.send(to: "t", key: nil, value: [2]) }
            #expect(producer.flush(timeoutMs: 0) == .outstanding(10))
            guard case .failed(10, let first) = producer.flush(timeoutMs: timeoutMs) else {
                Issue.record("a message was delivered to a broker that was dead")
                return
            }
            #expect(first.code == .messageTimedOut)
            #expect(first.kind == .retriable)
            #expect(producer.failed == [.messageTimedOut: 10])
            #expect(producer.firstFailure == first)
            #expect(producer.delivered == 1)
            #expect(producer.outstanding == 0)
        }
    }

    @Test(arguments: BrokerKind.available)
    func `knows that a partition does not exist`(_ kind: BrokerKind) throws {
        try withTopic(kind, partitions: 2) { servers, topic in
            let producer = try producer(servers)
            try producer.send(to: topic, partition: 1, key: nil, value: [1])
            #expect(producer.flush(timeoutMs: timeoutMs) == .delivered)
            let error = #expect(throws: KafkaError.self) {
                try producer.send(to: topic, partition: 2, key: nil, value: [1])
            }
            #expect(error?.code == .unknownPartition)
        }
    }
}

@Suite(.enabled(if: !BrokerKind.available.isEmpty, "needs the embedded broker or Apache Kafka"))
struct `An administrator` {
    @Test(arguments: BrokerKind.available)
    func `creates what is missing and says what that was`(_ kind: BrokerKind) throws {
        try withTopic(kind, partitions: 3) { servers, existing in
            let admin = try Admin(bootstrapServers: servers)
            let other = "\(existing)-other"
            let created = try admin.createTopics(
                [
                    .init(existing, partitions: 3),
                    .init(other, partitions: 5, configuration: ["cleanup.policy": "compact"]),
                ], timeoutMs: timeoutMs)
            #expect(created == [other])
            let counts = try admin.partitionCounts(timeoutMs: timeoutMs)
            #expect(counts[existing] == 3)
            #expect(counts[other] == 5)
            #expect(try admin.deleteTopics([other, "no-such"], timeoutMs: timeoutMs) == [other])
            let gone = try eventually {
                try admin.partitionCounts(timeoutMs: timeoutMs)[other] == nil
            }
            #expect(gone)
        }
    }

    @Test(arguments: BrokerKind.available)
    func `is told why a topic cannot be`(_ kind: BrokerKind) throws {
        let admin = try Admin(bootstrapServers: kind.shared())
        #expect(throws: KafkaError.self) {
            try admin.createTopics([.init("not/a/name", partitions: 1)], timeoutMs: timeoutMs)
        }
    }
}
