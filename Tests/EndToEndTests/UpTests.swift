import Foundation
import TestSupport
import Testing
import Topics

/// The script as a user runs it, in a folder of its own instead of `.antiphase`.
@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(if: ThrowawayPostgres.isInstalled && Up.isBuilt, "needs PostgreSQL and a build"))
struct `compose/up` {
    @Test func `goes on where Ctrl-C stopped it and counts every invocation once`() throws {
        try withTemporaryFolder { folder in
            let trace = try SmallTrace(seed: 11, in: folder)
            let up = Up(home: "\(folder)/home", trace: folder)

            try up.start()
            try #require(up.isRunning(within: .seconds(60)), "\(up.said)")
            var line = try up.line()
            try #expect(waitFor(60) { try line.total() > trace.total / 3 }, "\(up.said)")
            try #expect(line.total() < trace.total)
            let processes = try up.processes()
            #expect(processes.count == Up.names.count)
            up.interrupt()
            #expect(up.ending(within: .seconds(30)) == .exited(0), "\(up.said)")
            #expect(processes.allSatisfy { !isAlive($0) })
            #expect(up.said.contains("goes on from here"))

            try up.start()
            try #require(up.isRunning(within: .seconds(60)), "\(up.said)")
            line = try up.line()
            try #expect(waitFor(60) { try line.folded() == trace.counts }, "\(up.said)")
            try #expect(
                waitFor(60) { try line.assigned() == Set(trace.counts.keys) }, "\(up.said)")
            up.interrupt()
            #expect(up.ending(within: .seconds(30)) == .exited(0), "\(up.said)")
        }
    }

    @Test func `starts again what is killed under it, PostgreSQL and the broker too`() throws {
        try withTemporaryFolder { folder in
            let trace = try SmallTrace(seed: 12, in: folder)
            let up = Up(home: "\(folder)/home", trace: folder)
            try up.start()
            try #require(up.isRunning(within: .seconds(60)), "\(up.said)")
            let line = try up.line()
            try #expect(waitFor(60) { try line.total() > trace.total / 10 }, "\(up.said)")
            let before = try up.processes()
            for name in ["broker", "postgres", "learner"] {
                try #expect(kill(up.process(name), SIGKILL) == 0)
            }
            #expect(
                eventually(within: .seconds(30)) {
                    let now = (try? up.processes()) ?? []
                    return now.count == before.count && Set(now).subtracting(before).count >= 3
                        && now.allSatisfy(isAlive)
                }, "\(up.said)")
            // PostgreSQL recovers first.
            #expect(
                eventually(within: .seconds(60)) { (try? line.folded()) == trace.counts },
                "\(up.said)")
            try #expect(
                waitFor(60) { try line.assigned() == Set(trace.counts.keys) }, "\(up.said)")

            // A second one in the same folder says so and does no harm.
            let second = try up.again()
            #expect(second.wait(within: .seconds(30)) == .exited(1))
            #expect(second.standardError.contains("already runs"))
            up.interrupt()
            #expect(up.ending(within: .seconds(30)) == .exited(0), "\(up.said)")
        }
    }
}

/// One `compose/up` after the other on the same data.
private final class Up {
    /// What it runs.
    static let names = [
        "postgres", "broker", "featurizer", "learner", "predictor", "allocator", "dashboard", "fleet",
    ]

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The configuration of the running tests, when the script would run programs of this build.
    private static let configuration: String? = {
        guard let program = Products.path(of: "broker") else { return nil }
        let built = URL(fileURLWithPath: program).resolvingSymlinksInPath()
        let configuration = built.deletingLastPathComponent().lastPathComponent
        let run = root.appendingPathComponent(".build/\(configuration)/broker")
        return run.resolvingSymlinksInPath() == built ? configuration : nil
    }()

    static var isBuilt: Bool { configuration != nil }

    private let home: String
    private let trace: String
    private var process: ChildProcess?

    init(home: String, trace: String) {
        self.home = home
        self.trace = trace
    }

    deinit {
        // SIGKILL would leave the rest to the kernel; in order is kinder to PostgreSQL.
        process?.terminate()
        process?.wait(within: .seconds(30))
    }

    func start() throws { process = try again() }

    func again() throws -> ChildProcess {
        try ChildProcess(
            Self.root.appendingPathComponent("compose/up").path,
            [
                "--no-build", "--configuration", Self.configuration ?? "debug", "--port", "18080",
                "--trace", trace, "--speed", "600",
            ],
            environment: [
                "ANTIPHASE_HOME": home, "KAFKA_BOOTSTRAP_SERVERS": "", "DATABASE_URL": "",
                "FEATURIZER_QUIET_CLOSE_MS": "2000",
            ])
    }

    func interrupt() { process?.interrupt() }
    func ending(within limit: Duration) -> ChildProcess.Ending? { process?.wait(within: limit) }

    /// Whether it got as far as to say that all is running.
    func isRunning(within limit: Duration) -> Bool {
        eventually(within: limit) {
            process?.isRunning == false || said.contains("antiphase: running")
        } && process?.isRunning == true
    }

    var said: String { process?.standardError ?? "" }

    /// For its questions to the database; it starts nothing.
    func line() throws -> Line {
        Line(bootstrapServers: try read("broker.address"), databaseURL: try read("database.url"))
    }

    func processes() throws -> [Int32] { try Self.names.map(process) }

    func process(_ name: String) throws -> Int32 { try #require(Int32(read("\(name).pid"))) }

    private func read(_ name: String) throws -> String {
        try String(contentsOfFile: "\(home)/\(name)", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

private func isAlive(_ process: Int32) -> Bool { kill(process, 0) == 0 }
