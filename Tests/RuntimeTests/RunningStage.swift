import Foundation
import Kafka
import Postgres
import TestSupport
import Topics

/// The featurizer as the process that it is when shipped, with what a test asks of it.
///
/// It stands for every stage: what is tested is the runtime, which is the same in all of them.
final class RunningStage {
    let process: ChildProcess

    struct NotBuilt: Error {}

    init(
        bootstrapServers: String, databaseURL: String, program: String = "featurizer",
        _ arguments: [String] = []
    ) throws {
        guard let path = Products.path(of: program) else { throw NotBuilt() }
        process = try ChildProcess(
            path, arguments,
            environment: [
                "KAFKA_BOOTSTRAP_SERVERS": bootstrapServers, "DATABASE_URL": databaseURL,
                "CHECKPOINT_INTERVAL_MS": "200", "TOPICS_PARTITIONS": "4",
            ])
    }

    deinit { process.kill() }

    var said: String { process.standardError }

    /// What it answers, head and body.
    func get(_ path: String, then filter: String = "cat") throws -> String {
        try process.get(path, then: filter)
    }

    var isReady: Bool {
        get throws { try get("/ready").contains(" 200 ") }
    }

    /// Why it is not ready; nil when it is.
    var waitsFor: String? {
        get throws {
            let answer = try get("/ready")
            return answer.contains(" 503 ") ? answer : nil
        }
    }

    /// SIGTERM.
    /// - Returns: how it ended, nil when it had not within the promised 5 seconds.
    func stop() -> ChildProcess.Ending? {
        process.terminate()
        return process.wait(within: .seconds(5))
    }
}

/// Sends invocations of functions of many services, five minutes apart, so that slots close.
final class InvocationSource {
    private let producer: Producer
    private(set) var sent = 0

    init(_ bootstrapServers: String) throws {
        producer = try Producer(.init(bootstrapServers: bootstrapServers))
    }

    func send(_ count: Int) throws {
        for _ in 0..<count {
            // 2019-07-15, one more second with each, and another service.
            let invocation = Invocation(
                customer: "acme", service: "s\(sent % 23)", function: "f", invocation: "i\(sent)",
                startedAtMs: 1_563_177_600_000 + Int64(sent) * 1_000, durationMs: 5, memoryMb: 128,
                outcome: .success)
            try producer.send(
                to: "invocations", partition: invocation.partition(keyed: 4),
                key: Array(invocation.key.utf8), value: invocation.encoded())
            sent += 1
        }
        guard producer.flush(timeoutMs: 10_000) == .delivered else { throw NotDelivered() }
    }

    struct NotDelivered: Error {}
}

/// A database with the schemas and roles of `compose/postgres`, and what the stage keeps there.
struct StageDatabase {
    let url: String

    /// On a server of the test's own.
    init(on server: ThrowawayPostgres) throws {
        url = server.url(of: "postgres")
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "compose/postgres/provision.sql")
        let script = try String(contentsOf: file, encoding: .utf8)
        try query { try $0.run(script: script) }
    }

    init(url: String) { self.url = url }

    func query<Value>(_ body: (inout Session) throws -> Value) throws -> Value {
        var session = try Session(url)
        return try body(&session)
    }

    /// How many invocations the stage has counted and kept; a database that is not there has none.
    func counted() -> Int {
        let rows = try? query { session in
            try session.execute(
                "select coalesce(sum(invocations), 0)::bigint from featurizer.functions")[0][0]
                as Int64
        }
        return Int(rows ?? 0)
    }

    /// The processes that claimed partitions last.
    func owners() -> Set<String> {
        let rows = try? query { session in
            try session.execute("select owner from featurizer.checkpoints").map { $0[0] as String }
        }
        return Set(rows ?? [])
    }

    /// How many partitions have ever been claimed.
    func claims() -> Int {
        let rows = try? query { session in
            try session.execute("select count(*) from featurizer.checkpoints")[0][0] as Int64
        }
        return Int(rows ?? 0)
    }

    /// Whether the count comes to be this one, and stays.
    func comesTo(_ count: Int) -> Bool {
        guard eventually(within: .seconds(15), { counted() == count }) else { return false }
        usleep(300_000)
        return counted() == count
    }
}

/// A broker and a database for one test.
func withServers(
    _ brokerArguments: [String] = [], _ body: (EmbeddedBroker, StageDatabase) throws -> Void
) throws {
    try ThrowawayPostgres.withProvisionedDatabase { url in
        let broker = try EmbeddedBroker(arguments: brokerArguments)
        defer { broker.kill() }
        try body(broker, StageDatabase(url: url))
    }
}
