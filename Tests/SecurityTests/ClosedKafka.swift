import Foundation
import Kafka
import Postgres
import TestSupport
import Topics

/// A real Kafka with one listener for passwords and one for certificates, both TLS, and ACLs.
final class ClosedKafka {
    struct Allowed {
        var reads: Set<String>
        var writes: Set<String>
        var groups: Set<String> = []
        var count: Int { reads.count + writes.count + groups.count }
    }

    /// The table of topics: who writes what, who reads what. `fleet` reads its own topics, too: where
    /// it stopped, and which workers it had.
    static let table: [String: Allowed] = [
        "featurizer": Allowed(
            reads: ["invocations"], writes: ["shapes", "rejections"], groups: ["featurizer"]),
        "learner": Allowed(
            reads: ["shapes", "models"], writes: ["representations", "models", "rejections"],
            groups: ["learner"]),
        "predictor": Allowed(
            reads: ["services", "shapes", "representations", "models"],
            writes: ["predictions", "models", "rejections"], groups: ["predictor"]),
        "allocator": Allowed(
            reads: ["workers", "shapes", "representations", "predictions"],
            writes: ["assignments", "rejections"], groups: ["allocator"]),
        "fleet": Allowed(
            reads: ["assignments", "workers", "invocations"],
            writes: ["invocations", "services", "workers"]),
        // By its certificate.
        "operator": Allowed(reads: ["rejections"], writes: ["services"]),
    ]

    static let mark = "Hunter2Hunter2"
    private let kafka: RealKafka
    private let secrets = newFolder("secrets")
    /// Where a client certificate is asked for.
    let certifiedServers: String

    private struct Failure: Error, CustomStringConvertible { let description: String }

    init() throws {
        let certified = freePort()
        certifiedServers = "localhost:\(certified)"
        var options = ["--sasl", "plain", "--tls", "--acl"]
        for name in Self.table.keys.sorted() {
            options += ["--user", "\(name)=\(Self.mark)-\(name)"]
        }
        kafka = try RealKafka(options: options) { clients, controllers in
            let own = "CLIENTS://127.0.0.1:\(clients)"
            let other = "CERTIFIED://127.0.0.1:\(certified)"
            return [
                "listeners=\(own),\(other),CONTROLLER://127.0.0.1:\(controllers)",
                "advertised.listeners=\(own),CERTIFIED://localhost:\(certified)",
                "listener.security.protocol.map="
                    + "CLIENTS:SASL_SSL,CERTIFIED:SSL,CONTROLLER:PLAINTEXT",
                "listener.name.certified.ssl.client.auth=required",
            ]
        }
        for name in Self.table.keys {
            try "\(Self.mark)-\(name)\n".write(
                toFile: "\(secrets)/\(name)", atomically: true, encoding: .utf8)
        }
    }

    func stop() { kafka.stop() }

    /// Makes topics and ACLs by the scripts for operators.
    func open() throws {
        // What `topics.sh` makes is held against the code elsewhere: nine starts of Java cost more
        // than all else here.
        try Admin(superuser).createTopics(
            Topic.all.map {
                .init(
                    $0.name, partitions: Int($0.partitions(keyed: 16)),
                    configuration: ["cleanup.policy": $0.cleanup.rawValue])
            }, timeoutMs: 30_000)
        let acls = try ChildProcess.run(
            "/bin/bash",
            [
                "\(Products.packageFolder)/compose/kafka/acls.sh", "--execute",
                "--bootstrap-server", kafka.bootstrapServers, "--command-config",
                "\(kafka.dataFolder)/java.properties", "--operator", "User:CN=client",
            ],
            environment: [
                "KAFKA_ACLS": "\(kafka.tool) AclCommand",
                // Twelve short lives.
                "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            ], within: .seconds(180))
        guard acls.ending == .exited(0) else { throw Failure(description: acls.error) }
    }

    private var superuser: Cluster {
        var cluster = cluster("antiphase")
        cluster.settings["sasl.password"] = "antiphase-secret"
        return cluster
    }

    /// By a user's password over TLS.
    func cluster(_ name: String) -> Cluster {
        guard name != "operator" else { return certified }
        return Cluster(
            bootstrapServers: kafka.bootstrapServers,
            settings: [
                "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": name,
                "sasl.password": "\(Self.mark)-\(name)",
                "ssl.ca.location": "\(kafka.dataFolder)/ca.pem",
            ])
    }

    /// By the client certificate.
    var certified: Cluster {
        Cluster(
            bootstrapServers: certifiedServers,
            settings: [
                "security.protocol": "SSL", "ssl.ca.location": "\(kafka.dataFolder)/ca.pem",
                "ssl.certificate.location": "\(kafka.dataFolder)/client.pem",
                "ssl.key.location": "\(kafka.dataFolder)/client.key",
            ])
    }

    /// The same as `cluster`, for a process.
    func environment(_ name: String) -> [String: String] {
        [
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrapServers,
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USERNAME": name,
            "KAFKA_SASL_PASSWORD_FILE": "\(secrets)/\(name)",
            "KAFKA_SSL_CA_LOCATION": "\(kafka.dataFolder)/ca.pem",
        ]
    }

    /// The topics that hold something, as the superuser sees it.
    func written() throws -> Set<String> {
        let consumer = try BatchConsumer(BatchConsumer.Options(superuser))
        return Set(
            try Topic.all.map(\.name).filter {
                try consumer.endOffsets(of: $0, timeoutMs: 10_000).contains { $0 > 0 }
            })
    }
}

/// Tries of one client at what others may.
enum Doors {
    static let topicRefused = KafkaError.Code(rawValue: 29)
    static let groupRefused = KafkaError.Code(rawValue: 30)
    /// To whom a topic is not described it is not there.
    static let notShown = KafkaError.Code.unknownTopicOrPartition

    /// - Returns: nil when it was written.
    static func refusalToWrite(_ topic: String, _ cluster: Cluster) throws -> KafkaError? {
        var options = Producer.Options(cluster)
        options.settings = ["message.timeout.ms": "8000"]
        let producer = try Producer(options)
        do throws(KafkaError) {
            try producer.send(to: topic, partition: 0, key: [1], value: Array("{}".utf8))
        } catch {
            return error
        }
        switch producer.flush(timeoutMs: 10_000) {
        case .delivered: return nil
        case .failed(_, let first): return first
        case .outstanding: return producer.takeErrors().last
        }
    }

    /// - Returns: nil when a first answer came.
    static func refusalToRead(_ topic: String, _ cluster: Cluster) throws -> KafkaError.Code? {
        var options = BatchConsumer.Options(cluster)
        options.reportsPartitionEnd = true
        let consumer = try BatchConsumer(options)
        // Who may not even see it is told by the topic's metadata; who sees it, by reading.
        do throws(KafkaError) {
            _ = try consumer.partitionCount(of: topic, timeoutMs: 8_000)
        } catch {
            return error.code == notShown ? topicRefused : error.code
        }
        try consumer.assign([(TopicPartition(topic, 0), .beginning)])
        return try refusal(of: consumer, isMember: false)
    }

    static func refusalToJoin(
        _ group: String, reading topic: String, _ cluster: Cluster
    ) throws -> KafkaError.Code? {
        let consumer = try BatchConsumer(BatchConsumer.Options(cluster, group: group))
        try consumer.subscribe(
            to: [topic], onAssign: { $0.map { _ in .beginning } }, onRevoke: { _, _ in })
        let code = try refusal(of: consumer, isMember: true)
        try consumer.close()
        return code
    }

    /// The first failure that is one of rights.
    private static func refusal(
        of consumer: BatchConsumer, isMember: Bool
    ) throws -> KafkaError.Code? {
        let end = ContinuousClock.now + .seconds(8)
        while ContinuousClock.now < end {
            let answer: (code: KafkaError.Code?, isRead: Bool) = try consumer.withBatch(
                timeoutMs: 100
            ) { batch in
                var read = batch.count > 0
                for event in batch.events {
                    switch event {
                    case .failure(let error, _)
                    where error.code == topicRefused || error.code == groupRefused:
                        return (error.code, false)
                    case .partitionEnd: read = true
                    default: break
                    }
                }
                return (nil, read)
            }
            if let code = answer.code { return code }
            // Kafka gave it partitions; those assigned by hand say nothing.
            if answer.isRead || isMember && !consumer.assignment.isEmpty { return nil }
        }
        return KafkaError.Code.timedOut
    }
}

/// The processes, each with the password of its name.
final class ClosedLine {
    private let kafka: ClosedKafka
    private let url: String
    private var running: [Running] = []

    init(_ kafka: ClosedKafka, _ url: String) {
        self.kafka = kafka
        self.url = url
    }

    static let questions: [(question: String, what: String)] = [
        ("select count(*) from featurizer.functions where invocations > 100", "functions"),
        ("select count(*) from learner.representations", "representations"),
        ("select count(*) from predictor.predictions", "predictions"),
        ("select count(*) from dashboard.assignments where status = 'placed'", "assignments"),
    ]

    func start(_ name: String, _ arguments: [String] = []) throws {
        let more = [
            "DATABASE_URL": url, "CHECKPOINT_INTERVAL_MS": "500",
            "FEATURIZER_QUIET_CLOSE_MS": "2000",
            "LOG_LEVEL": "debug",
        ]
        running.append(
            try Running(name, arguments, environment: kafka.environment(name).merging(more) { $1 }))
    }

    func answers(_ question: String, within limit: Duration) -> Bool {
        eventually(within: limit) {
            guard var session = try? Session(url),
                let count = try? session.execute(question)[0][0] as Int64
            else { return false }
            return count > 0
        }
    }

    var isAlive: Bool { running.allSatisfy(\.process.isRunning) }
    var said: String { running.map { String($0.said.suffix(3_000)) }.joined(separator: "\n") }

    func stop() {
        for program in running { program.process.terminate() }
        for program in running { program.process.wait(within: .seconds(10)) }
        running = []
    }
}
