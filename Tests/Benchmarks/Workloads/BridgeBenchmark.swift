internal import Foundation
internal import Kafka
internal import TestSupport
internal import Topics

/// The bridge as the process that it is, from another platform's topic to `invocations` committed,
/// beside plain consumption of the same topic: batches of librdkafka, nothing done with the records.
///
/// CPU seconds are of the whole process, librdkafka's threads with it; the broker's are not counted,
/// though it shares the machine, and has twice the work. Compare the ratios.
public struct BridgeBenchmark: Sendable {
    public static let name = "bridge"

    public struct Size: Sendable {
        let events: Int
        let functions: Int

        public static let smoke = Size(events: 2_000, functions: 100)
        public static let full = Size(events: 2_000_000, functions: 10_000)
    }

    /// One form of events: medians over the passes.
    public struct Row: Sendable, CustomStringConvertible {
        public let form: String
        let bytesEach: Int
        public let perSecond: Double
        let perCPUSecond: Double
        let plainPerSecond: Double
        /// Ours to plain consumption's, of the same pass.
        public let ratio: Double
        let cpuRatio: Double
        let residentMebibytes: Int

        public var description: String {
            padded("\(form), \(bytesEach) B", 20)
                + "\(rounded(perSecond)) events/s beside \(rounded(plainPerSecond)): "
                + "\(rounded(ratio)); per CPU second \(rounded(perCPUSecond)): "
                + "\(rounded(cpuRatio)); \(residentMebibytes) MiB"
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
        try ForeignForm.allCases.map { form in
            let broker = try EmbeddedBroker()
            defer { broker.kill() }
            let topic = ForeignTopic(servers: broker.bootstrapServers, form: form, size: size)
            let bytes = try topic.fill()
            var most = 0
            var measured: [(plain: Taken, ours: Taken)] = []
            for pass in 1...passes {
                let plain = try topic.consume()
                let (ours, residentMebibytes) = try bridge(topic, group: "pass-\(pass)")
                measured.append((plain, ours))
                most = max(most, residentMebibytes)
                tell(
                    "\(form.rawValue), pass \(pass): "
                        + "\(rounded(ours.perSecond(size.events))) events/s beside "
                        + "\(rounded(plain.perSecond(size.events))); CPU "
                        + "\(rounded(ours.cpuSeconds)) s beside \(rounded(plain.cpuSeconds)) s")
            }
            return row(form, bytes / size.events, measured, residentMebibytes: most)
        }
    }

    private func row(
        _ form: ForeignForm, _ bytesEach: Int, _ measured: [(plain: Taken, ours: Taken)],
        residentMebibytes: Int
    ) -> Row {
        let events = Double(size.events)
        return Row(
            form: form.rawValue, bytesEach: bytesEach,
            perSecond: median(measured.map { events / $0.ours.seconds }),
            perCPUSecond: median(measured.map { events / $0.ours.cpuSeconds }),
            plainPerSecond: median(measured.map { events / $0.plain.seconds }),
            ratio: median(measured.map { $0.plain.seconds / $0.ours.seconds }),
            cpuRatio: median(measured.map { $0.plain.cpuSeconds / $0.ours.cpuSeconds }),
            residentMebibytes: residentMebibytes)
    }

    /// From when it has its partitions until the last record's transaction is committed.
    private func bridge(_ topic: ForeignTopic, group: String) throws -> (
        Taken, residentMebibytes: Int
    ) {
        guard let path = Products.path(of: "bridge") else {
            throw Failed(description: "bridge: it is not built")
        }
        let process = try ChildProcess(
            path,
            [
                "--bridge-form", topic.form.rawValue, "--bridge-topic", ForeignTopic.name,
                "--bridge-group", group,
            ], environment: ["KAFKA_BOOTSTRAP_SERVERS": topic.servers])
        defer { process.kill() }
        let ends = try topic.ends()
        let asking = try BatchConsumer(.init(bootstrapServers: topic.servers, group: group))
        guard
            eventually(
                within: .seconds(30), { process.standardError.contains("partitions assigned") })
        else { throw Failed(description: "take the partitions: \(process.standardError)") }
        let (began, cpuBefore) = (ContinuousClock.now, process.cpuSeconds ?? 0)
        let isDone = try eventually(within: .seconds(600)) {
            try asking.committed(Array(ends.keys), timeoutMs: 10_000) == ends
        }
        guard isDone, let cpuAfter = process.cpuSeconds else {
            throw Failed(description: "carry the events over: \(process.standardError)")
        }
        let taken = Taken(
            seconds: (ContinuousClock.now - began) / .seconds(1),
            cpuSeconds: cpuAfter - cpuBefore)
        let published = try process.metric("messages_published_total{topic=\"invocations\"}")
        guard published == Double(size.events) else {
            throw Failed(description: "\(published ?? 0) of \(size.events) events came over")
        }
        return (taken, (process.peakMemoryKiB ?? 0) / 1_024)
    }

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }
}
