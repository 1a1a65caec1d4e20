internal import Glibc
internal import Synchronization

/// A program that a test runs. It is killed and reaped when the last reference goes, and killed
/// when the test process ends in whatever way.
public final class ChildProcess: Sendable {
    /// How a process ended.
    public enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    public let processID: Int32
    private let folder: String
    private let rite: String
    private let ending = Mutex<Ending?>(nil)

    /// - Parameters:
    ///   - environment: variables to set otherwise than here.
    ///   - lastRite: a shell command that ends it should the test process die; `$pid` is its
    ///     process id.
    public init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        folder workingFolder: String? = nil, lastRite: String = "kill -KILL $pid"
    ) throws {
        folder = Watchdog.makeFolder("process")
        // `exec` keeps the process id.
        let command =
            workingFolder.map {
                ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0, executable] + arguments
            } ?? [executable] + arguments
        processID = try Spawn.start(
            command[0], Array(command.dropFirst()),
            environment: Spawn.environment(changing: environment), standardInput: nil,
            standardOutput: "\(folder)/stdout",
            standardError: "\(folder)/stderr"
        ).get()
        rite = Watchdog.atEnd("pid=\(processID)\n\(lastRite)\n")
    }

    deinit {
        if poll() == nil {
            Glibc.kill(processID, SIGKILL)
            var status: Int32 = 0
            waitpid(processID, &status, 0)
            Watchdog.cancel(rite)
        }
    }

    /// What it wrote to its standard output until now.
    public var standardOutput: String { read("\(folder)/stdout") ?? "" }
    /// What it wrote to its standard error until now.
    public var standardError: String { read("\(folder)/stderr") ?? "" }
    public var isRunning: Bool { poll() == nil }

    /// Sends a signal, unless the process has ended already.
    public func signal(_ signal: Int32) {
        // Under the lock, so that the number is not reaped and given to another in between.
        ending.withLock { if $0 == nil { _ = Glibc.kill(processID, signal) } }
    }

    /// SIGTERM.
    public func terminate() { signal(SIGTERM) }
    /// SIGINT.
    public func interrupt() { signal(SIGINT) }
    /// SIGKILL.
    public func kill() { signal(SIGKILL) }
    /// SIGSTOP: it freezes until `resume`.
    public func freeze() { signal(SIGSTOP) }
    /// SIGCONT.
    public func resume() { signal(SIGCONT) }

    /// How it ended, or nil when it has not within the time.
    @discardableResult
    public func wait(within limit: Duration) -> Ending? {
        eventually(within: limit) { poll() != nil }
        return poll()
    }

    /// Runs a program to its end, which is enforced when the time is out.
    public static func run(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        within limit: Duration
    ) throws -> (ending: Ending, output: String, error: String) {
        let process = try ChildProcess(executable, arguments, environment: environment)
        if process.wait(within: limit) == nil { process.kill() }
        let ending = process.wait(within: .seconds(10)) ?? .signalled(SIGKILL)
        return (ending, process.standardOutput, process.standardError)
    }

    private func poll() -> Ending? {
        ending.withLock { ending in
            if let ending { return ending }
            var status: Int32 = 0
            guard waitpid(processID, &status, WNOHANG) == processID else { return nil }
            // The macros of <sys/wait.h>: the low seven bits are the signal, 0 for an exit.
            let signal = status & 0x7f
            ending = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
            Watchdog.cancel(rite)
            return ending
        }
    }
}

/// The executables of this package, as built beside the running tests.
public enum Products {
    /// Where the product of this name is, nil when it was not built. `ANTIPHASE_PROGRAMS` names
    /// the folder of a build other than that of the running tests.
    public static func path(of name: String) -> String? {
        let path = "\(folder)/\(name)"
        return access(path, X_OK) == 0 ? path : nil
    }

    private static let folder: String = {
        if let elsewhere = environmentValue("ANTIPHASE_PROGRAMS") { return elsewhere }
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(
            decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return parent(of: path)
    }()

    /// The root of the package these tests belong to.
    public static let packageFolder = parent(of: parent(of: parent(of: #filePath)))

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
