internal import Kafka
internal import Processing
internal import Telemetry
internal import Topics

/// A message and who says it: its readers drop it when a higher epoch of the same writer was seen.
struct Outgoing {
    let message: any TopicMessage
    /// `stage/partition`.
    let writer: String
    let epoch: Int64
}

/// Writes what stages publish, and waits until it is written: only then may positions move on.
final class Publisher {
    private let options: Producer.Options
    private let keyed: Int32
    private let stop: StopSignal
    private let log: Log
    private let kafka: Dependency
    private let published: Counter
    private let refused: Counter
    private var producer: Producer
    private var backoff = Backoff()
    private var lastHeaders:
        (writer: String, epoch: Int64, headers: [(name: String, value: [UInt8])])?

    private static let flushMs = 200

    init(
        _ cluster: Cluster, keyed: Int32, stop: StopSignal, log: Log, kafka: Dependency,
        metrics: Metrics
    ) throws {
        options = Producer.Options(cluster)
        self.keyed = keyed
        self.stop = stop
        self.log = log
        self.kafka = kafka
        published = metrics.counter(
            "messages_published_total", "Messages written.", labels: ["topic"])
        refused = metrics.counter(
            "messages_refused_total", "Own messages that Kafka refuses to take.", labels: ["topic"])
        producer = try Producer(options)
    }

    /// What became of messages.
    enum Outcome {
        case written
        /// This many of the first were; the rest is to be said again, by who is still entitled to.
        case failed(written: Int)
        /// A stop was requested before all were.
        case stopped
    }

    /// Publishes all of them, waiting while Kafka is away.
    func publish(_ messages: [Outgoing]) throws -> Outcome {
        var start = 0
        while start < messages.count {
            let part = encode(messages[start...])
            switch try write(part) {
            case .written: start += part.count
            case .failed: return .failed(written: start)
            case .stopped: return .stopped
            }
        }
        return .written
    }

    private struct Encoded {
        let topic: String
        let partition: Int32
        let key: [UInt8]
        let value: [UInt8]
        let headers: [(name: String, value: [UInt8])]
        /// Kafka takes no such message, now or later.
        var isRefused = false
    }

    /// The first of them, as many as are handed over at once.
    private func encode(_ messages: ArraySlice<Outgoing>) -> [Encoded] {
        var part: [Encoded] = []
        var bytes = 0
        for outgoing in messages.prefix(Limits.publishMessages) {
            let topic = type(of: outgoing.message).topic
            let value = outgoing.message.encoded()
            bytes += value.count
            guard part.isEmpty || bytes <= Limits.publishBytes else { break }
            part.append(
                Encoded(
                    topic: topic.name,
                    partition: topic.placement == .single
                        ? 0 : outgoing.message.partition(keyed: keyed),
                    key: Array(outgoing.message.key.utf8), value: value,
                    headers: headers(of: outgoing)))
        }
        return part
    }

    /// Made once for messages in a row, which mostly have the same.
    private func headers(of outgoing: Outgoing) -> [(name: String, value: [UInt8])] {
        if let last = lastHeaders, last.writer == outgoing.writer, last.epoch == outgoing.epoch {
            return last.headers
        }
        let headers = [
            (HeaderName.writer.description, Array(outgoing.writer.utf8)),
            (HeaderName.epoch.description, Array("\(outgoing.epoch)".utf8)),
        ]
        lastHeaders = (outgoing.writer, outgoing.epoch, headers)
        return headers
    }

    /// Says all of them once. They are whole values: saying again what was written already changes
    /// nothing. That is the caller's to do: a process that froze here until the messages had expired
    /// may own nothing any more.
    private func write(_ part: [Encoded]) throws -> Outcome {
        var messages = part
        var failure = hand(&messages)
        switch flush() {
        case .delivered: break
        case .failed(_, let first): failure = failure ?? first
        // Only when a stop came first.
        case .outstanding: return .stopped
        }
        if let failure {
            kafka.isAway("\(failure)")
            guard !stop.isRequested else { return .stopped }
            backoff.wait(stop)
            guard !stop.isRequested else { return .stopped }
            if producer.fatalError != nil { producer = try Producer(options) }
            return .failed(written: 0)
        }
        backoff = Backoff()
        kafka.isBack()
        for message in messages where !message.isRefused { published.add(1, message.topic) }
        return .written
    }

    /// - Returns: why it stopped before the last, if it did.
    private func hand(_ messages: inout [Encoded]) -> KafkaError? {
        for index in messages.indices where !messages[index].isRefused {
            let message = messages[index]
            do throws(KafkaError) {
                try producer.send(
                    to: message.topic, partition: message.partition, key: message.key,
                    value: message.value, headers: message.headers)
            } catch {
                guard error.kind == .neither else { return error }
                // Too large, say: it would be the same the next time.
                messages[index].isRefused = true
                refused.add(1, message.topic)
                log.error(
                    "message refused",
                    [.topic: .string(message.topic), .error: .string("\(error)")])
            }
        }
        return nil
    }

    /// Waits for every report; while a stop is requested, not for long.
    private func flush() -> Producer.Outcome {
        let began = Clock.monotonicMs
        var stopping: Int64?
        while true {
            let outcome = producer.flush(timeoutMs: Self.flushMs)
            guard case .outstanding(let count) = outcome else { return outcome }
            let now = Clock.monotonicMs
            if now - began > Int64(Limits.askMs) {
                let reason = producer.takeErrors().last.map { ": \($0)" } ?? ""
                kafka.isAway("\(count) messages under way\(reason)")
            }
            guard stop.isRequested else { continue }
            let since = stopping ?? now
            stopping = since
            if now - since > Limits.stopPublishMs { return outcome }
        }
    }
}
