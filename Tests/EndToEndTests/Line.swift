import Foundation
import Postgres
import TestSupport
import Topics

/// The whole line as the processes that it is when shipped, on a broker and a database of a test.
final class Line {
    static let stages = ["featurizer", "learner", "predictor", "allocator"]

    let bootstrapServers: String
    private let url: String
    private var running: [(name: String, process: ChildProcess)] = []

    struct NotBuilt: Error, CustomStringConvertible {
        let name: String
        var description: String { "program \(name) is not built" }
    }

    init(bootstrapServers: String, databaseURL url: String) {
        self.bootstrapServers = bootstrapServers
        self.url = url
    }

    deinit { killAll() }

    @discardableResult
    func start(_ name: String, _ arguments: [String] = []) throws -> ChildProcess {
        guard let path = Products.path(of: name) else { throw NotBuilt(name: name) }
        let process = try ChildProcess(
            path, arguments,
            environment: [
                "KAFKA_BOOTSTRAP_SERVERS": bootstrapServers, "DATABASE_URL": url,
                "CHECKPOINT_INTERVAL_MS": "500", "FEATURIZER_QUIET_CLOSE_MS": "2000",
            ])
        running.append((name, process))
        return process
    }

    func startStages() throws { for stage in Self.stages { try start(stage) } }

    @discardableResult
    func replay(
        _ folder: String, speed: String, counts: String? = nil
    ) throws -> ChildProcess {
        try start(
            "fleet",
            ["replay", "--format", "azure2019", "--speed", speed, "--seed", "1"]
                + (counts.map { ["--counts", $0] } ?? []) + [folder])
    }

    /// SIGKILL to the first of that name that runs.
    func kill(_ name: String) {
        guard let index = running.firstIndex(where: { $0.name == name && $0.process.isRunning })
        else { return }
        running[index].process.kill()
        running[index].process.wait(within: .seconds(10))
        running.remove(at: index)
    }

    /// SIGTERM to all, as Ctrl-C of compose/up does.
    /// - Returns: how long the slowest took.
    @discardableResult
    func stopAll() -> Duration {
        let clock = ContinuousClock()
        let began = clock.now
        for (_, process) in running { process.terminate() }
        for (_, process) in running { process.wait(within: .seconds(20)) }
        running = []
        return clock.now - began
    }

    func killAll() {
        for (_, process) in running { process.kill() }
        for (_, process) in running { process.wait(within: .seconds(10)) }
        running = []
    }

    /// What each process said, for a test that failed.
    var said: String {
        running.map { "== \($0.name)\n\($0.process.standardError.suffix(4_000))" }
            .joined(separator: "\n")
    }

    var isAlive: Bool { running.allSatisfy { $0.name == "fleet" || $0.process.isRunning } }

    // MARK: what PostgreSQL knows

    func query<Value>(_ body: (inout Session) throws -> Value) throws -> Value {
        var session = try Session(url)
        return try body(&session)
    }

    /// Invocations folded, by function.
    func folded() throws -> [FunctionID: Int] {
        try query { session in
            let rows = try session.execute(
                "select customer, service, function, invocations from featurizer.functions")
            return Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    (
                        FunctionID(customer: row[0], service: row[1], function: row[2]),
                        Int(row[3] as Int64)
                    )
                })
        }
    }

    func total() throws -> Int { try folded().values.reduce(0, +) }

    /// Functions with a worker.
    func assigned() throws -> Set<FunctionID> {
        try query { session in
            let rows = try session.execute(
                """
                select customer, service, function from dashboard.assignments
                where status = 'placed'
                """
            )
            return Set(rows.map { FunctionID(customer: $0[0], service: $0[1], function: $0[2]) })
        }
    }

    func represented() throws -> Set<FunctionID> {
        try query { session in
            let rows = try session.execute(
                "select customer, service, function from learner.representations")
            return Set(rows.map { FunctionID(customer: $0[0], service: $0[1], function: $0[2]) })
        }
    }

    func predicted() throws -> Set<ServiceID> {
        try query { session in
            let rows = try session.execute("select customer, service from predictor.predictions")
            return Set(rows.map { ServiceID(customer: $0[0], service: $0[1]) })
        }
    }

    func rejections() throws -> [String: Int] {
        try query { session in
            let rows = try session.execute(
                "select reason, sum(messages)::bigint from featurizer.rejections group by reason")
            return Dictionary(
                uniqueKeysWithValues: rows.map { ($0[0] as String, Int($0[1] as Int64)) })
        }
    }
}

/// Waits until the question is answered with yes; a table that is not there yet is a no.
func waitFor(_ seconds: Int, _ question: () throws -> Bool) throws -> Bool {
    try eventually(within: .seconds(seconds)) {
        do {
            return try question()
        } catch let error as PostgresError where error.sqlState == "42P01" {
            return false
        }
    }
}
