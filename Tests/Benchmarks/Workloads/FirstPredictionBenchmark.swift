internal import Foundation
internal import Kafka
internal import TestSupport
internal import Topics

/// How long a new service waits for its first prediction: from when it is announced on `services`
/// until what the predictor, the process that it is, says of it is read from `predictions`.
///
/// Everything is as `compose/up` starts it: the embedded broker, PostgreSQL, and a predictor whose
/// settings nobody touched. Announcements come at their own pace, whether the one before was
/// answered or not, so that a stall delays all that fall into it.
public struct FirstPredictionBenchmark: Sendable {
    public static let name = "first-prediction"
    /// Of the ninety-ninth percentile.
    public static let targetMs = 500.0

    public struct Size: Sendable {
        /// New services of a pass.
        let announced: Int
        /// How many the predictor knows before, one row each.
        let known: [Int]
        let intervalMs: Double

        public static let smoke = Size(announced: 20, known: [0, 100], intervalMs: 20)
        public static let full = Size(announced: 500, known: [0, 20_000], intervalMs: 100)
    }

    /// All passes together.
    public struct Row: Sendable {
        public let known: Int
        /// Rising, one a service.
        public let latenciesMs: [Double]

        /// - Parameter share: 0.99 is the value that no more than one in a hundred exceeds.
        public func quantileMs(_ share: Double) -> Double {
            latenciesMs[max(0, Int((share * Double(latenciesMs.count)).rounded(.up)) - 1)]
        }
    }

    private let size: Size
    private let passes: Int
    private static let waitMs = 30_000

    public init(size: Size, passes: Int) {
        precondition(passes > 0, "\(passes) passes")
        self.size = size
        self.passes = passes
    }

    /// - Parameter tell: called with a line for each pass.
    public func run(_ tell: (String) -> Void) throws -> [Row] {
        try size.known.map { known in
            var all: [Double] = []
            for pass in 1...passes {
                let latencies = try measure(known: known)
                let row = Row(known: known, latenciesMs: latencies.sorted())
                tell(
                    "\(grouped(known)) known, pass \(pass): p50 \(rounded(row.quantileMs(0.5))) ms, "
                        + "p99 \(rounded(row.quantileMs(0.99))) ms")
                all += latencies
            }
            return Row(known: known, latenciesMs: all.sorted())
        }
    }

    public static func table(_ rows: [Row]) -> ReportTable {
        var table = ReportTable(
            "From the announcement of a new service until its prediction is read, ms",
            ["services known", "announced", "p50", "p99 (target)", "longest"])
        for row in rows {
            let target = rounded(targetMs)
            table.add([
                grouped(row.known), grouped(row.latenciesMs.count), rounded(row.quantileMs(0.5)),
                "\(rounded(row.quantileMs(0.99))) (\(target))", rounded(row.quantileMs(1)),
            ])
        }
        return table
    }

    private func measure(known: Int) throws -> [Double] {
        guard let path = Products.path(of: "predictor") else {
            throw Failed(description: "start the predictor: it is not built")
        }
        return try withTemporaryFolder { folder in
            let broker = try EmbeddedBroker(dataFolder: folder)
            defer { broker.kill() }
            return try ThrowawayPostgres.withProvisionedDatabase { url in
                let servers = broker.bootstrapServers
                let predictor = try ChildProcess(
                    path, environment: ["KAFKA_BOOTSTRAP_SERVERS": servers, "DATABASE_URL": url])
                defer { predictor.kill() }
                let isOwner = try eventually(within: .seconds(60)) {
                    try predictor.metric("partitions_owned") == Double(Self.partitions)
                }
                guard isOwner else {
                    throw Failed(description: "own the partitions: \(predictor.standardError)")
                }
                let line = try AnnouncedServices(servers: servers)
                // What it knows before comes in one go.
                for number in 0..<known { try line.announce("known-\(number)") }
                try line.wait(untilPredicted: known, within: Self.waitMs + known)
                for number in 0..<size.announced {
                    try line.wait(ms: size.intervalMs)
                    try line.announce("new-\(number)")
                }
                try line.wait(untilPredicted: known + size.announced, within: Self.waitMs)
                return line.latenciesMs.filter { $0.key.hasPrefix("new-") }.map(\.value)
            }
        }
    }

    /// As a stage makes topics when nothing is said.
    private static let partitions = 16

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }
}

/// Announces services and reads what is predicted of them.
private final class AnnouncedServices {
    private let producer: Producer
    private let consumer: BatchConsumer
    private var announcedAt: [String: ContinuousClock.Instant] = [:]
    /// By service, of the first prediction of each.
    private(set) var latenciesMs: [String: Double] = [:]
    private var due = ContinuousClock.now

    init(servers: String) throws {
        var options = Producer.Options(bootstrapServers: servers)
        // Who announces one service waits for no other.
        options.settings["linger.ms"] = "0"
        producer = try Producer(options)
        var reading = BatchConsumer.Options(bootstrapServers: servers)
        reading.reportsPartitionEnd = true
        consumer = try BatchConsumer(reading)
        try consumer.assignAll(of: [Topic.predictions.name], from: .beginning, timeoutMs: 10_000)
        // Whoever reads predictions has long been reading when a service is announced.
        var unread = consumer.assignment
        while !unread.isEmpty {
            try consumer.withBatch(timeoutMs: 100) { batch in
                for case .partitionEnd(let partition, _) in batch.events {
                    unread.remove(partition)
                }
            }
        }
    }

    func announce(_ name: String) throws {
        let service = ServiceAnnounced(
            customer: "customer-\(name.utf8.count % 7)", service: name, trigger: "http",
            runtime: "python3.12", memoryMb: 128, deadlineMs: 30_000, tier: .burstable)
        announcedAt[name] = .now
        try producer.send(
            to: Topic.services.name, key: Array(service.key.utf8), value: service.encoded())
        producer.poll()
    }

    /// Reads until the next announcement is due.
    func wait(ms: Double) throws {
        due = max(due, .now - .milliseconds(ms)) + .milliseconds(ms)
        while ContinuousClock.now < due { try read() }
    }

    func wait(untilPredicted count: Int, within limitMs: Int) throws {
        let end = ContinuousClock.now + .milliseconds(limitMs)
        while latenciesMs.count < count {
            guard ContinuousClock.now < end else {
                throw FirstPredictionBenchmark.Failed(
                    description: "\(latenciesMs.count) of \(count) services were predicted")
            }
            try read()
        }
    }

    private func read() throws {
        try consumer.withBatch(timeoutMs: 1) { batch in
            let now = ContinuousClock.now
            for record in batch {
                let prediction = try record.withValue { try Prediction(decoding: $0) }
                guard latenciesMs[prediction.service] == nil,
                    let announced = announcedAt[prediction.service]
                else { continue }
                latenciesMs[prediction.service] = (now - announced).seconds * 1_000
            }
        }
    }
}
