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

/// The processes, each with the password of its name.
final class ClosedLine {
    private let kafka: ClosedKafka
    private let url: String
    private var running: [Running] = []
    private var session: Session?

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
            // A session a question would be work for the whole machine.
            usleep(100_000)
            if session == nil { session = try? Session(url) }
            // Tables that are not there yet are an error.
            let rows = try? session?.execute(question)
            return (rows?[0][0] ?? 0) as Int64 > 0
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
