import Foundation
import Kafka
import TestSupport
import Topics

/// A topic as a reader knows it who starts at its beginning and keeps the rule of epochs: of each
/// key the last value, but none whose writer had spoken with a higher epoch before.
struct TopicReplay {
    struct Value {
        let bytes: [UInt8]
        let writer: String
        let epoch: Int64
        let partition: Int32
    }

    private(set) var values: [String: Value] = [:]
    /// Everyone who wrote under a key.
    private(set) var writers: [String: Set<String>] = [:]
    /// The highest epoch under a key, ignored values included.
    private(set) var highestEpoch: [String: Int64] = [:]
    /// Values that the rule passed over.
    private(set) var stale = 0
    private(set) var messages = 0

    init(of topic: Topic, on servers: String) throws {
        let consumer = try BatchConsumer(.init(bootstrapServers: servers))
        let ends = try consumer.endOffsets(of: topic.name, timeoutMs: 10_000)
        try consumer.assignAll(of: [topic.name], from: .beginning, timeoutMs: 10_000)
        var open = Set(ends.indices.filter { ends[$0] > 0 }.map(Int32.init))
        var epochs: [String: Int64] = [:]
        let isWhole = try eventually(within: .seconds(120)) {
            try consumer.withBatch(timeoutMs: 100) { batch in
                for record in batch {
                    take(record, &epochs)
                    if record.offset + 1 >= ends[Int(record.partition)] {
                        open.remove(record.partition)
                    }
                }
            }
            return open.isEmpty
        }
        guard isWhole else { throw NotRead(topic: topic.name) }
    }

    struct NotRead: Error { let topic: String }

    private mutating func take(_ record: RecordView, _ epochs: inout [String: Int64]) {
        messages += 1
        let key = String(decoding: record.copyKey() ?? [], as: UTF8.self)
        let writer = String(decoding: record.header("writer") ?? [], as: UTF8.self)
        let epoch = Int64(String(decoding: record.header("epoch") ?? [], as: UTF8.self)) ?? 0
        writers[key, default: []].insert(writer)
        highestEpoch[key] = max(highestEpoch[key] ?? 0, epoch)
        guard epoch >= epochs[writer] ?? 0 else {
            stale += 1
            return
        }
        epochs[writer] = epoch
        values[key] = record.copyValue().map {
            Value(bytes: $0, writer: writer, epoch: epoch, partition: record.partition)
        }
    }

    /// - Throws: `Rejection`, when one is no message of that kind.
    func decoded<Message: TopicMessage>(_ kind: Message.Type) throws -> [String: Message] {
        try values.mapValues { try Message(decoding: $0.bytes.span) }
    }
}

/// The end of every partition of a topic.
func ends(of topic: Topic, on servers: String) throws -> [Int64] {
    try BatchConsumer(.init(bootstrapServers: servers))
        .endOffsets(of: topic.name, timeoutMs: 10_000)
}
