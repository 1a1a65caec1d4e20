import Foundation
import Kafka
import TestSupport
import Topics

/// Messages for one stage, made before they are needed, so that sending costs next to nothing.
struct Load {
    private struct Message {
        let topic: String
        let partition: Int32
        let key: [UInt8]
        let value: [UInt8]
    }

    private let producer: Producer
    private var next: () -> Message
    private(set) var sent = 0

    /// What the stage takes: invocations for the featurizer, shapes for the others.
    init(for stage: String, on servers: String, partitions: Int32) throws {
        var options = Producer.Options(bootstrapServers: servers)
        options.settings = ["linger.ms": "20"]
        producer = try Producer(options)
        next = stage == "featurizer" ? Self.invocations(partitions) : Self.shapes(partitions)
    }

    /// Functions that take turns.
    static let functions = 500
    private static let startMs: Int64 = 1_563_177_600_000

    /// The same ten thousand again and again: the featurizer counts each that comes.
    private static func invocations(_ partitions: Int32) -> () -> Message {
        let pool = (0..<10_000).map { number in
            let invocation = Invocation(
                customer: "acme", service: "s\(number % functions)", function: "f",
                invocation: "i\(number)", startedAtMs: startMs + Int64(number) * 25,
                durationMs: 5 + Double(number % 100), memoryMb: 128, outcome: .success)
            return Message(
                topic: Topic.invocations.name,
                partition: invocation.partition(keyed: partitions),
                key: Array(invocation.key.utf8), value: invocation.encoded())
        }
        var index = -1
        return {
            index += 1
            return pool[index % pool.count]
        }
    }

    /// A slot of every function, then the next slot.
    private static func shapes(_ partitions: Int32) -> () -> Message {
        let templates = (0..<functions).map { number in
            var counts = OutcomeCounts()
            counts.add(.success, 10 + number % 50)
            let shape = FunctionShape(
                customer: "acme", service: "s\(number)", function: "f", slotStartMs: startMs,
                counts: counts, perMinute: [2, 2, 2, 2, 2 + number % 50],
                cpuMs: Double(100 * (1 + number % 70)), gbSeconds: 1.5, concurrencyPeak: 2,
                memoryMb: 128)
            let parts = String(decoding: shape.encoded(), as: UTF8.self)
                .components(separatedBy: "\(startMs)")
            precondition(parts.count == 2, "a shape names its slot once")
            return (
                path: shape.functionID.path, partition: shape.partition(keyed: partitions), parts
            )
        }
        var index = -1
        return {
            index += 1
            let (path, partition, parts) = templates[index % functions]
            let slotMs = startMs + Int64(index / functions) * FunctionShape.slotMs
            return Message(
                topic: Topic.shapes.name, partition: partition,
                key: Array("\(path)/\(slotMs)".utf8),
                value: Array("\(parts[0])\(slotMs)\(parts[1])".utf8))
        }
    }

    mutating func send(_ count: Int) throws {
        for _ in 0..<count {
            let message = next()
            try producer.send(
                to: message.topic, partition: message.partition, key: message.key,
                value: message.value)
        }
        sent += count
        producer.poll()
    }

    /// Sends for a time at a rate, calling `body` ten times a second.
    mutating func send(
        perSecond rate: Double, for seconds: Double, _ body: () throws -> Void
    ) throws {
        let clock = ContinuousClock()
        let began = clock.now
        let before = sent
        while true {
            let passed = clock.now - began
            let elapsed =
                Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18
            guard elapsed < seconds else { break }
            let due = Int(rate * elapsed) - (sent - before)
            if due > 0 { try send(due) }
            try body()
            usleep(50_000)
        }
        try flush()
    }

    func flush() throws {
        guard producer.flush(timeoutMs: 60_000) == .delivered else { throw NotDelivered() }
    }

    struct NotDelivered: Error {}
}
