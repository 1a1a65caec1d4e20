internal import Foundation
internal import TestSupport

/// The embedded broker, as the process that it is, and Apache Kafka, where it is there.
///
/// Both get the same client, in turn within each pass, so that what else the machine does meets
/// both; compare the ratios. What is lost or comes twice ends the run.
public struct BrokerBenchmark: Sendable {
    public static let name = "broker"

    public struct Size: Sendable {
        let records: Int
        let latencies: Int
        /// Of the log that the broker is restarted on.
        let logMebibytes: Int

        public static let smoke = Size(records: 2_000, latencies: 20, logMebibytes: 2)
        public static let full = Size(records: 2_000_000, latencies: 1_000, logMebibytes: 10_240)
    }

    /// Something measured in every pass.
    public struct Row: Sendable, CustomStringConvertible {
        public let name: String
        let unit: String
        /// Medians.
        public let ours: Double
        let kafkas: Double?
        /// Ours to Kafka's: the median of the passes' ratios.
        public let ratio: Double?

        public var description: String {
            let beside = kafkas.map { "  Kafka \(rounded($0)) \(self.unit)" } ?? ""
            let times = ratio.map { "  ratio \(rounded($0))" } ?? ""
            return "\(padded(name, 52))\(padded(rounded(ours), 10, right: true)) \(unit)"
                + beside + times
        }
    }

    public struct Report: Sendable, CustomStringConvertible {
        public internal(set) var rows: [Row] = []
        /// Of our broker alone.
        public internal(set) var facts: [String] = []

        public var description: String {
            (rows.map(\.description) + facts).joined(separator: "\n")
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
    public func run(besideKafka: Bool = true, _ tell: (String) -> Void) throws -> Report {
        let broker = try EmbeddedBroker()
        defer { broker.kill() }
        var report = Report()
        try BrokerClient(servers: broker.bootstrapServers, settings: .defaults)
            .createTopic("idle")
        report.facts.append("resident, 16 partitions idle: \(try broker.residentMebibytes) MiB")
        let kafka = besideKafka && RealKafka.isInstalled ? try RealKafka(heap: "1g") : nil
        defer { kafka?.stop() }
        let servers = [broker.bootstrapServers] + (kafka.map { [$0.bootstrapServers] } ?? [])
        for settings in BrokerClient.Settings.allCases {
            report.rows += try compare(servers, settings, tell)
        }
        kafka?.stop()
        report.facts.append(
            "resident after \(passes * 2 * size.records) records: "
                + "\(try broker.residentMebibytes) MiB")
        try restart(broker, &report, tell)
        return report
    }

    /// One row each for producing, consuming, and the latency's percentiles.
    private func compare(
        _ servers: [String], _ settings: BrokerClient.Settings, _ tell: (String) -> Void
    ) throws -> [Row] {
        let values = BrokerValues(bytes: 200)
        // By what is measured, then by pass, then by broker.
        var measured: [[[Double]]] = Array(repeating: [], count: 4)
        // A first pass warms the brokers up, and is not counted.
        for pass in 0...passes {
            var results: [[Double]] = []
            // Neither always comes first.
            let order = pass % 2 == 0 ? Array(servers.indices) : servers.indices.reversed()
            for index in order {
                let client = BrokerClient(servers: servers[index], settings: settings)
                results.append(try measure(client, "\(settings)-\(pass)", values))
            }
            if pass % 2 == 1 { results.reverse() }
            let texts = results.map { $0.map(rounded).joined(separator: " ") }
            tell("\(settings.rawValue), pass \(pass): " + texts.joined(separator: " | Kafka "))
            if pass == 0 { continue }
            for what in measured.indices { measured[what].append(results.map { $0[what] }) }
        }
        let names = [
            ("produce", "records/s"), ("consume", "records/s"), ("latency p50", "ms"),
            ("latency p99", "ms"),
        ]
        return zip(names, measured).map { name, passes in
            let hasKafka = passes[0].count > 1
            return Row(
                name: "\(name.0), \(settings.rawValue)", unit: name.1,
                ours: median(passes.map { $0[0] }),
                kafkas: hasKafka ? median(passes.map { $0[1] }) : nil,
                ratio: hasKafka ? median(passes.map { $0[0] / $0[1] }) : nil)
        }
    }

    private func measure(
        _ client: BrokerClient, _ topic: String, _ values: BrokerValues
    ) throws -> [Double] {
        try client.createTopic(topic)
        let produced = try client.produce(size.records, to: topic, values: values)
        let consumed = try client.consume(size.records, from: topic, values: values)
        try client.deleteTopic(topic)
        let pings = "\(topic)-pings"
        try client.createTopic(pings, partitions: 1)
        let latencies = try client.latencies(size.latencies, in: pings)
        try client.deleteTopic(pings)
        return [
            produced, consumed, latencies[latencies.count / 2],
            latencies[latencies.count * 99 / 100],
        ]
    }

    /// Fills a log, kills the broker while it is at it, and stops it in order.
    private func restart(
        _ broker: EmbeddedBroker, _ report: inout Report, _ tell: (String) -> Void
    ) throws {
        let client = BrokerClient(servers: broker.bootstrapServers, settings: .defaults)
        let bytes = 1_000
        let count = size.logMebibytes << 20 / bytes
        try client.createTopic("long")
        let rate = try client.produce(count, to: "long", values: BrokerValues(bytes: bytes))
        tell("\(count) records of \(bytes) bytes written: \(rounded(rate)) records/s")
        let log = "\(size.logMebibytes) MiB of log"
        report.facts.append("resident with \(log): \(try broker.residentMebibytes) MiB")
        for how in ["kill -9", "a stop in order"] {
            if how != "kill -9" { broker.terminate() } else { broker.kill() }
            let began = ContinuousClock.now
            try broker.restart()
            let end = try client.endOffsets(of: "long")
            let seconds = (ContinuousClock.now - began).seconds
            guard end == Int64(count) else {
                throw BrokerClient.Wrong(description: "\(count) written, after \(how) \(end)")
            }
            report.facts.append("restart on \(log) after \(how): \(rounded(seconds)) s")
            report.facts.append(
                "resident after it: \(try broker.residentMebibytes) MiB")
        }
    }
}

extension EmbeddedBroker {
    /// The process's memory that is in RAM, files that it maps included.
    fileprivate var residentMebibytes: Int {
        get throws {
            let path = "/proc/\(child.processID)/status"
            let status = try String(contentsOfFile: path, encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
            return (kibibytes.flatMap { Int($0) } ?? 0) >> 10
        }
    }
}
