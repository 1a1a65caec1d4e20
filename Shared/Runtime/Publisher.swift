internal import Kafka
internal import Processing
internal import Telemetry
internal import Topics

/// Writes what stages publish, and waits until it is written: only then may positions move on.
final class Publisher {
    /// Who says a message: its readers drop it when a higher epoch of the same writer was seen.
    struct Origin {
        let writer: String
        let epoch: Int64
    }

    private let bootstrapServers: String
    private let keyed: Int32
    private let stop: StopSignal
    private let log: Log
    private let health: Health
    private let published: Counter
    private let refused: Counter
    private var producer: Producer

    static let healthPart = "kafka"
    private static let flushMs = 1_000
    /// How long a stop waits for messages under way; what is not written then is said again later.
    private static let stopMs: Int64 = 2_000

    init(
        bootstrapServers: String, keyed: Int32, stop: StopSignal, log: Log, health: Health,
        metrics: Metrics
    ) throws {
        self.bootstrapServers = bootstrapServers
        self.keyed = keyed
        self.stop = stop
        self.log = log
        self.health = health
        published = metrics.counter(
            "messages_published_total", "Messages written.", labels: ["topic"])
        refused = metrics.counter(
            "messages_refused_total", "Own messages that Kafka refuses to take.", labels: ["topic"])
        producer = try Producer(Producer.Options(bootstrapServers: bootstrapServers))
    }

    /// Publishes all of them, waiting while Kafka is away.
    /// - Returns: false when a stop was requested before all were written.
    func publish(_ messages: [(message: any TopicMessage, origin: Origin)]) throws -> Bool {
        guard !messages.isEmpty else { return true }
        var backoff = Backoff()
        var stopping: Int64?
        send(messages)
        while true {
            switch producer.flush(timeoutMs: Self.flushMs) {
            case .delivered:
                if backoff.attempts > 0 { log.info("kafka is back") }
                health.isReady(Self.healthPart)
                return true
            case .failed(_, let first):
                // Whole values: saying all of them again changes nothing that was written.
                note(first, backoff)
                guard !stop.isRequested else { return false }
                backoff.wait(stop)
                if producer.fatalError != nil {
                    producer = try Producer(
                        Producer.Options(bootstrapServers: bootstrapServers))
                }
                send(messages)
            case .outstanding(let count):
                let now = Clock.monotonicMs
                if stop.isRequested {
                    let since = stopping ?? now
                    stopping = since
                    if now - since > Self.stopMs { return false }
                }
                health.waits(
                    for: Self.healthPart, "waiting for kafka: \(count) messages under way")
            }
        }
    }

    private func send(_ messages: [(message: any TopicMessage, origin: Origin)]) {
        for (message, origin) in messages {
            let topic = type(of: message).topic
            do {
                try producer.send(
                    to: topic.name,
                    partition: topic.placement == .single ? 0 : message.partition(keyed: keyed),
                    key: Array(message.key.utf8), value: message.encoded(),
                    headers: [
                        (HeaderName.writer, Array(origin.writer.utf8)),
                        (HeaderName.epoch, Array("\(origin.epoch)".utf8)),
                    ])
                published.add(1, topic.name)
            } catch {
                // Too large, or a topic without such a partition: waiting would not help.
                refused.add(1, topic.name)
                log.error(
                    "message refused",
                    [.topic: .string(topic.name), .error: .string("\(error)")])
            }
        }
    }

    private func note(_ error: KafkaError, _ backoff: Backoff) {
        if backoff.attempts == 0 {
            log.warning("waiting for kafka", [.error: .string("\(error)")])
        }
        health.waits(for: Self.healthPart, "waiting for kafka: \(error)")
    }
}
