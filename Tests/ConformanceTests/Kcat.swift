import Foundation
import TestSupport

/// kcat: librdkafka 2.0.2 by its command line, in a process of its own.
enum Kcat {
    static let path: String? = ["/usr/bin/kcat", "/usr/local/bin/kcat"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// - Returns: what it wrote, without the last line break.
    static func run(_ site: Site, _ arguments: [String], input: String? = nil) throws -> String {
        guard let path else { throw Stuck("no kcat") }
        let arguments = ["-b", site.servers, "-q"] + arguments
        if let input {
            let file = NSTemporaryDirectory() + "kcat-\(UUID().uuidString)"
            try input.write(toFile: file, atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(atPath: file) }
            return try run(path, arguments + ["-l", file])
        }
        return try run(path, arguments)
    }

    private static func run(_ path: String, _ arguments: [String]) throws -> String {
        let outcome = try ChildProcess.run(path, arguments, within: .seconds(60))
        guard outcome.ending == .exited(0) else {
            throw Stuck("kcat \(arguments): \(outcome.ending): \(outcome.error)")
        }
        return outcome.output.hasSuffix("\n") ? String(outcome.output.dropLast()) : outcome.output
    }

    /// A member of a group that prints the values it reads.
    static func member(_ site: Site, _ group: String, _ topic: String) throws -> ChildProcess {
        guard let path else { throw Stuck("no kcat") }
        return try ChildProcess(
            path,
            [
                "-b", site.servers, "-u", "-f", "%s\n", "-X", "session.timeout.ms=2000", "-X",
                "heartbeat.interval.ms=200", "-X", "auto.offset.reset=earliest", "-X",
                "auto.commit.interval.ms=100", "-X", "fetch.wait.max.ms=50", "-G", group, topic,
            ])
    }

    /// What a member printed.
    static func values(_ process: ChildProcess) -> Set<String> {
        let output = process.standardOutput
        // The last line may be half written.
        guard let end = output.lastIndex(of: "\n") else { return [] }
        return Set(output[..<end].split(separator: "\n").map(String.init))
    }

    /// How many partitions a member has, by the last rebalance that it told of.
    static func share(_ process: ChildProcess) -> Int {
        let told = process.standardError.split(separator: "\n").last { $0.contains("rebalanced") }
        guard let told, let list = told.split(separator: "assigned: ").dropFirst().first else {
            return 0
        }
        return list.split(separator: ",").count
    }
}
