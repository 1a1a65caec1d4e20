internal import Kafka
internal import TestSupport

/// The client of the broker benchmark: the same for every broker.
struct BrokerClient {
    /// Of the client; the broker is as it comes.
    enum Settings: String, CaseIterable {
        case defaults
        case lz4Idempotent = "lz4, idempotent, linger 5 ms"

        var producer: [String: String] {
            switch self {
            // librdkafka's own: acks from all, 5 ms of linger, no codec, no idempotence.
            case .defaults:
                [
                    "enable.idempotence": "false", "compression.codec": "none",
                    "linger.ms": "5", "socket.nagle.disable": "false",
                ]
            case .lz4Idempotent:
                ["enable.idempotence": "true", "compression.codec": "lz4", "linger.ms": "5"]
            }
        }
    }

    static let partitions = 16
    static let timeoutMs = 120_000

    let servers: String
    let settings: Settings

    /// Something was lost, or came twice, or was another.
    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    func createTopic(_ name: String, partitions: Int = Self.partitions) throws {
        _ = try Admin(bootstrapServers: servers).createTopics(
            [.init(name, partitions: partitions)], timeoutMs: Self.timeoutMs)
    }

    func deleteTopic(_ name: String) throws {
        _ = try Admin(bootstrapServers: servers).deleteTopics([name], timeoutMs: Self.timeoutMs)
    }

    /// - Returns: records a second, from the first until the last is acknowledged.
    func produce(_ count: Int, to topic: String, values: BrokerValues) throws -> Double {
        var options = Producer.Options(bootstrapServers: servers)
        options.settings = settings.producer
        options.settings["queue.buffering.max.messages"] = "1000000"
        let producer = try Producer(options)
        let began = ContinuousClock.now
        for number in 0..<count {
            // As many in a row as make a good batch.
            let partition = Int32(number >> 9 & (Self.partitions - 1))
            try producer.send(
                to: topic, partition: partition, key: nil, value: values.value(number))
            if number & 1_023 == 0 { producer.poll() }
        }
        let outcome = producer.flush(timeoutMs: Self.timeoutMs)
        let seconds = (ContinuousClock.now - began).seconds
        guard outcome == .delivered, producer.delivered == count else {
            throw Wrong(description: "produce \(count) records: \(outcome)")
        }
        return Double(count) / seconds
    }

    /// - Returns: records a second, from the first that comes to the last.
    func consume(_ count: Int, from topic: String, values: BrokerValues) throws -> Double {
        var options = BatchConsumer.Options(bootstrapServers: servers)
        // With less librdkafka 2.0.2 pauses for a second whenever its queue is full, and that is
        // all that would be measured, of the broker that fills it faster. All partitions share it.
        options.settings["queued.max.messages.kbytes"] = "2097151"
        options.settings["queued.min.messages"] = "10000000"
        let consumer = try BatchConsumer(options)
        try consumer.assignAll(of: [topic], from: .beginning, timeoutMs: Self.timeoutMs)
        var began: ContinuousClock.Instant?
        var (read, sum, idle) = (0, 0, 0)
        while read < count, idle < Self.timeoutMs / 100 {
            try consumer.withBatch(timeoutMs: 100) { batch in
                if batch.isEmpty {
                    idle += 1
                    return
                }
                if began == nil { began = ContinuousClock.now }
                for record in batch { sum &+= values.mark(of: record) }
                read += batch.count
            }
        }
        let ended = ContinuousClock.now
        guard read == count, sum == values.sum(count), let began else {
            throw Wrong(description: "consume \(count) records: \(read) came, sum \(sum)")
        }
        return Double(count) / (ended - began).seconds
    }

    /// One record after the other, each sent when the one before has come.
    ///
    /// - Returns: milliseconds from `send` to the record's coming, in order of size.
    func latencies(_ count: Int, in topic: String) throws -> [Double] {
        var options = Producer.Options(bootstrapServers: servers)
        options.settings = settings.producer
        let producer = try Producer(options)
        let consumer = try BatchConsumer(BatchConsumer.Options(bootstrapServers: servers))
        try consumer.assignAll(of: [topic], from: .beginning, timeoutMs: Self.timeoutMs)
        var milliseconds: [Double] = []
        // The first ones find connections, metadata and code that are not there yet.
        let warmUp = 20 + count / 20
        for _ in 0..<count + warmUp {
            let began = ContinuousClock.now
            try producer.send(to: topic, partition: 0, key: nil, value: [1, 2, 3, 4, 5, 6, 7, 8])
            var came = 0
            let hasCome = try eventually(within: .seconds(30)) {
                came += try consumer.withBatch(timeoutMs: 1_000) { $0.count }
                return came > 0
            }
            guard hasCome, came == 1 else {
                throw Wrong(description: "send one record: \(came) came")
            }
            milliseconds.append((ContinuousClock.now - began).seconds * 1_000)
            producer.poll()
        }
        return milliseconds.dropFirst(warmUp).sorted()
    }

    /// The sum of the partitions' ends.
    func endOffsets(of topic: String) throws -> Int64 {
        let consumer = try BatchConsumer(BatchConsumer.Options(bootstrapServers: servers))
        return try consumer.endOffsets(of: topic, timeoutMs: Self.timeoutMs).reduce(0, +)
    }
}

/// Values of some length that differ, and can be told from one another by their first byte.
struct BrokerValues {
    private let values: [[UInt8]]

    init(bytes: Int) {
        var random = TestRandom(seed: 1)
        values = (0..<64).map { _ in
            (0..<bytes).map { _ in UInt8(ascii: "a") + UInt8(random.next() % 26) }
        }
    }

    func value(_ number: Int) -> [UInt8] { values[number & 63] }

    func mark(of record: RecordView) -> Int {
        record.withValue { value in
            value.count == values[0].count ? Int(value[0]) : -1
        }
    }

    /// Of the marks of so many records.
    func sum(_ count: Int) -> Int {
        (0..<count).reduce(0) { $0 + Int(values[$1 & 63][0]) }
    }
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
