import Foundation
import Kafka
import TestSupport
import Topics

/// A topic of another platform's events, and bridges over it that get killed.
struct BridgeLine {
    static let topic = "events"
    static let partitions = 4
    let bootstrapServers: String

    struct Failed: Error, CustomStringConvertible { let description: String }

    /// OpenWhisk's events, with metrics, older ones without an id, and garbage among them.
    func fill(_ count: Int) throws {
        _ = try Admin(bootstrapServers: bootstrapServers).createTopics(
            [.init(Self.topic, partitions: Self.partitions)], timeoutMs: 30_000)
        let producer = try Producer(.init(bootstrapServers: bootstrapServers))
        for number in 0..<count {
            try producer.send(
                to: Self.topic, partition: Int32(number % Self.partitions), key: nil,
                value: Array(event(number).utf8))
        }
        guard producer.flush(timeoutMs: 60_000) == .delivered else {
            throw Failed(description: "send \(count) events")
        }
    }

    private func event(_ number: Int) -> String {
        switch number % 50 {
        case 7: return "{\"body\":{},\"eventType\":\"Metric\"}"
        case 13: return "no event \(number)"
        default:
            let id = number % 3 == 0 ? "" : "\"activationId\":\"id-\(number)\","
            return """
                {"body":{\(id)"statusCode":0,"duration":\(number % 900),"name":"n/p\(number % 40)/f",\
                "initTime":0,"kind":"nodejs:20","memory":256},"eventType":"Activation",\
                "timestamp":\(1_524_476_122_676 + number),"namespace":"n\(number % 11)"}
                """
        }
    }

    func start(group: String, _ more: [String] = []) throws -> ChildProcess {
        guard let path = Products.path(of: "bridge") else {
            throw Failed(description: "the bridge is not built")
        }
        return try ChildProcess(
            path,
            [
                "--bridge-group", group, "--bridge-transaction-interval-ms", "20",
                "--bridge-transaction-records-max", "500", "--topics-partitions",
                "\(Self.partitions)",
            ] + more, environment: ["KAFKA_BOOTSTRAP_SERVERS": bootstrapServers])
    }

    /// How many records the group has behind it.
    func carried(by group: String) throws -> Int64 {
        let asking = try BatchConsumer(.init(bootstrapServers: bootstrapServers, group: group))
        let partitions = (0..<Self.partitions).map { TopicPartition(Self.topic, Int32($0)) }
        return try asking.committed(partitions, timeoutMs: 10_000).values.reduce(0, +)
    }

    /// What a reader of committed records sees, each value with how often it is there.
    func committed(_ topic: Topic) throws -> [String: Int] {
        var options = BatchConsumer.Options(bootstrapServers: bootstrapServers)
        options.reportsPartitionEnd = true
        let consumer = try BatchConsumer(options)
        try consumer.assignAll(of: [topic.name], from: .beginning, timeoutMs: 10_000)
        var open = consumer.assignment
        var values: [String: Int] = [:]
        let isWhole = try eventually(within: .seconds(60)) {
            try consumer.withBatch(timeoutMs: 100) { batch in
                for record in batch {
                    let key = String(decoding: record.copyKey() ?? [], as: UTF8.self)
                    let value = String(decoding: record.copyValue() ?? [], as: UTF8.self)
                    values["\(record.partition) \(key) \(value)", default: 0] += 1
                }
                for case .partitionEnd(let partition, _) in batch.events { open.remove(partition) }
            }
            return open.isEmpty
        }
        guard isWhole else { throw Failed(description: "read \(topic.name) to its end") }
        return values
    }
}
