import Foundation
import Kafka
import Synchronization
import TestSupport
import Topics

/// Tries of one client at what others may.
enum Doors {
    static let topicRefused = KafkaError.Code(rawValue: 29)
    static let groupRefused = KafkaError.Code(rawValue: 30)
    /// To whom a topic is not described it is not there.
    static let notShown = KafkaError.Code.unknownTopicOrPartition

    struct Try: CustomStringConvertible {
        var description: String
        var isRefused: Bool
    }

    /// Each process at everything that is not its own; all of them at once, for they mostly wait.
    static func tryAll(_ kafka: ClosedKafka) throws -> [Try] {
        let found = Mutex<[Try]>([])
        let failures = Mutex<[String]>([])
        let group = DispatchGroup()
        for (name, allowed) in ClosedKafka.table {
            let cluster = kafka.cluster(name)
            group.enter()
            Thread.detachNewThread {
                defer { group.leave() }
                do {
                    let tries = try tries(of: name, cluster, allowed)
                    found.withLock { $0 += tries }
                } catch {
                    failures.withLock { $0.append("\(name): \(error)") }
                }
            }
        }
        group.wait()
        let all = failures.withLock { $0 }
        guard all.isEmpty else { throw Failed(description: all.joined(separator: "; ")) }
        return found.withLock { $0 }
    }

    private struct Failed: Error, CustomStringConvertible { let description: String }

    private static func tries(
        of name: String, _ cluster: Cluster, _ allowed: ClosedKafka.Allowed
    ) throws -> [Try] {
        var tries: [Try] = []
        for topic in Topic.all.map(\.name) {
            if !allowed.writes.contains(topic) {
                let code = try refusalToWrite(topic, cluster)?.code
                tries.append(
                    Try(
                        description: "\(name) writes \(topic): \(code as Any)",
                        isRefused: code == topicRefused))
            }
            if !allowed.reads.contains(topic) {
                let code = try refusalToRead(topic, cluster)
                tries.append(
                    Try(
                        description: "\(name) reads \(topic): \(code as Any)",
                        isRefused: code == topicRefused))
            }
        }
        for group in SeededTables.stages where !allowed.groups.contains(group) {
            let code = try refusalToJoin(group, reading: allowed.reads.sorted()[0], cluster)
            tries.append(
                Try(
                    description: "\(name) joins \(group): \(code as Any)",
                    isRefused: code == groupRefused))
        }
        return tries
    }

    /// - Returns: nil when it was written.
    static func refusalToWrite(_ topic: String, _ cluster: Cluster) throws -> KafkaError? {
        var options = Producer.Options(cluster)
        options.settings = ["message.timeout.ms": "8000"]
        let producer = try Producer(options)
        do throws(KafkaError) {
            try producer.send(to: topic, partition: 0, key: [1], value: Array("{}".utf8))
        } catch {
            return error
        }
        switch producer.flush(timeoutMs: 10_000) {
        case .delivered: return nil
        case .failed(_, let first): return first
        case .outstanding: return producer.takeErrors().last
        }
    }

    /// - Returns: nil when a first answer came.
    static func refusalToRead(_ topic: String, _ cluster: Cluster) throws -> KafkaError.Code? {
        var options = BatchConsumer.Options(cluster)
        options.reportsPartitionEnd = true
        let consumer = try BatchConsumer(options)
        // Who may not even see it is told by the topic's metadata; who sees it, by reading.
        do throws(KafkaError) {
            _ = try consumer.partitionCount(of: topic, timeoutMs: 8_000)
        } catch {
            return error.code == notShown ? topicRefused : error.code
        }
        try consumer.assign([(TopicPartition(topic, 0), .beginning)])
        return try refusal(of: consumer, isMember: false)
    }

    static func refusalToJoin(
        _ group: String, reading topic: String, _ cluster: Cluster
    ) throws -> KafkaError.Code? {
        let consumer = try BatchConsumer(BatchConsumer.Options(cluster, group: group))
        try consumer.subscribe(
            to: [topic], onAssign: { $0.map { _ in .beginning } }, onRevoke: { _, _ in })
        let code = try refusal(of: consumer, isMember: true)
        try consumer.close()
        return code
    }

    /// The first failure that is one of rights.
    private static func refusal(
        of consumer: BatchConsumer, isMember: Bool
    ) throws -> KafkaError.Code? {
        let end = ContinuousClock.now + .seconds(8)
        while ContinuousClock.now < end {
            let answer: (code: KafkaError.Code?, isRead: Bool) = try consumer.withBatch(
                timeoutMs: 100
            ) { batch in
                var read = batch.count > 0
                for event in batch.events {
                    switch event {
                    case .failure(let error, _)
                    where error.code == topicRefused || error.code == groupRefused:
                        return (error.code, false)
                    case .partitionEnd: read = true
                    default: break
                    }
                }
                return (nil, read)
            }
            if let code = answer.code { return code }
            // Kafka gave it partitions; those assigned by hand say nothing.
            if answer.isRead || isMember && !consumer.assignment.isEmpty { return nil }
        }
        return KafkaError.Code.timedOut
    }
}
