import Foundation
import Kafka
import Topics

/// Messages that are no invocations, and what becomes of each.
enum BadInput {
    /// By reason, how often.
    static let expected = [
        "not_json": 3, "wrong_type": 1, "missing_field": 1, "out_of_range": 2,
        "in_the_future": 1, "not_protobuf": 1, "unknown_content_type": 1,
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

    static func send(to servers: String) throws {
        let producer = try Producer(Producer.Options(bootstrapServers: servers))
        func send(_ value: [UInt8], contentType: String? = nil) throws {
            try producer.send(
                to: "invocations", key: Array("acme/shop".utf8), value: value,
                headers: contentType.map { [("content-type", Array($0.utf8))] } ?? [])
        }
        try send(Array("these are words".utf8))
        try send([])
        // As large as the broker takes: 1,048,588 bytes with all that Kafka puts around it.
        try send(Array(repeating: UInt8(ascii: "["), count: Self.largest))
        try send(invocation(["duration_ms": "\"twelve\""]))
        try send(invocation(["duration_ms": ""]))
        try send(invocation(["duration_ms": "-1"]))
        try send(invocation(["memory_mb": "1e300"]))
        // 3000-01-01.
        try send(invocation(["started_at_ms": "32503680000000"]))
        // Field 1, a string of 100 bytes of which 3 are there.
        try send([0x0A, 100, 1, 2, 3], contentType: "application/x-protobuf")
        try send(invocation(), contentType: "text/csv")
        guard producer.flush(timeoutMs: 30_000) == .delivered else {
            throw producer.firstFailure ?? Unsent()
        }
    }

    struct Unsent: Error {}

    static let largest = 900_000

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
