internal import Glibc

/// Starts programs in sessions of their own, so that no terminal's signal reaches them.
enum Spawn {
    /// - Returns: the process id, or the error number of what failed.
    static func start(
        _ executable: String, _ arguments: [String], environment: [String: String],
        standardInput: Int32?, standardOutput: String, standardError: String
    ) -> Result<pid_t, StartFailure> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let standardInput {
            posix_spawn_file_actions_adddup2(&actions, standardInput, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        let flags = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 1, standardOutput, flags, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, standardError, flags, 0o644)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | setSession)

        var pid: pid_t = 0
        let code = withCStrings([executable] + arguments) { arguments in
            let lines = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return withCStrings(lines) {
                posix_spawn(&pid, executable, &actions, &attributes, arguments, $0)
            }
        }
        return code == 0
            ? .success(pid)
            : .failure(
                StartFailure(executable: executable, reason: String(cString: strerror(code))))
    }

    /// This process's environment with some variables set otherwise.
    static func environment(changing changes: [String: String]) -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let line = entry.pointee {
            let pair = String(cString: line).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return variables.merging(changes) { _, new in new }
    }

    /// POSIX_SPAWN_SETSID, which glibc defines under a feature macro.
    private static let setSession: Int16 = 0x80

    private static func withCStrings<Value>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return (copies + [nil]).withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("no arguments") }
            return body(start)
        }
    }
}

/// A program that could not be started.
public struct StartFailure: Error, CustomStringConvertible {
    public let executable: String
    public let reason: String
    public var description: String { "start \(executable): \(reason)" }
}
