internal import Foundation

/// What a process of ours says of itself while it runs.
extension ChildProcess {
    /// What it answers on its operations port, head and body; by bash, so that no client is between.
    /// Before it has said where, what it said instead.
    /// - Parameter filter: a shell command that gets the answer.
    public func get(_ path: String, then filter: String = "cat") throws -> String {
        guard eventually(within: .seconds(20), { operationsPort != nil }),
            let port = operationsPort
        else { return standardError }
        let script = """
            exec 3<>/dev/tcp/127.0.0.1/\(port)
            printf 'GET \(path) HTTP/1.0\\r\\n\\r\\n' >&3
            cat <&3 | \(filter)
            """
        let answer = try ChildProcess.run("/bin/bash", ["-c", script], within: .seconds(10))
        return answer.output + answer.error
    }

    private var operationsPort: Int? {
        standardError.split(separator: "\n").first { $0.contains("operations served") }
            .flatMap { $0.split(separator: "\"port\":").last }
            .flatMap { Int($0.prefix { $0.isNumber }) }
    }

    /// A figure of `/metrics`, with its labels as they are written there; nil while there is none.
    public func metric(_ name: String) throws -> Double? {
        try get("/metrics").split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix(name + " ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    /// User and system time of all its threads until now; nil when it is gone.
    public var cpuSeconds: Double? {
        // Behind the name in parentheses, which may hold anything: state is field 3, utime 14.
        guard
            let fields = read("/proc/\(processID)/stat")?.split(separator: ")").last?
                .split(separator: " "), fields.count > 12, let user = Double(fields[11]),
            let system = Double(fields[12])
        else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The most memory that it ever had in RAM, in KiB (`VmHWM`); nil when it is gone.
    public var peakMemoryKiB: Int? {
        read("/proc/\(processID)/status")?.split(separator: "\n")
            .first { $0.hasPrefix("VmHWM:") }
            .flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first }
            .flatMap { Int($0) }
    }
}
