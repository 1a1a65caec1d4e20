import Foundation
import Testing

@testable import Telemetry

@Suite struct `The metrics of a process` {
    @Test func `render in order, with help and type`() {
        let metrics = Metrics(readsProcess: false)
        let read = metrics.counter("messages_read_total", "Messages read.", labels: ["topic"])
        read.add(2, "workers")
        read.add(0.5, "shapes")
        read.add(1, "workers")
        metrics.gauge("services_waiting", "Services that\nfit \\ nowhere.").set(7)
        #expect(
            metrics.render() == #"""
                # HELP messages_read_total Messages read.
                # TYPE messages_read_total counter
                messages_read_total{topic="shapes"} 0.5
                messages_read_total{topic="workers"} 3
                # HELP services_waiting Services that\nfit \\ nowhere.
                # TYPE services_waiting gauge
                services_waiting 7

                """#)
    }

    @Test func `count a value at a bound within it, and all buckets below`() {
        let metrics = Metrics(readsProcess: false)
        let batch = metrics.histogram("batch_seconds", "A batch.", bounds: [0.5, 1])
        for value in [0.25, 0.5, 0.75, 4, .nan, .infinity] { batch.observe(value) }
        // 0.25, 0.5 | 0.75 | 4: sum 5.5; what is not finite is left out.
        #expect(
            metrics.render() == """
                # HELP batch_seconds A batch.
                # TYPE batch_seconds histogram
                batch_seconds_bucket{le="0.5"} 2
                batch_seconds_bucket{le="1"} 3
                batch_seconds_bucket{le="+Inf"} 4
                batch_seconds_sum 5.5
                batch_seconds_count 4

                """)
    }

    @Test func `keep a limit of series, and count what is beyond as other`() {
        let metrics = Metrics(readsProcess: false)
        let counter = metrics.counter("read_total", "Read.", labels: ["a", "b"], seriesMax: 2)
        for value in ["x", "y", "z", "w", "x"] { counter.add(1, value, "k") }
        #expect(
            metrics.render() == """
                # HELP metric_updates_overflowed_total Updates counted as "other", because the \
                metric had its limit of series.
                # TYPE metric_updates_overflowed_total counter
                metric_updates_overflowed_total{metric="read_total"} 2
                # HELP read_total Read.
                # TYPE read_total counter
                read_total{a="other",b="other"} 2
                read_total{a="x",b="k"} 2
                read_total{a="y",b="k"} 1

                """)
    }

    @Test func `forget a removed series, and make room`() {
        let metrics = Metrics(readsProcess: false)
        let lag = metrics.gauge("lag_messages", "Lag.", labels: ["partition"], seriesMax: 1)
        lag.set(5, "0")
        lag.remove("0")
        lag.set(6, "1")
        lag.add(-2, "1")
        #expect(metrics.render().hasSuffix("gauge\nlag_messages{partition=\"1\"} 4\n"))
    }

    @Test func `are one when declared twice`() {
        let metrics = Metrics(readsProcess: false)
        metrics.counter("read_total", "Read.").add(1)
        metrics.counter("read_total", "Read.").add(2)
        #expect(metrics.render().hasSuffix("\nread_total 3\n"))
    }

    @Test(arguments: [
        (1.0, "1"), (-0.25, "-0.25"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        (1e300, "1e+300"), (123_456_789_012_345, "123456789012345"),
    ])
    func `write numbers as Prometheus reads them`(value: Double, expected: String) {
        let metrics = Metrics(readsProcess: false)
        metrics.gauge("g", "G.").set(value)
        #expect(metrics.render().hasSuffix("\ng \(expected)\n"))
    }

    @Test(arguments: UInt64(0)..<50)
    func `are a valid exposition that reads back, whatever the label text`(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let metrics = Metrics(readsProcess: false)
        let counter = metrics.counter("c_total", random.text(), labels: ["a", "b"])
        var expected: [[String]: Double] = [:]
        for _ in 0..<20 {
            let labels = [random.text(), random.text()]
            counter.add(2, labels[0], labels[1])
            expected[labels, default: 0] += 2
        }
        #expect(try readBack(metrics.render()) == expected)
    }

    @Test func `lose no update of concurrent threads`() {
        let metrics = Metrics(readsProcess: false)
        let counter = metrics.counter("c_total", "C.", labels: ["thread"])
        let histogram = metrics.histogram("h_seconds", "H.")
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for _ in 0..<1_000 {
                counter.add(1, "\(thread % 2)")
                histogram.observe(1)
            }
        }
        let text = metrics.render()
        #expect(text.contains("c_total{thread=\"0\"} 4000\n"))
        #expect(text.contains("c_total{thread=\"1\"} 4000\n"))
        #expect(text.contains("h_seconds_count 8000\n"))
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: promtool), "needs promtool"))
    func `pass promtool`() throws {
        let metrics = Metrics()
        let labels = ["plain", "", "\"\\\n", "ä😀\u{0}\u{1}\r\t", "{}=,#"]
        let read = metrics.counter("messages_read_total", "Read \\ \n \"x\".", labels: ["topic"])
        let batch = metrics.histogram("batch_duration_seconds", "A batch.", labels: ["topic"])
        for label in labels {
            read.add(1, label)
            batch.observe(0.3, label)
        }
        metrics.gauge("loss_ratio", "A loss.").set(.nan)
        let check = Process()
        let input = Pipe()
        let output = Pipe()
        check.executableURL = URL(filePath: promtool)
        check.arguments = ["check", "metrics"]
        check.standardInput = input
        check.standardError = output
        check.standardOutput = output
        try check.run()
        try input.fileHandleForWriting.write(contentsOf: Data(metrics.render().utf8))
        try input.fileHandleForWriting.close()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        check.waitUntilExit()
        #expect(String(decoding: said, as: UTF8.self) == "")
        #expect(check.terminationStatus == 0)
    }
}

private let promtool = "/usr/bin/promtool"

/// The samples of an exposition with one counter of two labels, read by the format's grammar.
private func readBack(_ text: String) throws -> [[String]: Double] {
    var samples: [[String]: Double] = [:]
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    try #require(lines.last == "")
    for line in lines.dropLast() where !line.hasPrefix("#") {
        var rest = line.unicodeScalars[...]
        var values: [String] = []
        for opening in ["c_total{a=\"", ",b=\""] {
            try #require(String(rest).hasPrefix(opening))
            rest = rest.dropFirst(opening.unicodeScalars.count)
            var value = String.UnicodeScalarView()
            while let scalar = rest.popFirst(), scalar != "\"" {
                guard scalar == "\\" else {
                    value.append(scalar)
                    continue
                }
                let next = rest.popFirst()
                let escape = try #require(next)
                try #require("\\\"n".unicodeScalars.contains(escape))
                value.append(escape == "n" ? "\n" : escape)
            }
            values.append(String(value))
        }
        try #require(String(rest).hasPrefix("} "))
        let sample = Double(String(rest.dropFirst(2)))
        samples[values] = try #require(sample) as Double
    }
    return samples
}

/// Text of awkward characters, the same for the same seed.
private struct SplitMix {
    var state: UInt64

    mutating func next(below count: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((z ^ (z >> 31)) % UInt64(count))
    }

    mutating func text() -> String {
        let letters: [Unicode.Scalar] = ["\\", "\"", "\n", "\r", "n", "{", "}", ",", "=", "#", "ä"]
        var text = String.UnicodeScalarView()
        for _ in 0..<next(below: 8) { text.append(letters[next(below: letters.count)]) }
        return String(text)
    }
}
