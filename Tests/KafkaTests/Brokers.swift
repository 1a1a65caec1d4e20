import Kafka
import Synchronization
import TestSupport
import Testing

/// The brokers that the same laws hold for.
enum BrokerKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case embedded = "the embedded broker"
    case apache = "Apache Kafka"

    var testDescription: String { rawValue }

    /// Those that can be started here.
    static var available: [BrokerKind] {
        allCases.filter { $0 == .embedded ? EmbeddedBroker.isBuilt : RealKafka.isInstalled }
    }

    /// The address of the one that all tests share.
    func shared() throws -> String {
        switch self {
        case .embedded: try EmbeddedBroker.shared().bootstrapServers
        case .apache: try RealKafka.shared().bootstrapServers
        }
    }

    /// Starts one to be killed, and calls `body` with its address and how to kill it.
    func withOne(_ body: (_ bootstrapServers: String, _ kill: () throws -> Void) throws -> Void)
        throws
    {
        switch self {
        case .embedded:
            let broker = try EmbeddedBroker()
            try body(broker.bootstrapServers) { broker.kill() }
        case .apache:
            let kafka = try RealKafka()
            defer { kafka.stop() }
            try body(kafka.bootstrapServers) { try kafka.kill() }
        }
    }
}

let timeoutMs = 30_000

/// A topic of its own on the shared broker, deleted afterwards.
func withTopic<Value>(
    _ kind: BrokerKind, partitions: Int = 1, configuration: [String: String] = [:],
    _ body: (_ bootstrapServers: String, _ topic: String) throws -> Value
) throws -> Value {
    let servers = try kind.shared()
    let topic = "topic-\(lastTopic.add(1, ordering: .relaxed).newValue)"
    let admin = try Admin(bootstrapServers: servers)
    let created = try admin.createTopics(
        [Admin.NewTopic(topic, partitions: partitions, configuration: configuration)],
        timeoutMs: timeoutMs)
    #expect(created == [topic])
    defer { _ = try? admin.deleteTopics([topic], timeoutMs: timeoutMs) }
    return try body(servers, topic)
}

private let lastTopic = Atomic<Int>(0)

/// A record as a value.
struct Message: Equatable {
    var partition: Int32
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [String: [UInt8]?] = [:]
    var timestampMs: Int64?
}

/// Reads until `count` records came, and hands each to `body` while it is there.
func read(
    _ consumer: BatchConsumer, count: Int, _ body: (RecordView) throws -> Void
) throws {
    var read = 0
    let came = try eventually(within: .milliseconds(timeoutMs)) {
        try consumer.withBatch(timeoutMs: 50) { batch in
            for record in batch { try body(record) }
            read += batch.count
        }
        return read >= count
    }
    #expect(came)
    #expect(read == count)
}

func producer(_ servers: String, settings: [String: String] = [:]) throws -> Producer {
    var options = Producer.Options(bootstrapServers: servers)
    options.settings = settings
    return try Producer(options)
}
