internal import Glibc
internal import Synchronization

/// An Apache Kafka on loopback, for tests; it lies outside the project.
public final class RealKafka: Sendable {
    /// For `.enabled(if:)`: it lies outside the project, and Java with it.
    public static var isInstalled: Bool { script != nil && onPath("java") != nil }

    /// Calls `body` with the address of a Kafka of its own.
    public static func withRealKafka<Value>(
        _ body: (_ bootstrapServers: String) throws -> Value
    ) throws -> Value {
        let kafka = try RealKafka()
        defer { kafka.stop() }
        return try body(kafka.bootstrapServers)
    }

    /// The one that all tests of this process share; it ends with the process.
    public static func shared() throws -> RealKafka { try sharedKafka.get() }

    private static let sharedKafka = Result {
        let server = try RealKafka()
        Watchdog.beforeExit { server.stop() }
        return server
    }

    /// The script that starts it, and its own tools.
    public static let script: String? = {
        let path =
            environmentValue("ANTIPHASE_KAFKA")
            ?? "\(Products.packageFolder)/../shared/kafka/kafka"
        return access(path, X_OK) == 0 ? path : nil
    }()

    public let bootstrapServers: String
    /// With the certificates and settings that the script made.
    public var dataFolder: String { "\(folder)/data" }
    /// The command that runs one of Kafka's own tools, the tool's name behind it.
    public var tool: String { "\(script) tool" }
    private let folder: String
    private let script: String
    private let rite: String
    private let heap: String

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameters:
    ///   - heap: as Java wants it.
    ///   - options: of the script's `start`.
    ///   - settings: further settings, from the ports of clients and controllers.
    public init(
        heap: String = "512m", options: [String] = [],
        settings: (_ clients: UInt16, _ controllers: UInt16) -> [String] = { _, _ in [] }
    ) throws {
        self.heap = heap
        guard let script = RealKafka.script else {
            throw Failure(description: "start Kafka: no ../shared/kafka/kafka, no ANTIPHASE_KAFKA")
        }
        self.script = script
        let folder = Watchdog.makeFolder("kafka")
        self.folder = folder
        // The script takes P, and listens on P + 10 for clients and P + 11 for itself.
        guard
            let clients = (0..<100).lazy.map({ _ in freePorts(1)[0] })
                .first(where: { $0 > 2_000 && isFree($0 + 1) })
        else { throw Failure(description: "start Kafka: no two free ports in a row") }
        bootstrapServers = "127.0.0.1:\(clients)"
        rite = Watchdog.atEnd(
            "for file in \(folder)/data/*/pid; do kill -KILL $(cat $file); done\n")
        let further = settings(clients, clients + 1).flatMap { ["--set", $0] }
        try run("start", ["--port", "\(clients - 10)"] + options + further)
    }

    deinit { stop() }

    /// SIGKILL.
    public func kill() throws { try run("kill") }

    /// Starts it again on the same port and data; alone, it takes 10 seconds after a `kill`.
    public func restart() throws { try run("restart") }

    /// SIGTERM, and waits.
    public func stopInOrder() throws {
        wake()
        try run("stop")
    }

    /// SIGSTOP.
    public func freeze() { signal(SIGSTOP) }
    /// SIGCONT.
    public func wake() { signal(SIGCONT) }

    /// The end of what it logged since it was last started.
    public var said: String {
        read("\(folder)/data/1/log.txt").map { String($0.suffix(20_000)) } ?? ""
    }

    private func signal(_ number: Int32) {
        let line = read("\(folder)/data/1/pid")?.split(whereSeparator: \.isWhitespace).first
        if let process = line.flatMap({ pid_t($0) }) { _ = Glibc.kill(process, number) }
    }

    /// SIGKILL as well, and its files are gone.
    public func stop() {
        try? kill()
        Watchdog.cancel(rite)
        _ = try? ChildProcess.run("/bin/rm", ["-rf", folder], within: .seconds(30))
    }

    private func run(_ command: String, _ arguments: [String] = []) throws {
        let outcome = try ChildProcess.run(
            script, [command, "\(folder)/data"] + arguments,
            environment: ["KAFKA_HEAP": heap], within: .seconds(120))
        guard outcome.ending == .exited(0) else {
            throw Failure(description: "kafka \(command): \(outcome.error)")
        }
    }
}
