import Foundation
import TestSupport

@testable import Brokerage

/// Apache Kafka's own tools, which check themselves, with the Java clients of Kafka 4.
enum JavaPrograms {
    static let all = few + more
    /// Those that find most for their time: a tool takes seconds to start.
    static let few = [verifiable, copier]
    static let more = [topics, performance, groups]

    /// - Returns: what it wrote to its standard output, in lines.
    private static func run(
        _ site: Site, _ tool: String, _ arguments: [String], servers: String = "--bootstrap-server"
    ) throws -> [String] {
        guard let script = RealKafka.script else { throw Stuck("no Apache Kafka") }
        let command = tool.contains(".") ? "java" : "tool"
        let outcome = try ChildProcess.run(
            script, [command, tool, servers, site.servers] + arguments,
            environment: ["LC_ALL": "C", "JAVA_TOOL_OPTIONS": quickStart], within: .seconds(120))
        guard outcome.ending == .exited(0) else {
            let said = outcome.output + outcome.error
            throw Stuck("\(tool) \(arguments): \(outcome.ending): \(said)")
        }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    /// A tool runs for a second or two: what takes long to pay off is left out.
    private static let quickStart = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"

    private static let groupCommand = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"

    private static let topics = Program(
        "TopicCommand, ConfigCommand and DeleteRecordsCommand",
        sees: [
            "Created topic T.", "listed true",
            "Topic: T PartitionCount: 2 ReplicationFactor: 1 Configs: retention.ms=3600000",
            "Topic: T Partition: 0 Leader: 1 Replicas: 1 Isr: 1",
            "Topic: T Partition: 1 Leader: 1 Replicas: 1 Isr: 1",
            "Completed updating config for topic T.",
            "cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:"
                + "cleanup.policy=compact,delete, DEFAULT_CONFIG:log.cleanup.policy=delete}",
            "T:0:10 T:1:0 T:2:0", "latest T:0:9", "partition: T-0 low_watermark: 4",
            "T:0:4 T:1:0 T:2:0", "sizes of 3 partitions", "deleted",
        ]
    ) { site in
        let topic = site.name("java-topics")
        func topicCommand(_ arguments: String...) throws -> [String] {
            try run(site, "TopicCommand", arguments + ["--topic", topic])
        }
        var seen = try topicCommand(
            "--create", "--partitions", "2", "--config", "retention.ms=3600000")
        seen.append("listed \(try run(site, "TopicCommand", ["--list"]).contains(topic))")
        // Ids of topics, and replicas that may be elected, are Kafka 4's; minimal replicas are
        // told by Kafka as if they were set on the topic.
        seen += try topicCommand("--describe").map { line in
            line.split(separator: "\t").filter { field in
                !["TopicId:", "Elr:", "LastKnownElr:"].contains { field.hasPrefix($0) }
            }.map { $0.trimming() }.joined(separator: " ")
                .replacing("min.insync.replicas=1,", with: "")
        }
        _ = try topicCommand("--alter", "--partitions", "3")
        let resource = ["--entity-type", "topics", "--entity-name", topic]
        seen += try run(
            site, "kafka.admin.ConfigCommand",
            ["--alter", "--add-config", "cleanup.policy=[compact,delete]"] + resource)
        try WireClient(site).awaitLeader(of: topic, partitions: 3)
        let described = try run(site, "kafka.admin.ConfigCommand", ["--describe"] + resource)
        seen += described.filter { $0.contains("cleanup.policy") }.map { $0.trimming() }
        for index in 0..<10 {
            var batch = Batch(["v"])
            batch.records[0].timestampMs = Clock.wallMs() - 1_000 + Int64(index)
            _ = try WireClient(site).produce(topic, batch.bytes)
        }
        let offsets = ["--topic", topic]
        seen.append(try run(site, "GetOffsetShell", offsets).joined(separator: " "))
        let latest = try run(site, "GetOffsetShell", offsets + ["--time", "max-timestamp"])
        seen.append("latest \(latest.joined(separator: " "))")
        let file = NSTemporaryDirectory() + "offsets-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try "{\"version\":1,\"partitions\":[{\"topic\":\"\(topic)\",\"partition\":0,\"offset\":4}]}"
            .write(toFile: file, atomically: true, encoding: .utf8)
        let deleted = try run(site, "DeleteRecordsCommand", ["--offset-json-file", file])
        seen += deleted.filter { $0.contains("watermark") }.map { $0.replacing("\t", with: " ") }
        let starts = try run(site, "GetOffsetShell", offsets + ["--time", "earliest"])
        seen.append(starts.joined(separator: " "))
        let folders = try run(site, "LogDirsCommand", ["--describe", "--topic-list", topic])
        let sizes = folders.joined().split(separator: "\"size\":").count - 1
        seen.append("sizes of \(sizes) partitions")
        _ = try topicCommand("--delete")
        try await_("the deletion") { try WireClient(site).metadata(topic).code != 0 }
        return (seen + ["deleted"]).map { $0.replacing(topic, with: "T") }
    }

    private static let verifiable = Program(
        "VerifiableProducer and VerifiableConsumer",
        sees: [
            "sent 3000, acked 3000", "log of 3000", "consumed 3000, each once",
            "committed 3000", "revoked all at the end: true",
        ]
    ) { site in
        let topic = site.name("java-verifiable")
        try WireClient(site).create(topic, partitions: 3)
        let produced = try run(
            site, "VerifiableProducer",
            ["--topic", topic, "--max-messages", "3000", "--throughput", "-1", "--acks", "-1"])
        let summary = produced.last { $0.contains("tool_data") } ?? ""
        var seen = ["sent \(number("sent", summary)), acked \(number("acked", summary))"]
        let ends = try run(site, "GetOffsetShell", ["--topic", topic])
        let total = ends.compactMap { $0.split(separator: ":").last.flatMap { Int($0) } }
        seen.append("log of \(total.reduce(0, +))")
        let consumed = try run(
            site, "VerifiableConsumer",
            [
                "--topic", topic, "--group-id", topic, "--max-messages", "3000",
                "--reset-policy", "earliest", "--verbose",
            ])
        let records = consumed.filter { $0.contains("\"record_data\"") }
        let places = Set(records.map { "\(number("partition", $0)) \(number("offset", $0))" })
        let isOnce = places.count == records.count
        seen.append("consumed \(records.count), each \(isOnce ? "once" : "not once")")
        let consumer = try RecordConsumer(site, ["group.id": topic])
        let committed = try consumer.committed(topic, [0, 1, 2]).filter { $0 > 0 }.reduce(0, +)
        seen.append("committed \(committed)")
        seen.append("revoked all at the end: \(consumed.contains { $0.contains("revoked") })")
        return seen
    }

    private static let copier = Program(
        "TransactionalMessageCopier, with aborts at random, in groups and out of them",
        sees: ["alone: 500 of 500, in order", "in a group: 500 of 500, in order"]
    ) { site in
        let input = site.name("java-input")
        let wire = try WireClient(site)
        try wire.create(input)
        let producer = try RecordProducer(site)
        for index in 0..<500 { try producer.send(Sent("k", "\(index)"), to: input) }
        try producer.flush()
        return try [("alone", [String]()), ("in a group", ["--group-mode"])].map { what, mode in
            let output = site.name("java-output")
            try wire.create(output)
            _ = try run(
                site, "TransactionalMessageCopier",
                [
                    "--transactional-id", output, "--input-topic", input, "--input-partition", "0",
                    "--output-topic", output, "--consumer-group", output, "--max-messages", "500",
                    "--transaction-size", "50", "--enable-random-aborts",
                ] + mode, servers: "--broker-list")
            let reader = try RecordConsumer(site, ["isolation.level": "read_committed"])
            let values = try reader.readAll(output).map { record in
                String(decoding: record.value ?? [], as: UTF8.self)
            }
            let isInOrder = values == (0..<500).map { "\($0)" }
            return "\(what): \(values.count) of 500, \(isInOrder ? "in order" : "not in order")"
        }
    }

    private static let performance = Program(
        "ProducerPerformance and ConsumerPerformance",
        sees: ["50000 records sent", "log of 50000", "50000 records read"]
    ) { site in
        let topic = site.name("java-performance")
        try WireClient(site).create(topic, partitions: 4)
        let produced = try run(
            site, "ProducerPerformance",
            [
                "--topic", topic, "--num-records", "50000", "--record-size", "200",
                "--throughput", "-1", "--command-property", "compression.type=lz4",
            ])
        let sent = produced.last?.split(separator: ",").first.map(String.init) ?? "nothing"
        let ends = try run(site, "GetOffsetShell", ["--topic", topic])
        let total = ends.compactMap { $0.split(separator: ":").last.flatMap { Int($0) } }
        let read = try run(
            site, "ConsumerPerformance",
            ["--topic", topic, "--num-records", "50000", "--timeout", "30000"])
        // Start, end, megabytes, megabytes a second, records, and so on.
        let fields = read.last?.split(separator: ",").map { $0.trimming() } ?? []
        return [
            sent, "log of \(total.reduce(0, +))",
            "\(fields.count > 4 ? fields[4] : "?") records read",
        ]
    }

    private static let groups = Program(
        "ConsumerGroupCommand",
        sees: [
            "Empty classic", "T 0 7 10 3", "T 0 2", "T 0 2 10 8", "T 0 Successful",
            "deleted true", "listed false",
        ]
    ) { site in
        let topic = site.name("java-groups")
        let wire = try WireClient(site)
        try wire.create(topic)
        let producer = try RecordProducer(site)
        for index in 0..<10 { try producer.send(Sent("k", "\(index)"), to: topic) }
        try producer.flush()
        let (group, other) = (site.name("java-group"), site.name("java-group"))
        for name in [group, other] {
            let consumer = try RecordConsumer(site, ["group.id": name])
            _ = consumer.commit([Place(topic: topic, partition: 0, offset: 7)])
        }
        func command(_ arguments: [String]) throws -> [[String]] {
            try run(site, groupCommand, arguments).map { line in
                line.split(separator: " ").map(String.init)
            }
        }
        func row(_ words: [[String]], _ name: String, _ columns: ClosedRange<Int>) -> String {
            let row = words.first { $0.contains(name) && $0.count > columns.upperBound }
            return row?[columns].joined(separator: " ") ?? "none of \(words)"
        }
        var seen: [String] = []
        let states = try command(["--list", "--state"])
        let type = try command(["--list", "--type"])
        seen.append("\(row(states, group, 1...1)) \(row(type, group, 1...1).lowercased())")
        seen.append(row(try command(["--describe", "--group", group]), topic, 1...5))
        let reset = ["--reset-offsets", "--to-offset", "2", "--execute", "--topic", topic]
        seen.append(row(try command(reset + ["--group", group]), topic, 1...3))
        seen.append(row(try command(["--describe", "--group", group]), topic, 1...5))
        let forgotten = try command(["--delete-offsets", "--topic", topic, "--group", group])
        seen.append(row(forgotten, topic, 0...2))
        let deleted = try run(site, groupCommand, ["--delete", "--group", other])
        seen.append("deleted \(deleted.contains { $0.contains("successful") })")
        seen.append("listed \(try command(["--list"]).contains([other]))")
        return seen.map { $0.replacing(topic, with: "T") }
    }

    /// The number after a name in a line of JSON.
    private static func number(_ name: String, _ line: String) -> Int {
        let rest = line.split(separator: "\"\(name)\":").dropFirst().first ?? ""
        return Int(rest.prefix { $0.isNumber }) ?? -1
    }
}
