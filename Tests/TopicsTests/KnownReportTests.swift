import TestSupport
import Testing
import Topics

@testable import Scanning

@Suite struct `A Lambda report of a shape that is known` {
    /// Reads one report after the other.
    private final class Reader {
        var scanned = ScannedInvocation()
        var shapes = ReportShapes()
    }
    private let again = Reader()

    /// - Returns: whether it was taken by its shape alone.
    private func agree(_ bytes: [UInt8], learns: Bool = true) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            var strict: ScannedInvocation?
            var places = ReportPlaces()
            do throws(ScanFailure) {
                let read = try ScannedInvocation.scan(anyReport: buffer)
                (strict, places) = (read.scanned, read.places)
            } catch {}
            let isTaken = again.scanned.read(knownReport: buffer, &again.shapes)
            if isTaken {
                #expect(
                    strict.map { said($0, in: bytes) } == said(again.scanned, in: bytes),
                    "\(String(decoding: bytes, as: UTF8.self))")
            } else if let strict, learns {
                again.shapes.learn(buffer, places, present: strict.present)
            }
            return isTaken
        }
    }

    private func learn(_ bytes: [UInt8]) { _ = agree(bytes) }

    private func said(_ scanned: ScannedInvocation, in bytes: [UInt8]) -> String {
        func number(_ field: InvocationField, _ value: Double) -> String {
            scanned.has(field) ? "\(value.bitPattern)" : "-"
        }
        return [
            "\(scanned.invocation.offset)+\(scanned.invocation.count)", "\(scanned.startedAtMs)",
            number(.durationMs, scanned.durationMs), number(.memoryMb, scanned.memoryMb),
            number(.memoryPeakMb, scanned.memoryPeakMb), number(.initMs, scanned.initMs),
            "\(scanned.outcome) \(scanned.present)",
        ].joined(separator: " ")
    }

    @Test(arguments: UInt64(0)..<20)
    func `is read as any is, or left to the scanner of any`(seed: UInt64) {
        var random = Draws(seed: seed)
        let writer = ReportWriter(&random)
        var (taken, others) = (0, 0)
        for _ in 0..<300 {
            let bytes = Array(writer.report(&random).utf8)
            if agree(bytes) { taken += 1 }
            for _ in 0..<10 where agree(damaged(bytes, &random), learns: false) { others += 1 }
        }
        #expect(taken > 60 && others > 60, "\(taken) taken, of others \(others)")
    }

    /// One byte is another, is gone, or comes twice.
    private func damaged(_ bytes: [UInt8], _ random: inout Draws) -> [UInt8] {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let byte =
            Array("0123456789.eE-+\"\\{}[],: \u{1}\u{7F}aZTé/%".utf8)
            .randomElement(using: &random) ?? 0
        var wrong = bytes
        switch Int.random(in: 0..<3, using: &random) {
        case 0: wrong[place] = byte
        case 1: wrong.remove(at: place)
        default: wrong.insert(byte, at: place)
        }
        return wrong
    }

    private static let plain = """
        {"time":"2022-10-12T00:01:15.500Z","type":"platform.report","record":{"requestId":"6d68",\
        "status":"success","metrics":{"durationMs":500.25,"memorySizeMB":128},"n":[1,"a",null]}}
        """

    @Test(arguments: [
        ("500.25", "0"), ("500.25", "123456789.0123456"), ("128", "10240"), ("6d68", "\u{7F}/%"),
        ("6d68", ""), ("success", "timeout"), ("success", "failure"), ("success", "odd"),
        ("00:01:15.500", "23:59:59.999"), ("2022-10-12", "1969-01-01"), ("[1,", "[0.5,"),
        ("\"a\"", "\"\""),
    ])
    func `is one where its values are others`(part: String, instead: String) {
        learn(Array(Self.plain.utf8))
        #expect(agree(Array(Self.plain.replacing(part, with: instead).utf8)))
    }

    @Test(arguments: [
        ("500.25", "-1"), ("500.25", "1e3"), ("500.25", "01"), ("500.25", "1."),
        ("500.25", "\"1\""), ("500.25", "9007199254740992"), ("[1,", "[01,"), ("[1,", "[-1,"),
        ("[1,", "[1.,"), ("[1,", "[1e5,"), ("\"a\"", "\"\\n\""), ("\"a\"", "\"\u{1}\""),
        ("\"a\"", "\"é\""), ("null", "true"), ("6d68", "\\u0041"), ("\"n\"", "\"m\""),
        ("15.500Z", "15.5Z"), ("15.500Z", "60.500Z"), ("15.500Z", "15.500+00:00"),
        ("10-12T", "02-29T"), ("platform.report", "platform.start"), ("}}", "}} "), ("}}", "}"),
    ])
    func `is none where anything else is another`(part: String, instead: String) {
        learn(Array(Self.plain.utf8))
        #expect(!agree(Array(Self.plain.replacing(part, with: instead).utf8)))
    }

    @Test func `is known again behind few others, and forgotten behind many`() {
        let reports = (0..<ReportShapes.countMax + 1).map { number in
            Array(Self.plain.replacing("\"n\"", with: "\"n\(number)\"").utf8)
        }
        for report in reports.dropLast() { learn(report) }
        for report in reports.dropLast() { #expect(agree(report)) }
        learn(reports[ReportShapes.countMax])
        #expect(!agree(reports[0]))
    }

    @Test func `is not learned where it is larger than is worth keeping`() {
        let numbers = Array(repeating: "1", count: ReportShape.stepsMax)
        let many = Self.plain.replacing("[1", with: "[" + numbers.joined(separator: ","))
        let name = String(repeating: "n", count: ReportShape.literalBytesMax)
        for json in [many, Self.plain.replacing("\"n\"", with: "\"\(name)\"")] {
            learn(Array(json.utf8))
            #expect(!agree(Array(json.utf8)))
        }
    }
}

/// Writes reports as one program would: its members in one order, and some of them now and then.
private struct ReportWriter {
    private let space: String
    private let isMetricsFirst: Bool
    private let others: String

    init(_ random: inout Draws) {
        space = ["", "", " ", "\n\t"].randomElement(using: &random) ?? ""
        isMetricsFirst = Bool.random(using: &random)
        others =
            [
                "", #""spans":[{"name":"responseLatency","durationMs":20.12}],"#,
                #""é\u0041":{"a":[true,false,null,"x",{}],"time":"","status":1},"#,
            ].randomElement(using: &random) ?? ""
    }

    func report(_ random: inout Draws) -> String {
        func number() -> String {
            let limits: [Double] = [100, 10_000, 1e6]
            let most = limits.randomElement(using: &random) ?? 1
            let value = someNumber(most, &random)
            return Bool.random(using: &random) ? "\(Int(value))" : "\(value)"
        }
        func maybe(_ text: String) -> String {
            Int.random(in: 0..<8, using: &random) == 0 ? text : ""
        }
        let coldStart = maybe(#","initDurationMs":\#(number())"#)
        let metrics =
            #""metrics":{"durationMs":\#(number()),"billedDurationMs":\#(number()),"#
            + #""memorySizeMB":128,"maxMemoryUsedMB":\#(number())\#(coldStart)},"#
        let status =
            ["success", "success", "timeout", "error", "failure", "odd"]
            .randomElement(using: &random) ?? ""
        let kind = ["Runtime.OutOfMemory", "Runtime.ExitError"].randomElement(using: &random) ?? ""
        let second = Int.random(in: 10..<60, using: &random)
        let id = maybe("\u{e9}") + "\(random.next())"
        return #"{"time":"2022-10-1\#(second % 3)T00:01:\#(second).5\#(second)Z","#
            + #""type":"platform.report","record":{\#(space)\#(isMetricsFirst ? metrics : "")"#
            + #"\#(others)\#(maybe(#""errorType":"\#(kind)","#))"requestId":"\#(id)",\#(space)"#
            + #"\#(isMetricsFirst ? "" : metrics)"status":\#(space)"\#(status)"}}\#(space)"#
    }
}
