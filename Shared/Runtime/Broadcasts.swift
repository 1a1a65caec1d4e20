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
    /// The last one.
    private var failure: KafkaError?

    /// Opens them and reads everything that is there, waiting while Kafka is away.
    /// - Returns: nil when a stop came first.
    static func caughtUp(
        _ topics: [Topic], _ cluster: Cluster, kafka: Dependency, stop: StopSignal
    ) throws -> Broadcasts? {
        var backoff = Backoff()
        while !stop.isRequested {
            do {
                let broadcasts = try Broadcasts(topics, cluster)
                while !broadcasts.isCaughtUp, !stop.isRequested {
                    _ = try broadcasts.poll(waitMs: 100)
                    if let failure = broadcasts.failure { kafka.isAway("\(failure)") }
                    broadcasts.failure = nil
                }
                kafka.isBack()
                return broadcasts
            } catch let error as KafkaError where error.code != .invalidArgument {
                kafka.isAway("\(error)")
                backoff.wait(stop)
            }
        }
        return nil
    }

    /// - Throws: `KafkaError`, when Kafka does not say how far the topics reach.
    init(_ topics: [Topic], _ cluster: Cluster) throws {
        self.topics = topics
        var options = BatchConsumer.Options(cluster)
        options.reportsPartitionEnd = true
        consumer = try BatchConsumer(options)
        guard !topics.isEmpty else { return }
        try consumer.assignAll(
            of: topics.map(\.name), from: .beginning, timeoutMs: Limits.askMs)
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
                switch event {
                case .partitionEnd(let partition, _): unread.remove(partition)
                case .failure(let error, _): failure = error
                }
            }
            var arrived: [Value] = []
            for record in batch {
                let name = consumer.topicName(record.topic)
                guard let topic = topics.first(where: { $0.name == name }),
                    let key = text(record.copyKey())
                else { continue }
                guard let bytes = record.copyValue() else {
                    values["\(name)/\(key)"] = nil
                    continue
                }
                let value = Value(
                    topic: topic, key: key, bytes: bytes,
                    writer: text(record.header(HeaderName.writer.description)),
                    epoch: text(record.header(HeaderName.epoch.description)).flatMap { Int64($0) }
                        ?? 0)
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
