import Foundation
import Testing

@testable import Brokerage

/// librdkafka by its command line: a client that is not ours.
@Suite(.enabled(if: Kcat.isThere, "needs kcat: apt-get install kcat"))
struct `The program kcat` {
    @Test(arguments: ["none", "gzip", "snappy", "lz4", "zstd"])
    func `reads what it wrote`(codec: String) throws {
        try withBroker { client throws in
            try client.create("t")
            let lines = (0..<500).map { "key\($0 % 7):value \($0)" }
            let broker = "127.0.0.1:\(client.port)"
            _ = try Kcat.run(
                ["-P", "-b", broker, "-t", "t", "-K:", "-z", codec],
                input: lines.joined(separator: "\n"))
            let read = try Kcat.run(["-C", "-b", broker, "-t", "t", "-K:", "-e", "-q"])
            #expect(read.split(separator: "\n").map(String.init) == lines)
        }
    }

    @Test func `reads a compacted topic over its gaps`() throws {
        try withFolder { folder in
            try withBroker(in: folder) { client throws in
                try client.create("t", ["cleanup.policy": "compact", "segment.bytes": "1024"])
                for value in 0..<200 {
                    let records = [("k\(value % 3)" as String?, "\(value)" as String?)]
                    _ = try client.produce("t", batch(records, codec: .zstd))
                }
            }
            let events = Events()
            try withBroker(in: folder, events: events) { client throws in
                func isCompacted(_ event: BrokerEvent) -> Bool {
                    if case .compacted = event { true } else { false }
                }
                while !events.all.contains(where: isCompacted) { usleep(10_000) }
                let read = try Kcat.run([
                    "-C", "-b", "127.0.0.1:\(client.port)", "-t", "t", "-K:", "-e", "-q",
                ])
                var last: [Substring: Substring] = [:]
                let lines = read.split(separator: "\n")
                for line in lines {
                    let parts = line.split(separator: ":")
                    last[parts[0]] = parts[1]
                }
                // The last three of 0..<200: 197 is 2 modulo 3, 198 is 0, 199 is 1.
                #expect(last == ["k0": "198", "k1": "199", "k2": "197"])
                #expect(lines.count < 200)
            }
        }
    }
}

private enum Kcat {
    static let path = "/usr/bin/kcat"
    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: path) }

    static func run(_ arguments: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let (into, outOf) = (Pipe(), Pipe())
        process.standardInput = into
        process.standardOutput = outOf
        try process.run()
        into.fileHandleForWriting.write(Data(input.utf8))
        try into.fileHandleForWriting.close()
        let output = try outOf.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }
}
