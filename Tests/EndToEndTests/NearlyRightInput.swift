import Kafka
import Postgres
import TestSupport
import Testing
import Topics

@Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled(if: ThrowawayPostgres.isInstalled && EmbeddedBroker.isBuilt, "needs PostgreSQL"))
struct `A featurizer that is sent what is nearly right` {
    static let messages = 600

    @Test(arguments: [UInt64(1), 2])
    func `folds or rejects every message, and none twice`(seed: UInt64) throws {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            try EmbeddedBroker.withBroker { servers in
                let line = Line(bootstrapServers: servers, databaseURL: url)
                defer { line.killAll() }
                let featurizer = try line.start("featurizer")
                try #expect(waitFor(30) { try line.folded().isEmpty }, "\(line.said)")
                try send(to: servers, seed: seed)
                let sent = Int64(Self.messages)
                try #expect(waitFor(60) { try line.taken() == sent }, "\(line.said)")
                // It is killed, and starts with what it kept of all those names.
                line.kill("featurizer")
                try line.start("featurizer")
                try sendOneMore(to: servers)
                try #expect(waitFor(60) { try line.taken() == sent + 1 }, "\(line.said)")
                #expect(try line.count("featurizer.functions", "invocations") > 30)
                #expect(try line.count("featurizer.rejections", "messages") > 100)
                #expect(line.isAlive, "\(line.said)")
                withExtendedLifetime(featurizer) {}
            }
        }
    }

    private static let invocation = Invocation(
        customer: "acme", service: "shop", function: "checkout", invocation: "28efe333-4752",
        startedAtMs: 1_574_000_000_123, durationMs: 81.25, cpuMs: 44.5, memoryMb: 128,
        memoryPeakMb: 94.4, initMs: 212.5, deadlineMs: 30_000, trigger: "http",
        runtime: "python3.12", worker: "worker-3", outcome: .success)

    private static let record = """
        {"time":"2019-11-17T14:13:20.123Z","type":"platform.report","record":{\
        "requestId":"79b4f56e-95b1-4643-9700-2807f4e68189","status":"success","metrics":{\
        "durationMs":101.51,"memorySizeMB":512,"maxMemoryUsedMB":33,"initDurationMs":116.67}}}
        """

    private func send(to servers: String, seed: UInt64) throws {
        let producer = try Producer(Producer.Options(bootstrapServers: servers))
        let json = Mutator(
            corpus: [Self.invocation.encodedJSON()],
            dictionary: ["\"function\":\"", "\"trigger\":\"", "\\u0000", "\\u0301"])
        let protobuf = Mutator(corpus: [Self.invocation.encodedProtobuf()])
        let lambda = Mutator(corpus: [Array(Self.record.utf8)])
        for number in 0..<Self.messages {
            var headers: [(String, [UInt8])] = []
            let value: [UInt8]
            switch number % 3 {
            case 0: value = json.input(number, seed: seed)
            case 1:
                value = protobuf.input(number, seed: seed)
                headers = [("content-type", Array("application/x-protobuf".utf8))]
            default:
                value = lambda.input(number, seed: seed)
                headers = [
                    ("content-type", Array("application/vnd.aws.lambda.telemetry+json".utf8)),
                    ("customer", Array("acme".utf8)), ("service", Array("\u{301}shop".utf8)),
                    ("function", lambda.input(number, seed: seed + 1).suffix(40) + [0x66]),
                ]
            }
            try producer.send(
                to: "invocations", key: Array("acme/shop".utf8), value: value, headers: headers)
        }
        try flush(producer)
    }

    private func sendOneMore(to servers: String) throws {
        let producer = try Producer(Producer.Options(bootstrapServers: servers))
        try producer.send(
            to: "invocations", key: Array("acme/shop".utf8), value: Self.invocation.encodedJSON())
        try flush(producer)
    }

    private func flush(_ producer: Producer) throws {
        switch producer.flush(timeoutMs: 30_000) {
        case .delivered: return
        case .failed(_, let first): throw first
        case .outstanding: throw BadInput.Unsent()
        }
    }
}

extension Line {
    /// Messages that the featurizer folded or rejected.
    fileprivate func taken() throws -> Int64 {
        try count("featurizer.functions", "invocations")
            + count("featurizer.rejections", "messages")
    }

    fileprivate func count(_ table: String, _ column: String) throws -> Int64 {
        try query { session in
            try session.execute("select coalesce(sum(\(column)), 0)::bigint from \(table)")[0][0]
        }
    }
}
