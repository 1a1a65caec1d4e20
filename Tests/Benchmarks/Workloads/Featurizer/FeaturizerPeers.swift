internal import Foundation
internal import Kafka
internal import TestSupport
internal import Topics

/// The featurizer beside what people would pick instead, on the same topic of the same broker. Ours
/// alone keeps a checkpoint in PostgreSQL meanwhile; CPU seconds are of whole processes, from their
/// start on.
extension FeaturizerBenchmark {
    private static let ratioTarget = 5.0

    /// What a peer said of itself, or what is missing for it.
    private enum Outcome {
        case took(events: Int, seconds: Double, cpuSeconds: Double)
        case skipped(String)
    }

    func measurePeers(_ tell: (String) -> Void) throws -> ReportTable {
        let size = options.size
        let events = min(size.events, size.peerEventsMax)
        var table = ReportTable(
            "Peers on the same topic, \(grouped(events)) events of "
                + "\(grouped(size.functionCounts[0])) functions, JSON",
            ["program", "broker", "events/s", "events/CPU s", "ours to it (target)"])
        func compare(_ servers: String, broker: String, peer: String, _ run: () throws -> Outcome)
            throws
        {
            let outcome = try run()
            guard case .took(let count, let seconds, let cpuSeconds) = outcome else {
                if case .skipped(let why) = outcome { table.notes.append("\(peer): \(why)") }
                return
            }
            let peers = Taken(seconds: seconds, cpuSeconds: cpuSeconds)
            tell("\(peer): \(count) events, \(rounded(seconds)) s, CPU \(rounded(cpuSeconds)) s")
            let ours = try takeAll(servers, events)
            let ratio = ours.perCPUSecond(events) / peers.perCPUSecond(count)
            table.add([
                "featurizer", broker, grouped(ours.perSecond(events)),
                grouped(ours.perCPUSecond(events)), "",
            ])
            table.add([
                peer, broker, grouped(peers.perSecond(count)),
                grouped(peers.perCPUSecond(count)),
                "\(times(ratio)) (\(times(Self.ratioTarget)))",
            ])
        }
        if RealKafka.isInstalled {
            let kafka = try RealKafka(heap: "1g")
            defer { kafka.stop() }
            let servers = kafka.bootstrapServers
            _ = try topic(servers, events).fill()
            try compare(servers, broker: "Apache Kafka", peer: "Kafka Streams") {
                try runStreams(kafka, events)
            }
        } else {
            table.notes.append("Kafka Streams: skipped, no ../shared/kafka/kafka, or no java.")
        }
        try withBroker { servers in
            let contents = try topic(servers, events).fill()
            try compare(servers, broker: "embedded", peer: "Python, polars") {
                try runPython(servers, events, shapes: contents.pairs)
            }
        }
        return table
    }

    private func topic(_ servers: String, _ events: Int) -> InvocationTopic {
        InvocationTopic(
            servers: servers, form: .json, events: events,
            functions: options.size.functionCounts[0])
    }

    /// Ours, with the CPU time since its start, as the peers count it.
    private func takeAll(_ servers: String, _ events: Int) throws -> Taken {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            let kept = try KeptByFeaturizer(url)
            let process = try startFeaturizer(servers: servers, databaseURL: url)
            defer { process.stop() }
            try process.waitUntilItOwns()
            let began = ContinuousClock.now
            try kept.waitUntilKept(events, by: process)
            return Taken(
                seconds: (ContinuousClock.now - began).seconds,
                cpuSeconds: try process.cpuSeconds())
        }
    }

    /// `kafka-streams threads=1 at_least_once events=N bad=N S s N events/s cpu S s`
    private func runStreams(_ kafka: RealKafka, _ events: Int) throws -> Outcome {
        guard let script = RealKafka.script else { return .skipped("skipped, no script") }
        _ = try Admin(bootstrapServers: kafka.bootstrapServers).createTopics(
            [.init("\(Topic.invocations.name)-peer-shapes", partitions: 16)], timeoutMs: 30_000)
        let run = try ChildProcess.run(
            script, ["peer", kafka.bootstrapServers, Topic.invocations.name, "\(events)"],
            within: .seconds(600))
        let words = run.output.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let line = words.firstIndex(of: "kafka-streams"), words.count >= line + 11,
            let count = Int(words[line + 3].dropFirst("events=".count)),
            let seconds = Double(words[line + 5]), let cpuSeconds = Double(words[line + 10])
        else { throw Failed(description: "Kafka Streams: \(run.output)\(run.error.suffix(2_000))") }
        guard count >= events, words[line + 4] == "bad=0" else {
            throw Failed(description: "Kafka Streams: \(run.output)")
        }
        return .took(events: count, seconds: seconds, cpuSeconds: cpuSeconds)
    }

    /// What `peers/consume.py` prints: one JSON object.
    private struct PythonReport: Decodable {
        let events: Int
        let shapes: Int
        let seconds: Double
        let cpu_seconds: Double
    }

    private func runPython(
        _ servers: String, _ events: Int, shapes: Int
    ) throws -> Outcome {
        let folder = "\(Products.packageFolder)/Tests/Benchmarks/peers"
        let environment = "\(Products.packageFolder)/.build/peers-python"
        let run = try ChildProcess.run(
            "\(folder)/run", [environment, servers, Topic.invocations.name, "\(events)"],
            within: .seconds(1_200))
        // 3: what it needs could not be installed.
        if run.ending == .exited(3) { return .skipped("skipped, \(run.error.suffix(300))") }
        guard run.ending == .exited(0),
            let line = run.output.split(separator: "\n").last,
            let report = try? JSONDecoder().decode(PythonReport.self, from: Data(line.utf8)),
            report.events == events, report.shapes == shapes
        else { throw Failed(description: "\(run.output)\(run.error.suffix(2_000))") }
        return .took(
            events: report.events, seconds: report.seconds, cpuSeconds: report.cpu_seconds)
    }
}
