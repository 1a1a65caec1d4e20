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

    private static let script: String? = {
        let path =
            environmentValue("ANTIPHASE_KAFKA")
            ?? "\(Products.packageFolder)/../shared/kafka/kafka"
        return access(path, X_OK) == 0 ? path : nil
    }()

    public let bootstrapServers: String
    private let folder: String
    private let script: String
    private let rite: String
    private let heap: String

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter heap: as Java wants it.
    public init(heap: String = "512m") throws {
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
        try run("start", "--port", "\(clients - 10)")
    }

    deinit { stop() }

    /// SIGKILL.
    public func kill() throws { try run("kill") }

    /// Starts it again on the same port and data; alone, it takes 10 seconds after a `kill`.
    public func restart() throws { try run("restart") }

    /// SIGKILL as well, and its files are gone.
    public func stop() {
        try? kill()
        Watchdog.cancel(rite)
        _ = try? ChildProcess.run("/bin/rm", ["-rf", folder], within: .seconds(30))
    }

    private func run(_ command: String, _ arguments: String...) throws {
        let outcome = try ChildProcess.run(
            script, [command, "\(folder)/data"] + arguments,
            environment: ["KAFKA_HEAP": heap], within: .seconds(120))
        guard outcome.ending == .exited(0) else {
            throw Failure(description: "kafka \(command): \(outcome.error)")
        }
    }
}
