internal import Glibc
internal import Synchronization

/// Sees to it that nothing a test process started or wrote outlives it, however it ends.
///
/// A shell of its own session waits on a pipe that only this process holds open. The kernel
/// closes it when the process ends, by SIGKILL too; the shell then runs every rite that is still
/// in the folder, and removes the folder.
enum Watchdog {
    /// This process's own folder; others may enter it, because PostgreSQL runs as another user.
    static let folder: String = start()

    private static let lastNumber = Atomic<Int>(0)

    /// A name that no other call gets.
    static func uniqueName(_ stem: String) -> String {
        "\(stem)-\(lastNumber.add(1, ordering: .relaxed).newValue)"
    }

    /// A new empty folder that is removed when the process ends.
    static func makeFolder(_ stem: String) -> String {
        let path = "\(folder)/\(uniqueName(stem))"
        precondition(mkdir(path, 0o755) == 0, "make \(path): \(String(cString: strerror(errno)))")
        return path
    }

    /// Has a shell command run at the end unless `cancel` is called with what this returns.
    static func atEnd(_ command: String) -> String {
        let path = "\(folder)/rites/\(uniqueName("rite"))"
        write(command, to: path)
        return path
    }

    static func cancel(_ rite: String) { unlink(rite) }

    /// Has `stop` called when this process ends in order, on top of the rites.
    static func beforeExit(_ stop: @escaping @Sendable () -> Void) {
        let isFirst = stops.withLock { stops in
            stops.append(stop)
            return stops.count == 1
        }
        if isFirst {
            atexit { for stop in Watchdog.stops.withLock({ $0 }) { stop() } }
        }
    }

    private static let stops = Mutex<[@Sendable () -> Void]>([])

    private static func start() -> String {
        var template = Array("/tmp/antiphase-tests-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "make a folder under /tmp")
        let folder = String(
            decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        chmod(folder, 0o755)
        mkdir("\(folder)/rites", 0o700)
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0, "make a pipe")
        // Were a child to hold it open, too, the shell would wait for that child.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let script = """
            trap '' HUP INT TERM QUIT
            read -r _
            for rite in "$1"/rites/*; do if [ -e "$rite" ]; then sh "$rite"; fi; done
            rm -rf "$1"
            """
        _ = Spawn.start(
            "/bin/sh", ["-c", script, "watchdog", folder],
            environment: Spawn.environment(changing: [:]),
            standardInput: ends[0], standardOutput: "/dev/null", standardError: "/dev/null")
        close(ends[0])
        return folder
    }
}

/// Writes a small file, replacing what was there.
func write(_ text: String, to path: String) {
    guard let file = fopen(path, "w") else {
        preconditionFailure("write \(path): \(String(cString: strerror(errno)))")
    }
    fputs(text, file)
    fclose(file)
}

/// The whole of a file as text, nil when there is none.
func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += buffer[..<count]
    }
}

/// The value of an environment variable, nil when it is unset or empty.
func environmentValue(_ name: String) -> String? {
    guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return nil }
    return value
}

/// Where a program is: on PATH.
func onPath(_ program: String) -> String? {
    (environmentValue("PATH") ?? "").split(separator: ":")
        .map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
}

/// Whether a test that cannot run here has to fail rather than be skipped.
public let testsMustRun = environmentValue("ANTIPHASE_TESTS_MUST_RUN") == "1"
