import Allocation
import Featurization
import Foundation
import Kafka
import Postgres
import Prediction
import Processing
import RepresentationLearning
import TestSupport
import Testing
import Topics

/// An Apache Kafka that lets in by password or certificate over TLS, and then allows what its ACLs
/// say: those of `compose/kafka/acls.sh`.
@Suite(
    .serialized, .timeLimit(.minutes(6)),
    .enabled(
        if: RealKafka.isInstalled && ThrowawayPostgres.isInstalled && EmbeddedBroker.isBuilt,
        "needs ../shared/kafka, Java and PostgreSQL"))
struct `Apache Kafka with its doors closed` {
    @Test func `has all stages work, and none of them do more`() throws {
        let kafka = try ClosedKafka()
        defer { kafka.stop() }
        try ThrowawayPostgres.withProvisionedDatabase { url in
            let line = ClosedLine(kafka, url)
            defer { line.stop() }
            // Before there is a topic or an ACL: it waits, and says for what.
            try line.start("featurizer")
            #expect(
                eventually {
                    line.said.contains("compose/kafka/topics.sh")
                        && line.said.contains("invocations")
                }, "\(line.said)")
            try kafka.open()
            for stage in ["learner", "predictor", "allocator"] { try line.start(stage) }
            try line.start(
                "fleet",
                ["generate", "--speed", "1200", "--functions", "16", "--seed", "3", "--days", "1"])
            for (question, what) in ClosedLine.questions {
                #expect(line.answers(question, within: .seconds(60)), "\(what): \(line.said)")
            }
            #expect(line.isAlive, "\(line.said)")
            // All nine topics but `rejections` and, this soon, `models` hold something.
            let written = try kafka.written()
            let expected = Set(Topic.all.map(\.name)).subtracting(["rejections", "models"])
            #expect(expected.subtracting(written) == [])
            #expect(!line.said.contains(ClosedKafka.mark))
            line.stop()

            let tries = try Doors.tryAll(kafka)
            #expect(tries.filter { !$0.isRefused }.map(\.description) == [])
            // Six processes, nine topics to read and to write, and four groups, less what is allowed.
            let allowed = ClosedKafka.table.values.reduce(0) { $0 + $1.count }
            #expect(tries.count == 6 * (9 + 9 + 4) - allowed)
            try expectClosedDoors(kafka, url)
        }
    }

    private func expectClosedDoors(_ kafka: ClosedKafka, _ url: String) throws {
        // The wrong password, the wrong CA, no TLS, and mTLS without a certificate.
        let ways: [([String: String], says: String)] = [
            (
                [
                    "KAFKA_SASL_PASSWORD": ClosedKafka.mark + "-wrong",
                    "KAFKA_SASL_PASSWORD_FILE": "",
                ], "authentication"
            ),
            (
                ["KAFKA_SSL_CA_LOCATION": try Certificates().folder + "/other.pem"],
                "certificate verify"
            ),
            (["KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"], "waiting"),
            (
                [
                    "KAFKA_BOOTSTRAP_SERVERS": kafka.certifiedServers,
                    "KAFKA_SECURITY_PROTOCOL": "SSL",
                ], "waiting"
            ),
        ]
        let programs = try ways.map { way, says in
            let all = kafka.environment("featurizer").merging(["DATABASE_URL": url]) { $1 }
            return (try Running("featurizer", environment: all.merging(way) { $1 }), says)
        }
        defer { for (program, _) in programs { program.process.kill() } }
        for (program, says) in programs {
            #expect(
                eventually { program.said.lowercased().contains(says) }, "\(says): \(program.said)")
            let port = try #require(program.port())
            let state = try #require(fetch(port, "/ready"))
            #expect(state.status == 503 && !state.body.contains(ClosedKafka.mark))
            #expect(!program.said.contains(ClosedKafka.mark))
        }
        // With its certificate the operator gets in, and may do what an operator does.
        let certified = kafka.certified
        #expect(try Doors.refusalToWrite("services", certified) == nil)
        #expect(try Doors.refusalToWrite("shapes", certified)?.code == Doors.topicRefused)
        #expect(try Doors.refusalToRead("rejections", certified) == nil)
        #expect(try Doors.refusalToRead("invocations", certified) == Doors.topicRefused)
        var without = certified
        without.settings["ssl.certificate.location"] = nil
        without.settings["ssl.key.location"] = nil
        #expect(throws: KafkaError.self) {
            try Admin(without).partitionCounts(timeoutMs: 3_000)
        }
    }
}

/// What the scripts for operators say, held against the code.
@Suite struct `The scripts for Kafka` {
    @Test func `allow each stage what it reads and writes`() throws {
        func check<Run: Stage>(_ stage: Run.Type, _ name: String) throws {
            let allowed = try #require(ClosedKafka.table[name])
            #expect(allowed.reads == Set((Run.inputs + Run.broadcasts).map(\.name)))
            #expect(allowed.groups == [name])
        }
        try check(FeaturizerStage.self, "featurizer")
        try check(LearnerStage.self, "learner")
        try check(PredictorStage.self, "predictor")
        try check(AllocatorStage.self, "allocator")
        for (name, allowed) in ClosedKafka.table {
            let said = try script("acls.sh").filter { $0.contains("User:\(name) ") }
            for (operation, topics, groups) in [
                ("Read", allowed.reads, allowed.groups), ("Write", allowed.writes, []),
            ] {
                let line = try #require(said.first { $0.contains("--operation \(operation) ") })
                #expect(words(after: "--topic", in: line) == topics)
                #expect(words(after: "--group", in: line) == groups)
            }
            #expect(said.count == 2)
        }
    }

    @Test func `make the topics as the processes do`() throws {
        let lines = try script("topics.sh")
        #expect(lines.count == Topic.all.count)
        for (line, topic) in zip(lines, Topic.all) {
            #expect(words(after: "--topic", in: line) == [topic.name])
            #expect(words(after: "--partitions", in: line) == ["\(topic.partitions(keyed: 16))"])
            var settings: Set<String> = [
                "cleanup.policy=\(topic.cleanup.rawValue)",
                "max.message.bytes=\(Topic.messageBytesMax)",
            ]
            if topic.cleanup != .compact { settings.insert("retention.ms=\(topic.retentionMs)") }
            #expect(words(after: "--config", in: line) == settings)
        }
    }

    /// The commands that it prints.
    private func script(_ name: String) throws -> [String] {
        let outcome = try ChildProcess.run(
            "/bin/bash",
            ["\(Products.packageFolder)/compose/kafka/\(name)", "--bootstrap-server", "x:1"],
            within: .seconds(20))
        #expect(outcome.ending == .exited(0), "\(outcome.error)")
        return outcome.output.split(separator: "\n").map { String($0).replacing("\\", with: "") }
    }

    private func words(after option: String, in line: String) -> Set<String> {
        let words = line.split(separator: " ").map(String.init)
        return Set(zip(words, words.dropFirst()).filter { $0.0 == option }.map(\.1))
    }
}
