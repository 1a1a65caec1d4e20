internal import Foundation
internal import Kafka
internal import Runtime
internal import Telemetry
internal import Topics
internal import Workload

/// Writes a fleet's messages in order, and knows what of it was acknowledged.
final class Sender {
    private struct Route {
        let function: FunctionID
        let partition: Int32
        let key: [UInt8]
    }

    private let producer: Producer
    private let program: Program
    private let keyed: Int32
    private let form: EventForm
    private var writer: EventWriter
    private let published: Counter
    /// By function number.
    private var routes: [Int: Route] = [:]
    private var value: [UInt8] = []
    /// Announcements were sent and may not have arrived: no invocation overtakes them.
    private var hasUnsettledAnnouncements = false
    /// By function number: acknowledged, and sent since everything was last acknowledged.
    private var acknowledged: [Int: Int] = [:]
    private var underWay: [Int: Int] = [:]
    private(set) var invocations = 0

    /// Messages under way at most: fewer than the producer's queue holds, so that a send never
    /// waits where a stop would not be seen.
    private static let underWayMax = 50_000
    private static let pollEvery = 256
    private static let flushMs = 500
    /// How long a stop waits for acknowledgements; what has none is sent again by the next run.
    private static let stopMs: Int64 = 5_000

    init(
        _ cluster: Cluster, run: String, keyed: Int32, _ form: EventForm, _ program: Program
    ) throws {
        var options = Producer.Options(cluster)
        // A message given up would leave a hole that the next run could not see: never give up.
        options.settings["message.timeout.ms"] = "0"
        producer = try Producer(options)
        self.program = program
        self.keyed = keyed
        self.form = form
        writer = EventWriter(form.name, run: run)
        published = program.metrics.counter(
            "messages_published_total", "Messages written.", labels: ["topic"])
    }

    /// After which nothing further can be sent.
    var failure: KafkaError? { producer.fatalError ?? producer.firstFailure }
    var underWayCount: Int { producer.outstanding }

    func partition(of profile: FunctionProfile) -> Int32 { route(of: profile).partition }

    /// - Returns: false when a stop came first.
    func send(
        _ execution: Execution, of profile: FunctionProfile, worker: String?
    ) throws -> Bool {
        if hasUnsettledAnnouncements {
            guard settle() else { return failure != nil }
            hasUnsettledAnnouncements = false
        }
        guard makeRoom() else { return failure != nil }
        let route = route(of: profile)
        value.removeAll(keepingCapacity: true)
        writer.write(execution, of: profile, worker: worker, to: &value)
        try producer.send(
            to: form.topic, partition: route.partition, key: route.key, value: value)
        underWay[profile.number, default: 0] += 1
        invocations += 1
        return true
    }

    /// - Returns: false when a stop came first.
    func send(_ message: some TopicMessage) throws -> Bool {
        guard makeRoom() else { return failure != nil }
        try producer.send(
            to: type(of: message).topic.name, partition: message.partition(keyed: keyed),
            key: Array(message.key.utf8), value: message.encoded())
        published.add(1, type(of: message).topic.name)
        hasUnsettledAnnouncements = true
        return true
    }

    /// An earlier run sent it.
    func foundSent(_ profile: FunctionProfile) {
        _ = route(of: profile)
        acknowledged[profile.number, default: 0] += 1
    }

    func poll() {
        producer.poll()
        if producer.outstanding == 0, failure == nil { acknowledge() }
    }

    /// Waits for what is under way.
    ///
    /// - Returns: whether all of it was acknowledged.
    func finish() -> Bool {
        let giveUpMs = Clock.monotonicMs + Self.stopMs
        while failure == nil {
            switch producer.flush(timeoutMs: Self.flushMs) {
            case .delivered:
                acknowledge()
                return true
            case .failed: return false
            case .outstanding:
                noteWaiting()
                if program.stop.isRequested, Clock.monotonicMs > giveUpMs { return false }
            }
        }
        return false
    }

    /// Writes how many events of each function were acknowledged.
    func writeCounts(to file: String) throws {
        var lines = ["customer,service,function,invocations"]
        var counted: [FunctionID: Int] = [:]
        // A function that had several triggers has several numbers.
        for (number, count) in acknowledged {
            if let route = routes[number] { counted[route.function, default: 0] += count }
        }
        for (id, count) in counted.sorted(by: { $0.key < $1.key }) {
            let names = [id.service.customer, id.service.service, id.function].map(csvField)
            lines.append(names.joined(separator: ",") + ",\(count)")
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(
            to: URL(filePath: file), options: .atomic)
    }

    /// - Returns: false when a stop or a failure came first.
    private func settle() -> Bool {
        while failure == nil, !program.stop.isRequested {
            if producer.flush(timeoutMs: Self.flushMs) == .delivered {
                acknowledge()
                return true
            }
            noteWaiting()
        }
        return false
    }

    /// - Returns: false when a stop or a failure came first.
    private func makeRoom() -> Bool {
        if producer.sent % Self.pollEvery == 0 { poll() }
        guard producer.outstanding >= Self.underWayMax else { return true }
        let since = Clock.monotonicMs
        while producer.outstanding >= Self.underWayMax {
            guard failure == nil, !program.stop.isRequested else { return false }
            poll()
            program.stop.sleep(ms: 1)
            if Clock.monotonicMs - since > Int64(Self.flushMs) { noteWaiting() }
        }
        program.health.isReady("kafka")
        return true
    }

    private func acknowledge() {
        guard !underWay.isEmpty else { return }
        published.add(Double(underWay.values.reduce(0, +)), form.topic)
        acknowledged.merge(underWay, uniquingKeysWith: +)
        underWay.removeAll(keepingCapacity: true)
        program.health.isReady("kafka")
    }

    private func noteWaiting() {
        program.health.waits(
            for: "kafka", "waiting for kafka: \(producer.outstanding) messages under way")
    }

    private func route(of profile: FunctionProfile) -> Route {
        if let known = routes[profile.number] { return known }
        let path = profile.id.service.path
        let route = Route(
            function: profile.id, partition: Topics.partition(ofKey: path, among: form.partitions),
            key: Array(path.utf8))
        routes[profile.number] = route
        return route
    }
}

/// Quoted where a trace's name needs it (RFC 4180); by bytes, as its readers look at it.
private func csvField(_ name: String) -> String {
    guard name.utf8.contains(where: { "\",\r\n".utf8.contains($0) }) else { return name }
    var field: [UInt8] = [UInt8(ascii: "\"")]
    for byte in name.utf8 {
        if byte == UInt8(ascii: "\"") { field.append(byte) }
        field.append(byte)
    }
    return String(decoding: field + [UInt8(ascii: "\"")], as: UTF8.self)
}
