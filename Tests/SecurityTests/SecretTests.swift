import Foundation
import Postgres
import TestSupport
import Testing

/// Passwords that are marked, so that they are found wherever a program lets one go.
@Suite(
    .serialized,
    .enabled(if: ThrowawayPostgres.isInstalled && EmbeddedBroker.isBuilt, "needs PostgreSQL"))
struct `A secret` {
    /// No run of letters of it may turn up, nor what follows the characters that end a password in
    /// a URL.
    private static let mark = "Hunter2Hunter2"

    private static let stages = ["featurizer", "learner", "predictor", "allocator"]

    @Test func `is refused as an argument, by a message that names what to do`() throws {
        let flags = [
            "--database-url", "--database-password", "--kafka-sasl-password",
            "--kafka-ssl-key-password", "--kafka-ssl-key-pem", "--kafka-ssl-keystore-password",
            "--kafka-sasl-oauthbearer-client-secret",
        ]
        for flag in flags {
            for arguments in [[flag, Self.mark], ["\(flag)=\(Self.mark)"]] {
                let program = try Running("learner", arguments)
                #expect(program.process.wait(within: .seconds(20)) == .exited(2))
                let variable = flag.dropFirst(2).uppercased().replacing("-", with: "_")
                #expect(program.said.contains(variable) && program.said.contains("\(flag)-file"))
                #expect(!program.said.contains(Self.mark))
            }
        }
    }

    @Test(arguments: [
        "postgresql://u:\(mark)/x@h/d", "postgresql://u:\(mark)@1@h/d",
        "postgresql://u:1@\(mark)@h/d", "postgresql://u:x/\(mark)@h/d",
        "postgresql://u:1#\(mark)@h/d",
        "postgresql://u:%zz\(mark)@h/d", "postgresql://u:p@h/d?\(mark)",
        "postgresql://u:p@h/d?\(mark)=1",
        "postgresql://[\(mark)", "host=h password='\(mark)", "host=h password=a \(mark)",
        "password=\(mark) port=\(mark) host=h",
    ])
    func `is not repeated where the URL that holds it is malformed`(url: String) throws {
        do throws(PostgresError) {
            _ = try Session(url)
            Issue.record("a session with \(url)")
        } catch {
            #expect(!"\(error)".contains(Self.mark))
            #expect(!error.description.isEmpty)
        }
    }

    @Test func `in the environment or a file is in no help, no message, no page and no log`() throws
    {
        let server = try ProvisionedServer.shared()
        let wrong = "\(newFolder("secret"))/wrong"
        try (Self.mark + "\n").write(toFile: wrong, atomically: true, encoding: .utf8)
        let ways = [
            ["DATABASE_URL": server.url(of: "dashboard"), "DATABASE_PASSWORD": Self.mark],
            ["DATABASE_URL": server.url(of: "dashboard"), "DATABASE_PASSWORD_FILE": wrong],
            [
                "DATABASE_URL":
                    "postgresql://dashboard:\(Self.mark)@localhost:\(server.server.port)/antiphase"
            ],
        ]
        for way in ways {
            let environment = way.merging(
                [
                    "DASHBOARD_PORT": "0", "LOG_LEVEL": "debug", "DATABASE_SSLMODE": "verify-full",
                    "DATABASE_SSLROOTCERT": "\(server.certificates)/ca.pem",
                ]) { $1 }
            let program = try Running("dashboard", environment: environment)
            defer { program.process.kill() }
            let port = try #require(program.port(), "\(program.said)")
            #expect(
                eventually { program.said.contains("password authentication failed") },
                "\(program.said)")
            let pages = ["/", "/ready", "/health", "/metrics", "/workers", "/events"].map {
                fetch(port, $0, bytesMax: $0 == "/events" ? 500 : 1 << 20)?.body ?? ""
            }
            #expect(pages.allSatisfy { !$0.isEmpty && !$0.contains(Self.mark) })
            #expect(!program.said.contains(Self.mark))
            let help = try Running("dashboard", ["--help"], environment: environment)
            #expect(help.process.wait(within: .seconds(20)) == .exited(0))
            #expect(help.said.contains("DATABASE_PASSWORD_FILE") && !help.said.contains(Self.mark))
        }
    }

    @Test func `of Kafka is in no message of a process that cannot get in`() throws {
        // Nobody speaks TLS at the address of the embedded broker.
        let broker = try EmbeddedBroker()
        defer { broker.kill() }
        let programs = try (Self.stages + ["fleet", "bridge"]).map { ($0, try start($0, broker)) }
        defer { for (_, program) in programs { program.process.kill() } }
        for (name, program) in programs { try expectSilence(name, program) }
    }

    private func start(_ name: String, _ broker: EmbeddedBroker) throws -> Running {
        let environment = [
            "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrapServers, "LOG_LEVEL": "debug",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "PLAIN",
            "KAFKA_SASL_USERNAME": name, "KAFKA_SASL_PASSWORD": Self.mark,
            "KAFKA_SSL_KEY_PASSWORD": Self.mark, "KAFKA_DEBUG": "security,broker",
            "DATABASE_URL": "postgresql://x:\(Self.mark)@127.0.0.1:\(freePort())/x",
        ]
        return try Running(
            name, name == "fleet" ? ["generate"] : [], environment: environment)
    }

    private func expectSilence(_ name: String, _ program: Running) throws {
        let port = try #require(program.port(), "\(program.said)")
        #expect(eventually { program.said.contains("\"waiting\"") }, "\(name): \(program.said)")
        #expect(program.said.lowercased().contains("ssl"), "\(program.said)")
        let state = try #require(fetch(port, "/ready"))
        #expect(state.status == 503 && state.body.contains("kafka"))
        let metrics = fetch(port, "/metrics")?.body ?? Self.mark
        let command = try String(
            contentsOfFile: "/proc/\(program.process.processID)/cmdline", encoding: .utf8)
        for text in [state.body, metrics, command, program.said] {
            #expect(!text.contains(Self.mark))
        }
    }

    @Test func `given twice, or in a file that is not there, is an error that names the source`()
        throws
    {
        let cases: [(environment: [String: String], arguments: [String], said: String)] = [
            (["DATABASE_PASSWORD": Self.mark, "DATABASE_PASSWORD_FILE": "/x"], [], "both set"),
            (["KAFKA_SASL_PASSWORD": Self.mark, "KAFKA_SASL_PASSWORD_FILE": "/x"], [], "both set"),
            (["DATABASE_PASSWORD_FILE": "/no/such"], [], "DATABASE_PASSWORD_FILE names the file"),
            ([:], ["--kafka-sasl-password-file", "/no/such"], "--kafka-sasl-password-file names"),
            ([:], ["--database-url-file", "/dev/null"], "it is empty"),
        ]
        for (environment, arguments, expected) in cases {
            let program = try Running("learner", arguments, environment: environment)
            #expect(program.process.wait(within: .seconds(20)) == .exited(2))
            #expect(program.said.contains(expected), "\(program.said)")
            #expect(!program.said.contains(Self.mark))
        }
    }

    @Test
    func `or any other property of librdkafka that is wrong is named, and the nearest with it`()
        throws
    {
        let cases: [(variable: String, value: String, said: [String])] = [
            (
                "KAFKA_SECURITY_PROTOCL", "SSL",
                ["KAFKA_SECURITY_PROTOCL", "KAFKA_SECURITY_PROTOCOL"]
            ),
            ("KAFKA_SECURITY_PROTOCOL", "TSL", ["KAFKA_SECURITY_PROTOCOL", "TSL"]),
            ("KAFKA_FETCH_MIN_BYTES", "0", ["KAFKA_FETCH_MIN_BYTES", "fetch.min.bytes"]),
            ("KAFKA_ACKS", "0", ["acks", "program sets"]),
            ("KAFKA_GROUP_ID", "x", ["group.id", "program sets"]),
            ("KAFKA_ENABLE_AUTO_COMMIT", "true", ["enable.auto.commit", "PostgreSQL"]),
        ]
        for (variable, value, expected) in cases {
            let byVariable = try Running("featurizer", environment: [variable: value])
            #expect(byVariable.process.wait(within: .seconds(20)) == .exited(2))
            for word in expected { #expect(byVariable.said.contains(word), "\(byVariable.said)") }
            let flag = "--" + variable.lowercased().replacing("_", with: "-")
            let byFlag = try Running("featurizer", [flag, value])
            #expect(byFlag.process.wait(within: .seconds(20)) == .exited(2))
            #expect(byFlag.said.contains(flag), "\(byFlag.said)")
        }
        // What Kafka's scripts and Kubernetes leave in an environment is not ours.
        let foreign = [
            "KAFKA_HEAP_OPTS": "-Xmx1g", "KAFKA_SERVICE_HOST": "10.0.0.1",
            "KAFKA_PORT_9092_TCP_ADDR": "10.0.0.1", "KAFKA_HOME": "/opt/kafka",
        ]
        let help = try Running("featurizer", ["--help"], environment: foreign)
        #expect(help.process.wait(within: .seconds(20)) == .exited(0))
        let started = try Running("featurizer", environment: foreign)
        defer { started.process.kill() }
        #expect(started.port() != nil, "\(started.said)")
    }

    @Test func `of SCRAM is said to be of no use with this librdkafka, and what heals it`() throws {
        let help = try Running("featurizer", ["--help"])
        #expect(help.process.wait(within: .seconds(20)) == .exited(0))
        let words = help.said.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("SCRAM") && words.contains("2.6.1"))
    }
}
