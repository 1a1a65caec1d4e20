internal import Glibc
internal import Synchronization

/// The project's own broker, run as the process that it is when shipped.
public final class EmbeddedBroker: Sendable {
    /// For `.enabled(if:)`; true where a missing broker is to be a failure.
    public static var isBuilt: Bool { testsMustRun || executable != nil }

    /// Calls `body` with the address of a broker of its own, with its data in a new folder.
    public static func withBroker<Value>(
        _ body: (_ bootstrapServers: String) throws -> Value
    ) throws -> Value {
        let broker = try EmbeddedBroker()
        defer { broker.kill() }
        return try body(broker.bootstrapServers)
    }

    /// The one that all tests of this process share; it ends with the process.
    public static func shared() throws -> EmbeddedBroker { try sharedBroker.get() }

    private static let sharedBroker = Result {
        let server = try EmbeddedBroker()
        Watchdog.beforeExit { server.kill() }
        return server
    }

    /// `ANTIPHASE_BROKER` names one built elsewhere.
    private static var executable: String? {
        environmentValue("ANTIPHASE_BROKER") ?? Products.path(of: "broker")
    }

    public let bootstrapServers: String
    public let dataFolder: String
    private let arguments: [String]
    private let through: [String]
    private let process: Mutex<ChildProcess>

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameters:
    ///   - dataFolder: nil for a new one.
    ///   - arguments: further ones for the broker.
    ///   - through: a command that runs the broker, whose name and arguments follow.
    public init(
        dataFolder: String? = nil, arguments: [String] = [], through: [String] = []
    ) throws {
        self.dataFolder = dataFolder ?? Watchdog.makeFolder("broker")
        self.arguments = arguments
        self.through = through
        let (process, address) = try EmbeddedBroker.start(
            self.dataFolder, port: 0, arguments, through)
        self.process = Mutex(process)
        bootstrapServers = address
    }

    /// The process as it is now; `restart` makes a new one.
    public var child: ChildProcess { process.withLock { $0 } }

    /// SIGKILL.
    public func kill() {
        child.kill()
        child.wait(within: .seconds(10))
    }

    /// SIGTERM.
    /// - Returns: how it ended, nil when it had not within 30 seconds.
    @discardableResult
    public func terminate() -> ChildProcess.Ending? {
        child.terminate()
        return child.wait(within: .seconds(30))
    }

    /// Starts it again on the same port and data; kills it first where it still runs.
    public func restart() throws {
        kill()
        let port = bootstrapServers.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        let (started, _) = try EmbeddedBroker.start(dataFolder, port: port, arguments, through)
        process.withLock { $0 = started }
    }

    private static func start(
        _ dataFolder: String, port: UInt16, _ arguments: [String], _ through: [String]
    ) throws -> (ChildProcess, address: String) {
        guard let executable else { throw Failure(description: "start the broker: not built") }
        let folder = Watchdog.makeFolder("address")
        // The broker may run as another user.
        chmod(folder, 0o777)
        let file = "\(folder)/address"
        let command =
            through + [executable, "--data-directory", dataFolder, "--port", "\(port)"]
            + ["--address-file", file] + arguments
        let process = try ChildProcess(command[0], Array(command.dropFirst()))
        let answered = eventually(within: .seconds(60)) {
            !process.isRunning || read(file)?.contains(":") == true
        }
        let address = read(file)?.split(whereSeparator: \.isWhitespace).first.map(String.init)
        guard answered, process.isRunning, let address else {
            throw Failure(
                description: "start the broker: \(process.standardError)\(process.standardOutput)")
        }
        return (process, address)
    }
}
