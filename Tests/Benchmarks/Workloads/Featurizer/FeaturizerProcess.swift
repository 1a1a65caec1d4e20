internal import Foundation
internal import Postgres
internal import TestSupport

/// A featurizer as a process of its own; it ends with this value.
final class FeaturizerProcess {
    let child: ChildProcess
    let startedAt: ContinuousClock.Instant

    /// - Parameter checkpointIntervalMs: nil for its own.
    init(servers: String, databaseURL: String, checkpointIntervalMs: Int? = nil) throws {
        guard let path = Products.path(of: "featurizer") else {
            throw FeaturizerBenchmark.Failed(
                description: "start the featurizer: it is not built")
        }
        var environment = ["KAFKA_BOOTSTRAP_SERVERS": servers, "DATABASE_URL": databaseURL]
        environment["CHECKPOINT_INTERVAL_MS"] = checkpointIntervalMs.map(String.init)
        startedAt = ContinuousClock.now
        child = try ChildProcess(path, environment: environment)
    }

    deinit { child.kill() }

    /// Waits until it owns so many partitions, with their state restored.
    func waitUntilItOwns(_ partitions: Int = InvocationTopic.partitions) throws {
        try wait("own \(partitions) partitions", within: .seconds(120)) {
            owns(partitions)
        }
    }

    func owns(_ partitions: Int) -> Bool { figure("partitions_owned") == Double(partitions) }

    /// A figure of its `/metrics`, nil while there is none.
    func figure(_ name: String) -> Double? { (try? child.metric(name)) ?? nil }

    /// SIGTERM: it keeps what it did, and leaves its group.
    func stop() {
        child.terminate()
        if child.wait(within: .seconds(30)) == nil { child.kill() }
    }

    /// User and system time of all its threads until now.
    func cpuSeconds() throws -> Double {
        guard let seconds = child.cpuSeconds else { throw ended("tell its CPU time") }
        return seconds
    }

    var residentMebibytes: Int { (child.peakMemoryKiB ?? 0) / 1_024 }

    /// Asks 50 times a second: oftener would itself be work on the same cores.
    func wait(
        _ what: String, within limit: Duration, until condition: () throws -> Bool
    ) throws {
        let end = ContinuousClock.now + limit
        while try !condition() {
            guard ContinuousClock.now < end, child.isRunning else { throw ended(what) }
            usleep(20_000)
        }
    }

    private func ended(_ what: String) -> FeaturizerBenchmark.Failed {
        FeaturizerBenchmark.Failed(
            description: "\(what): \(child.standardError.suffix(4_000))")
    }

    /// The upper bound of the longest checkpoint so far, of a histogram's buckets.
    var longestCheckpointSecondsMax: Double? {
        let name = "checkpoint_duration_seconds_bucket{le=\""
        guard let page = try? child.get("/metrics") else { return nil }
        let buckets = page.split(whereSeparator: \.isNewline).filter { $0.hasPrefix(name) }
            .compactMap { line -> (bound: Double, count: Double)? in
                let parts = line.dropFirst(name.count).components(separatedBy: "\"} ")
                guard parts.count == 2, let count = Double(parts[1]) else { return nil }
                return (parts[0] == "+Inf" ? .infinity : Double(parts[0]) ?? .infinity, count)
            }
        let all = buckets.last?.count
        return buckets.first { $0.count == all }?.bound
    }
}

/// What the featurizer has kept in PostgreSQL, asked of its tables.
final class KeptByFeaturizer {
    private var session: Session

    init(_ databaseURL: String) throws { session = try Session(databaseURL) }

    /// Events that are in checkpoints.
    var events: Int {
        number(
            """
            select coalesce(sum((positions ->> 'invocations')::bigint), 0)::bigint
            from featurizer.checkpoints
            """)
    }

    /// Events by function, added up.
    var counted: Int {
        number("select coalesce(sum(invocations), 0)::bigint from featurizer.functions")
    }

    var functions: Int { number("select count(*) from featurizer.functions") }

    /// -1 before the tables are there.
    private func number(_ statement: String) -> Int {
        let rows = try? session.execute(statement)
        return Int((rows?[0][0] as Int64?) ?? -1)
    }

    /// Waits until so many events are kept.
    func waitUntilKept(_ count: Int, by process: FeaturizerProcess) throws {
        // A fiftieth of the rate that is aimed at: slower is not worth waiting for.
        let limit = Duration.seconds(120 + count / 10_000)
        try process.wait("keep \(count) events, \(events) are", within: limit) {
            events == count
        }
    }

    /// Waits until the functions' table counts each event once: a busy fleet's rows come some
    /// seconds behind the checkpoint that has their events.
    func waitForRows(
        of contents: InvocationTopic.Contents, events: Int, by process: FeaturizerProcess
    ) throws {
        // Adding a million rows up is work on the same cores.
        let isCounted = eventually(within: .seconds(60)) {
            if counted == events { return true }
            usleep(200_000)
            return !process.child.isRunning
        }
        guard isCounted, counted == events, functions == contents.functions else {
            throw FeaturizerBenchmark.Failed(
                description: "\(counted) events of \(functions) functions in PostgreSQL, "
                    + "expected \(events) of \(contents.functions)")
        }
    }
}
