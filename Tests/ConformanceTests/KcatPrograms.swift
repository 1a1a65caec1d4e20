@testable import Brokerage

/// The command line of librdkafka.
enum KcatPrograms {
    static let isPossible = Kcat.path != nil
    static let all =
        ["none", "gzip", "snappy", "lz4", "zstd"].map(lines) + [listing, offsets]

    private static func lines(_ codec: String) -> Program {
        let sent = (0..<500).map { "key\($0 % 7):value \($0)" }
        let expected = sent.enumerated().map { index, line in
            "\(index):\(line):color=green,color=blue"
        }
        return Program("kcat reads what it wrote, codec \(codec)", sees: expected) { site in
            let topic = site.name("kcat")
            try WireClient(site).create(topic)
            let headers = ["-H", "color=green", "-H", "color=blue"]
            _ = try Kcat.run(
                site, ["-P", "-t", topic, "-p", "0", "-K:", "-z", codec] + headers,
                input: sent.joined(separator: "\n"))
            let read = try Kcat.run(site, ["-C", "-t", topic, "-e", "-f", "%o:%k:%s:%h\n"])
            return read.split(separator: "\n").map(String.init)
        }
    }

    private static let listing = Program(
        "kcat lists a topic",
        sees: [
            "topic with 3 partitions:", "partition 0, leader 1, replicas: 1, isrs: 1",
            "partition 1, leader 1, replicas: 1, isrs: 1",
            "partition 2, leader 1, replicas: 1, isrs: 1",
        ]
    ) { site in
        let topic = site.name("listing")
        try WireClient(site).create(topic, partitions: 3)
        let listed = try Kcat.run(site, ["-L", "-t", topic])
        return listed.split(separator: "\n").filter { $0.contains("partition") }.map { line in
            line.replacing("\"\(topic)\" ", with: "").trimming()
        }
    }

    /// Ten records a second apart, from a day ago on.
    private static let offsets = Program(
        "kcat reads between times and from the end",
        sees: ["before all 0", "at the fifth 4", "after all -1", "0 1", "3 4 5", "8 9"]
    ) { site in
        let topic = site.name("times")
        try WireClient(site).create(topic)
        let startMs = Clock.wallMs() - 86_400_000
        let producer = try RecordProducer(site)
        for index in 0..<10 {
            let timeMs = startMs + Int64(index) * 1_000
            try producer.send(Sent("k", "\(index)", atMs: timeMs), to: topic)
        }
        try producer.flush()
        func ask(_ timeMs: Int64) throws -> String {
            let answer = try Kcat.run(site, ["-Q", "-t", "\(topic):0:\(timeMs)"])
            return answer.split(separator: " ").last.map(String.init) ?? "nothing"
        }
        func read(_ arguments: String...) throws -> String {
            try Kcat.run(site, ["-C", "-t", topic, "-e", "-f", "%s "] + arguments).trimming()
        }
        return [
            "before all \(try ask(startMs - 1))", "at the fifth \(try ask(startMs + 3_001))",
            "after all \(try ask(startMs + 9_001))", try read("-c", "2", "-o", "beginning"),
            try read("-o", "s@\(startMs + 2_500)", "-o", "e@\(startMs + 5_500)"),
            try read("-o", "-2"),
        ]
    }
}

extension StringProtocol {
    func trimming() -> String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
