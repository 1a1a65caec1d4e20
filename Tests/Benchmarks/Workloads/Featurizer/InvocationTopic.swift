internal import Foundation
internal import Kafka
internal import Numerics
internal import Topics

/// The topic `invocations`, full of a fleet's events in the order of their start: ten minutes from a
/// slot's border on, so that the first slot closes, and the second stays open.
struct InvocationTopic {
    /// Which function is invoked next.
    enum Law {
        /// By Zipf's law of exponent 1.
        case zipf
        /// One after the other, so that each is there.
        case inTurn
    }

    static let partitions = 16
    /// 2019-11-17T14:00:00Z.
    static let hourMs: Int64 = 1_573_999_200_000
    /// A slot's border.
    static let startMs = hourMs + 3 * FunctionShape.slotMs
    static let spanMs = 2 * FunctionShape.slotMs
    /// Behind the border, so that the first slot's last events were waited for.
    private static let latenessMs: Int64 = 60_000
    private static let timeoutMs = 120_000

    let servers: String
    let form: InvocationForm
    let events: Int
    let functions: Int
    var law = Law.zipf

    /// What was written, and what has to come of it.
    struct Contents {
        var valueBytes = 0
        /// Distinct.
        var functions = 0
        /// Of a function and a slot in which it was invoked.
        var pairs = 0
        /// Of the first slot, by partition; nil where it does not close, for too little came behind.
        var closed: [ClosedSlot?] = []
    }

    /// A partition's shapes of one slot.
    struct ClosedSlot: Equatable {
        var shapes = 0
        var invocations = 0
    }

    /// Makes the topic, and fills it.
    func fill() throws -> Contents {
        try create()
        var options = Producer.Options(bootstrapServers: servers)
        options.settings = [
            "compression.codec": "lz4", "linger.ms": "50",
            "queue.buffering.max.messages": "1000000",
        ]
        let producer = try Producer(options)
        var draws = InvocationDraws(self)
        var tally = ContentsTally(functions: functions)
        var bytes = InvocationBytes(form)
        for number in 0..<events {
            let drawn = draws.next(number)
            bytes.write(drawn)
            let partition = tally.count(drawn, key: bytes.key, valueBytes: bytes.value.count)
            try producer.send(
                to: Topic.invocations.name, partition: partition, key: bytes.key,
                value: bytes.value, headers: bytes.headers)
            if number & 1_023 == 0 { producer.poll() }
        }
        guard producer.flush(timeoutMs: Self.timeoutMs) == .delivered else {
            throw FeaturizerBenchmark.Failed(description: "send \(events) events")
        }
        return tally.contents(latenessMs: Self.latenessMs)
    }

    func create() throws {
        _ = try Admin(bootstrapServers: servers).createTopics(
            [.init(Topic.invocations.name, partitions: Self.partitions)],
            timeoutMs: Self.timeoutMs)
    }

    /// Every record, and nothing done with it: from the first to the last.
    func consume() throws -> Taken {
        try PlainConsumption(servers: servers, topic: Topic.invocations.name, records: events)
            .measure()
    }
}

/// The events of a topic, the same for the same sizes.
struct InvocationDraws {
    private let topic: InvocationTopic
    private var random = SeededRandom(seed: 6)

    init(_ topic: InvocationTopic) { self.topic = topic }

    mutating func next(_ number: Int) -> DrawnInvocation {
        let function =
            switch topic.law {
            // The continuous law's inverse.
            case .zipf: Int(pow(Double(topic.functions), random.uniform())) - 1
            case .inTurn: number % topic.functions
            }
        // As often in each part of a logarithmic scale, from a tenth of a second to a whole one.
        let duration = 100 * exp(random.uniform() * 2.3)
        return DrawnInvocation(
            function: function,
            startMs: InvocationTopic.startMs
                + Int64(number) * InvocationTopic.spanMs / Int64(topic.events),
            durationHundredths: Int((duration * 100).rounded()),
            isSuccess: random.uniform() < 0.99, id: random.next())
    }
}

/// Counts what is written, without anything of the featurizer's.
struct ContentsTally {
    /// -1 before the function's first event.
    private var partitions: [Int32]
    /// A bit for each of the two slots in which the function was invoked.
    private var slotsSeen: [UInt8]
    private var slots = Array(
        repeating: InvocationTopic.ClosedSlot(), count: InvocationTopic.partitions)
    private var latestMs = Array(repeating: Int64(0), count: InvocationTopic.partitions)
    private var written = InvocationTopic.Contents()

    init(functions: Int) {
        partitions = Array(repeating: -1, count: functions)
        slotsSeen = Array(repeating: 0, count: functions)
    }

    /// - Returns: the partition that the event belongs in.
    mutating func count(_ drawn: DrawnInvocation, key: [UInt8], valueBytes: Int) -> Int32 {
        var partition = partitions[drawn.function]
        if partition < 0 {
            partition = Topics.partition(
                ofKey: String(decoding: key, as: UTF8.self),
                among: Int32(InvocationTopic.partitions))
            partitions[drawn.function] = partition
            written.functions += 1
        }
        written.valueBytes += valueBytes
        latestMs[Int(partition)] = max(latestMs[Int(partition)], drawn.startMs)
        let isFirstSlot = drawn.startMs < InvocationTopic.startMs + FunctionShape.slotMs
        let slot: UInt8 = isFirstSlot ? 1 : 2
        let isNew = slotsSeen[drawn.function] & slot == 0
        slotsSeen[drawn.function] |= slot
        if isNew { written.pairs += 1 }
        if isFirstSlot {
            slots[Int(partition)].invocations += 1
            if isNew { slots[Int(partition)].shapes += 1 }
        }
        return partition
    }

    func contents(latenessMs: Int64) -> InvocationTopic.Contents {
        var contents = written
        let closesAtMs = InvocationTopic.startMs + FunctionShape.slotMs + latenessMs
        contents.closed = zip(slots, latestMs).map { $1 >= closesAtMs ? $0 : nil }
        return contents
    }
}
