internal import Kafka
internal import Topics

/// The topics that every partition reads whole: their last value by key, kept for partitions to come.
final class Broadcasts {
    struct Value {
        let topic: Topic
        let key: String
        let bytes: [UInt8]
        let writer: String?
        let epoch: Int64
    }

    private let consumer: BatchConsumer
    private let topics: [Topic]
    private var fences = Fences()
    private var values: [String: Value] = [:]
    private var unread: Set<TopicPartition> = []

    private static let requestMs = 5_000

    /// - Throws: `KafkaError`, when Kafka does not say how far the topics reach.
    init(_ topics: [Topic], bootstrapServers: String) throws {
        self.topics = topics
        var options = BatchConsumer.Options(bootstrapServers: bootstrapServers)
        options.reportsPartitionEnd = true
        consumer = try BatchConsumer(options)
        guard !topics.isEmpty else { return }
        try consumer.assignAll(
            of: topics.map(\.name), from: .beginning, timeoutMs: Self.requestMs)
        unread = consumer.assignment
    }

    /// Whether everything that was there at the start has been read.
    var isCaughtUp: Bool { unread.isEmpty }

    /// The last value of each key, in the order of the keys.
    var all: [Value] { values.sorted { $0.key < $1.key }.map(\.value) }

    /// What arrived since the last call.
    func poll(waitMs: Int) throws -> [Value] {
        guard !topics.isEmpty else { return [] }
        return try consumer.withBatch(timeoutMs: waitMs) { batch in
            for event in batch.events {
                if case .partitionEnd(let partition, _) = event { unread.remove(partition) }
            }
            var arrived: [Value] = []
            for record in batch {
                let name = consumer.topicName(record.topic)
                guard let topic = topics.first(where: { $0.name == name }),
                    let bytes = record.copyValue(), let key = record.copyKey()
                else { continue }
                let value = Value(
                    topic: topic, key: String(decoding: key, as: UTF8.self), bytes: bytes,
                    writer: text(record.header(HeaderName.writer)),
                    epoch: text(record.header(HeaderName.epoch)).flatMap { Int64($0) } ?? 0)
                if let writer = value.writer,
                    !fences.admits(writer: writer, epoch: value.epoch)
                {
                    continue
                }
                values["\(name)/\(value.key)"] = value
                arrived.append(value)
            }
            return arrived
        }
    }

    func close() throws { try consumer.close() }
}

func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
