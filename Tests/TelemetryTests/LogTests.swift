import Foundation
import Synchronization
import Testing

@testable import Telemetry

@Suite struct `A log` {
    /// Keeps what is written.
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func append(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private func parsed(_ line: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(object as? [String: Any])
    }

    @Test func `writes one line of JSON, data after the message`() {
        let log = Log(process: "featurizer") { _ in }
        // 1767323045678 ms = 2026-01-02T03:04:05.678Z by `date -u -d @1767323045`.
        let line = log.line(
            .warning, "rejected a message",
            [.topic: "shapes", .partition: 3, .loss: 0.5, .state: true], atMs: 1_767_323_045_678)
        #expect(
            line == #"{"at":"2026-01-02T03:04:05.678Z","level":"warning","process":"featurizer","#
                + #""message":"rejected a message","topic":"shapes","partition":3,"loss":0.5,"#
                + #""state":true}"# + "\n")
    }

    @Test func `writes nothing below its minimum`() throws {
        let lines = Lines()
        let log = Log(process: "p", minimum: .warning) { lines.append($0) }
        log.debug("d")
        log.info("i")
        log.warning("w")
        log.error("e", [.count: 1])
        #expect(try lines.all.map { try parsed($0)["message"] as? String } == ["w", "e"])
    }

    @Test func `keeps any text, on one line`() throws {
        var texts = ["", "\"\\/\u{7f}\u{85}\u{2028}\u{2029}\r\n\t\u{0}", "ä€😀", "\u{feff}"]
        texts += (0..<0x250).compactMap { Unicode.Scalar($0).map { "a\($0)b" } }
        for text in texts {
            let lines = Lines()
            Log(process: text) { lines.append($0) }.info("m", [.error: .string(text)])
            let line = try #require(lines.all.first)
            #expect(line.unicodeScalars.filter { $0 == "\n" || $0 == "\u{2028}" }.count == 1)
            #expect(line.hasSuffix("}\n"))
            let object = try parsed(line)
            #expect(object["error"] as? String == text)
            #expect(object["process"] as? String == text)
        }
    }

    @Test func `cuts a long text between characters`() throws {
        let long = String(repeating: "€", count: Limits.logTextBytes)
        // A euro sign has 3 bytes: 1024 / 3 = 341.
        #expect(jsonText(long) == "\"" + String(repeating: "€", count: 341) + "…\"")
    }

    @Test func `writes numbers that JSON has no word for as text`() {
        let values: [LogValue] = [.double(.nan), .double(-.infinity), .double(1e300), .integer(-9)]
        #expect(values.map(\.json) == ["\"nan\"", "\"-inf\"", "1e+300", "-9"])
    }

    @Test func `has no key twice, and none that every line has`() {
        let keys = LogKey.allCases.map(\.rawValue)
        #expect(Set(keys).count == keys.count)
        for key in ["at", "level", "process", "message"] { #expect(!keys.contains(key)) }
        #expect(keys.allSatisfy { $0 == $0.lowercased() })
    }
}

@Suite struct `A time as text` {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func `is in UTC with milliseconds`(ms: Int64, expected: String) {
        #expect(utcText(ofMs: ms) == expected)
    }

    @Test func `agrees with Foundation on every 10007th hour of 600 years`() throws {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for hour in stride(from: Int64(-2_000_000), to: 3_000_000, by: 10_007) {
            let ms = hour * 3_600_000 + 500
            let date = Date(timeIntervalSince1970: Double(ms) / 1_000)
            #expect(utcText(ofMs: ms) == date.formatted(format))
        }
    }
}
