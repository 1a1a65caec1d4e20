internal import Foundation
internal import Kafka
internal import Numerics
internal import Postgres
internal import TestSupport
internal import Topics

/// The featurizer as the process that it is, from a Kafka topic to closed shapes checkpointed in
/// PostgreSQL, beside plain consumption of the same topic: batches of librdkafka, nothing done with
/// the records.
///
/// CPU seconds are of the whole process, librdkafka's threads with it; the broker's and PostgreSQL's
/// are not counted. Compare the ratios.
public struct FeaturizerBenchmark: Sendable {
    public static let name = "featurizer"

    public struct Size: Sendable {
        let events: Int
        let functions: Int

        public static let smoke = Size(events: 2_000, functions: 100)
        public static let full = Size(events: 2_000_000, functions: 100_000)
    }

    /// One form of events: medians over the passes.
    public struct Row: Sendable, CustomStringConvertible {
        public let form: String
        let bytesEach: Int
        /// Events a second of wall-clock, and per CPU second.
        public let perSecond: Double
        public let perCPUSecond: Double
        let plainPerSecond: Double
        let plainPerCPUSecond: Double
        /// Ours to plain consumption's, of the same pass.
        public let ratio: Double
        public let cpuRatio: Double
        let residentMebibytes: Int

        public var description: String {
            padded("\(form), \(bytesEach) B", 20)
                + "\(rounded(perSecond)) events/s beside \(rounded(plainPerSecond)): "
                + "\(rounded(ratio)); per CPU second \(rounded(perCPUSecond)) beside "
                + "\(rounded(plainPerCPUSecond)): \(rounded(cpuRatio)); \(residentMebibytes) MiB"
        }
    }

    private let size: Size
    private let passes: Int

    public init(size: Size, passes: Int) {
        precondition(passes > 0, "\(passes) passes")
        self.size = size
        self.passes = passes
    }

    /// - Parameter tell: called with a line for each pass.
    public func run(_ tell: (String) -> Void) throws -> [Row] {
        try EventForm.allCases.map { form in
            let broker = try EmbeddedBroker()
            defer { broker.kill() }
            let topic = EventTopic(servers: broker.bootstrapServers, size: size)
            let bytes = try topic.fill(as: form)
            var measured: [(plain: Taken, ours: Taken)] = []
            for pass in 1...passes {
                let plain = try topic.consume()
                let ours = try featurize(broker.bootstrapServers)
                measured.append((plain, ours))
                tell(
                    "\(form), pass \(pass): "
                        + "\(rounded(ours.perSecond(size.events))) events/s beside "
                        + "\(rounded(plain.perSecond(size.events))); CPU "
                        + "\(rounded(ours.cpuSeconds)) s beside \(rounded(plain.cpuSeconds)) s")
            }
            return row(form, bytes / size.events, measured)
        }
    }

    private func row(
        _ form: EventForm, _ bytesEach: Int, _ measured: [(plain: Taken, ours: Taken)]
    ) -> Row {
        let events = Double(size.events)
        return Row(
            form: form.rawValue, bytesEach: bytesEach,
            perSecond: median(measured.map { events / $0.ours.seconds }),
            perCPUSecond: median(measured.map { events / $0.ours.cpuSeconds }),
            plainPerSecond: median(measured.map { events / $0.plain.seconds }),
            plainPerCPUSecond: median(measured.map { events / $0.plain.cpuSeconds }),
            ratio: median(measured.map { $0.plain.seconds / $0.ours.seconds }),
            cpuRatio: median(measured.map { $0.plain.cpuSeconds / $0.ours.cpuSeconds }),
            residentMebibytes: measured.map(\.ours.residentMebibytes).max() ?? 0)
    }

    /// From when it owns its partitions until it has kept that it took everything.
    private func featurize(_ servers: String) throws -> Taken {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            guard let path = Products.path(of: "featurizer") else {
                throw Failed(description: "featurize: the featurizer is not built")
            }
            let process = try ChildProcess(
                path, environment: ["KAFKA_BOOTSTRAP_SERVERS": servers, "DATABASE_URL": url])
            defer { process.kill() }
            var session = try Session(url)
            guard eventually(within: .seconds(30), { Self.claimed(&session) }) else {
                throw Failed(description: "claim the partitions: \(process.standardError)")
            }
            let (began, cpuBefore) = (ContinuousClock.now, process.cpuSeconds ?? 0)
            let count = size.events
            guard eventually(within: .seconds(600), { Self.taken(&session) == count }),
                let cpuAfter = process.cpuSeconds
            else { throw Failed(description: "take \(count) events: \(process.standardError)") }
            return Taken(
                seconds: (ContinuousClock.now - began) / .seconds(1),
                cpuSeconds: cpuAfter - cpuBefore,
                residentMebibytes: (process.peakMemoryKiB ?? 0) / 1_024)
        }
    }

    private static func claimed(_ session: inout Session) -> Bool {
        let rows = try? session.execute("select count(*) from featurizer.checkpoints")
        return (rows?[0][0] as Int64?) == Int64(EventTopic.partitions)
    }

    private static func taken(_ session: inout Session) -> Int? {
        let rows = try? session.execute(
            """
            select coalesce(sum((positions ->> 'invocations')::bigint), 0)::bigint
            from featurizer.checkpoints
            """)
        return (rows?[0][0] as Int64?).map { Int($0) }
    }

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }
}

/// How long something took.
struct Taken {
    let seconds: Double
    let cpuSeconds: Double
    var residentMebibytes = 0

    func perSecond(_ count: Int) -> Double { Double(count) / seconds }
}

enum EventForm: String, CaseIterable {
    case json = "JSON"
    case protobuf = "Protobuf"

    func encode(_ invocation: Invocation) -> [UInt8] {
        self == .json ? invocation.encodedJSON() : invocation.encodedProtobuf()
    }

    var headers: [(String, [UInt8])] {
        self == .json ? [] : [("content-type", Array("application/x-protobuf".utf8))]
    }
}

/// The topic `invocations`, full of a fleet's last twenty minutes: functions by Zipf's law, events in
/// the order of their start.
struct EventTopic {
    static let partitions = 16
    private static let spanMs: Int64 = 20 * 60_000
    /// 2019-11-17T14:13:20Z.
    private static let startMs: Int64 = 1_574_000_000_000

    let servers: String
    let size: FeaturizerBenchmark.Size

    /// - Returns: bytes of all values.
    func fill(as form: EventForm) throws -> Int {
        _ = try Admin(bootstrapServers: servers).createTopics(
            [.init(Topic.invocations.name, partitions: Self.partitions)], timeoutMs: 30_000)
        var options = Producer.Options(bootstrapServers: servers)
        options.settings = ["compression.codec": "lz4", "queue.buffering.max.messages": "1000000"]
        let producer = try Producer(options)
        var random = SeededRandom(seed: 6)
        var bytes = 0
        for number in 0..<size.events {
            let invocation = event(number, &random)
            let value = form.encode(invocation)
            bytes += value.count
            try producer.send(
                to: Topic.invocations.name,
                partition: invocation.partition(keyed: Int32(Self.partitions)),
                key: Array(invocation.key.utf8), value: value, headers: form.headers)
            if number & 1_023 == 0 { producer.poll() }
        }
        guard producer.flush(timeoutMs: 120_000) == .delivered else {
            throw FeaturizerBenchmark.Failed(description: "send \(size.events) events")
        }
        return bytes
    }

    private func event(_ number: Int, _ random: inout SeededRandom) -> Invocation {
        // Zipf of exponent 1, by its continuous inverse.
        let function = Int(pow(Double(size.functions), random.uniform())) - 1
        let duration = (exp(6 + 1.5 * (random.uniform() * 2 - 1)) * 100).rounded() / 100
        return Invocation(
            customer: "team-\(function % 997)", service: "service-\(function)", function: "handler",
            invocation: "\(number)-4752-4581-89bc",
            startedAtMs: Self.startMs + Int64(number) * Self.spanMs / Int64(size.events),
            durationMs: duration, memoryMb: 128, memoryPeakMb: 64 + Double(function % 64),
            outcome: random.uniform() < 0.99 ? .success : .error)
    }

    /// Every record, and nothing done with it.
    func consume() throws -> Taken {
        var options = BatchConsumer.Options(bootstrapServers: servers)
        options.settings["queued.max.messages.kbytes"] = "2097151"
        options.settings["queued.min.messages"] = "10000000"
        let consumer = try BatchConsumer(options)
        try consumer.assignAll(
            of: [Topic.invocations.name], from: .beginning, timeoutMs: 30_000)
        var began: ContinuousClock.Instant?
        let cpuBegan = clock()
        var count = 0
        var idle = 0
        while count < size.events, idle < 100 {
            let came = try consumer.withBatch(timeoutMs: 100) { $0.count }
            if began == nil, came > 0 { began = ContinuousClock.now }
            idle = came == 0 ? idle + 1 : 0
            count += came
        }
        guard count == size.events, let began else {
            throw FeaturizerBenchmark.Failed(
                description: "consume \(size.events) events: \(count) came")
        }
        return Taken(
            seconds: (ContinuousClock.now - began) / .seconds(1),
            cpuSeconds: Double(clock() - cpuBegan) / Double(CLOCKS_PER_SEC))
    }
}
