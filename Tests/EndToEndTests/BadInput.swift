import Foundation
import Kafka
import Topics

/// Messages that are no invocations, and what becomes of each.
enum BadInput {
    /// By reason, how often.
    static let expected = [
        "not_json": 1, "empty": 1, "too_large": 1, "wrong_type": 1, "missing_field": 1,
        "out_of_range": 2, "in_the_future": 1, "not_protobuf": 1, "unknown_content_type": 1,
    ]

    private static func invocation(_ changes: [String: String] = [:]) -> [UInt8] {
        var fields = [
            "customer": "\"acme\"", "service": "\"shop\"", "function": "\"checkout\"",
            "invocation": "\"x\"", "started_at_ms": "1563177600000", "duration_ms": "12.5",
            "memory_mb": "128", "outcome": "\"success\"",
        ]
        fields.merge(changes) { $1 }
        let members = fields.filter { $0.value != "" }.sorted { $0.key < $1.key }
            .map { "\"\($0.key)\":\($0.value)" }
        return Array("{\(members.joined(separator: ","))}".utf8)
    }

    /// The bytes of a value with which a batch is just as large as the broker takes, 1,048,588:
    /// 61 of the batch's header, and 20 of the record's (3 + 3 for two lengths, 1 each for
    /// attributes, time, offset, key length and headers, 9 for the key).
    static let largest = Topic.messageBytesMax - 61 - 20

    /// - Throws: Kafka's error when a message was refused.
    static func send(to servers: String) throws {
        let sender = try Sender(servers)
        try sender.send(Array("these are words".utf8))
        try sender.send([])
        try sender.send(Array(repeating: UInt8(ascii: "["), count: largest))
        try sender.send(invocation(["duration_ms": "\"twelve\""]))
        try sender.send(invocation(["duration_ms": ""]))
        try sender.send(invocation(["duration_ms": "-1"]))
        try sender.send(invocation(["memory_mb": "1e300"]))
        // 3000-01-01.
        try sender.send(invocation(["started_at_ms": "32503680000000"]))
        // Field 1, a string of 100 bytes of which 3 are there.
        try sender.send([0x0A, 100, 1, 2, 3], contentType: "application/x-protobuf")
        try sender.send(invocation(), contentType: "text/csv")
    }

    /// What Kafka says to a message that is larger by one byte than the broker takes.
    static func refusal(by servers: String) throws -> KafkaError? {
        do {
            try Sender(servers).send(Array(repeating: UInt8(ascii: "["), count: largest + 1))
            return nil
        } catch let error as KafkaError {
            return error
        }
    }

    /// One message at a time, uncompressed, with a limit of its own above the broker's.
    private struct Sender {
        let producer: Producer

        init(_ servers: String) throws {
            var options = Producer.Options(bootstrapServers: servers)
            options.settings = ["message.max.bytes": "2000000", "compression.codec": "none"]
            producer = try Producer(options)
        }

        func send(_ value: [UInt8], contentType: String? = nil) throws {
            try producer.send(
                to: "invocations", key: Array("acme/shop".utf8), value: value,
                headers: contentType.map { [("content-type", Array($0.utf8))] } ?? [])
            switch producer.flush(timeoutMs: 30_000) {
            case .delivered: return
            case .failed(_, let first): throw first
            case .outstanding: throw Unsent()
            }
        }
    }

    struct Unsent: Error {}

    /// The reasons on topic `rejections`, how often each.
    static func published(on servers: String) throws -> [String: Int] {
        let consumer = try BatchConsumer(BatchConsumer.Options(bootstrapServers: servers))
        try consumer.assignAll(of: ["rejections"], from: .beginning, timeoutMs: 10_000)
        let expected = try consumer.endOffsets(of: "rejections", timeoutMs: 10_000).reduce(0, +)
        // A restart in between may say one again under the same key.
        var reasons: [String: String] = [:]
        var read: Int64 = 0
        for _ in 0..<300 where read < expected {
            try consumer.withBatch(timeoutMs: 100) { batch in
                for record in batch {
                    read += 1
                    let rejected = try record.withValue { (value) throws(Rejection) in
                        try Rejected(decoding: value)
                    }
                    reasons[rejected.key] = rejected.reason
                }
            }
        }
        return Dictionary(grouping: reasons.values) { $0 }.mapValues(\.count)
    }
}
