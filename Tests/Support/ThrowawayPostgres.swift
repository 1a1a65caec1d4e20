internal import Glibc
internal import Postgres
internal import Synchronization

/// A PostgreSQL of this test process's own: started by the first test that wants it, on loopback,
/// and gone with the process.
public final class ThrowawayPostgres: Sendable {
    /// For `.enabled(if:)`; true where a missing server is to be a failure.
    public static var isInstalled: Bool { testsMustRun || programs != nil }

    /// Calls `body` with the URL of a new database, and drops it afterwards.
    public static func withDatabase<Value>(_ body: (_ url: String) throws -> Value) throws -> Value
    {
        let server = try shared.get()
        let name = Watchdog.uniqueName("test")
        var admin = try Session(server.url(of: "postgres"))
        try admin.execute("CREATE DATABASE \"\(name)\" TEMPLATE template0")
        defer { _ = try? admin.execute("DROP DATABASE IF EXISTS \"\(name)\" WITH (FORCE)") }
        return try body(server.url(of: name))
    }

    /// A server of one test's own, to be killed and started again.
    ///
    /// - Parameters:
    ///   - settings: further ones, as `name=value`.
    ///   - prepare: called with the server's folder before it starts: `data` has its files, and what
    ///     is put there is its user's.
    public static func withServer<Value>(
        settings: [String] = [], prepare: (_ folder: String) throws -> Void = { _ in },
        _ body: (ThrowawayPostgres) throws -> Value
    ) throws -> Value {
        let server = try ThrowawayPostgres(settings, prepare)
        defer { server.stop() }
        return try body(server)
    }

    /// A server of its own for several tests; it ends with the process.
    public static func started(
        settings: [String] = [], prepare: (_ folder: String) throws -> Void = { _ in }
    ) throws -> ThrowawayPostgres {
        let server = try ThrowawayPostgres(settings, prepare)
        Watchdog.beforeExit { server.stop() }
        return server
    }

    private static let shared = Result {
        let server = try ThrowawayPostgres()
        Watchdog.beforeExit { server.stop() }
        return server
    }

    /// Where `initdb` and `postgres` are: Debian keeps them off PATH, the newest is taken.
    private static let programs: String? = {
        let versions = (10...40).reversed().map { "/usr/lib/postgresql/\($0)/bin" }
        let path = (environmentValue("PATH") ?? "").split(separator: ":").map(String.init)
        return (versions + path).first { folder in
            ["initdb", "postgres"].allSatisfy { access("\(folder)/\($0)", X_OK) == 0 }
        }
    }()

    private let folder: String
    private let programs: String
    public let port: UInt16
    private let settings: [String]
    private let process = Mutex<ChildProcess?>(nil)

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private init(
        _ settings: [String] = [], _ prepare: (_ folder: String) throws -> Void = { _ in }
    ) throws {
        self.settings = settings
        guard let programs = ThrowawayPostgres.programs else {
            throw Failure(description: "start PostgreSQL: no initdb and postgres found")
        }
        self.programs = programs
        folder = Watchdog.makeFolder("postgres")
        port = freePorts(1)[0]
        // The server refuses to run as root, and its user has to own the data.
        if geteuid() == 0, let user = getpwnam("postgres") {
            chown(folder, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        let made = try unprivileged(
            "initdb",
            [
                "-D", "\(folder)/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
                "--locale=C.UTF-8",
            ])
        defer { made.kill() }
        guard made.wait(within: .seconds(120)) == .exited(0) else {
            throw Failure(description: "initdb: \(made.standardError)\(made.standardOutput)")
        }
        try prepare(folder)
        if geteuid() == 0 {
            _ = try ChildProcess.run(
                "/bin/chown", ["-R", "postgres:", folder], within: .seconds(30))
        }
        try start()
    }

    /// A connection URI; the user is the server's superuser.
    public func url(of database: String) -> String {
        "postgresql://postgres@127.0.0.1:\(port)/\(database)"
    }

    /// What it logged since it was last started.
    public var log: String { process.withLock { $0?.standardError ?? "" } }

    /// Starts it again on the same data and port, and waits until it answers.
    public func start() throws {
        let settings = [
            "listen_addresses=127.0.0.1", "unix_socket_directories=\(folder)", "fsync=off",
            "synchronous_commit=off", "full_page_writes=off", "max_connections=200",
            "shared_buffers=64MB", "logging_collector=off",
        ]
        let started = try unprivileged(
            "postgres",
            ["-D", "\(folder)/data", "-p", "\(port)"]
                + (settings + self.settings).flatMap { ["-c", $0] })
        process.withLock { $0 = started }
        let url = url(of: "postgres")
        let answers = eventually(within: .seconds(60)) {
            if !started.isRunning { return true }
            return (try? Session(url)) != nil
        }
        guard answers, started.isRunning else {
            throw Failure(description: "start PostgreSQL: \(started.standardError)")
        }
    }

    /// SIGINT: ends sessions and shuts down in order.
    public func stop() {
        process.withLock { process in
            process?.interrupt()
            process?.resume()
            process?.wait(within: .seconds(30))
            process = nil
        }
    }

    /// SIGQUIT: as if it had crashed; what was committed is recovered by `start`.
    public func crash() {
        process.withLock { process in
            process?.signal(SIGQUIT)
            process?.resume()
            process?.wait(within: .seconds(30))
            process = nil
        }
    }

    /// SIGSTOP to the postmaster: sessions go on, and new ones are accepted and not answered.
    public func freeze() { process.withLock { $0?.freeze() } }
    /// SIGCONT.
    public func wake() { process.withLock { $0?.resume() } }

    /// What it wrote since it was last started.
    public var said: String { process.withLock { $0?.standardError ?? "" } }

    private func unprivileged(_ program: String, _ arguments: [String]) throws -> ChildProcess {
        // Killed outright, it would leave shared memory behind.
        let lastRite = """
            kill -INT $pid || exit 0
            for i in 1 2 3 4 5 6 7 8 9 10; do
                readlink /proc/$pid/exe || exit 0
                sleep 0.2
            done
            kill -KILL $pid
            """
        let command = ["\(programs)/\(program)"] + arguments
        guard geteuid() == 0 else {
            return try ChildProcess(
                command[0], arguments, folder: folder, lastRite: lastRite)
        }
        guard let setpriv = onPath("setpriv") else {
            throw Failure(description: "start PostgreSQL as root: no setpriv on PATH")
        }
        return try ChildProcess(
            setpriv,
            ["--reuid", "postgres", "--regid", "postgres", "--init-groups", "--"] + command,
            folder: folder, lastRite: lastRite)
    }
}
