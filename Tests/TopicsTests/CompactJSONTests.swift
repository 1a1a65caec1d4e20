import TestSupport
import Testing
import Topics

@testable import Scanning

@Suite struct `JSON without white space` {
    /// What was scanned, as far as it is given.
    private func said(_ scanned: ScannedInvocation) -> String {
        func text(_ field: InvocationField, _ text: ScannedText) -> String {
            scanned.has(field) ? "\(text.offset)+\(text.count)\(text.isEscaped)" : "-"
        }
        func number(_ field: InvocationField, _ value: Double) -> String {
            scanned.has(field) ? "\(value.bitPattern)" : "-"
        }
        return [
            text(.customer, scanned.customer), text(.service, scanned.service),
            text(.function, scanned.function), text(.invocation, scanned.invocation),
            text(.trigger, scanned.trigger), text(.runtime, scanned.runtime),
            text(.worker, scanned.worker), "\(scanned.startedAtMs)",
            number(.durationMs, scanned.durationMs), number(.cpuMs, scanned.cpuMs),
            number(.memoryMb, scanned.memoryMb), number(.memoryPeakMb, scanned.memoryPeakMb),
            number(.initMs, scanned.initMs), number(.deadlineMs, scanned.deadlineMs),
            "\(scanned.outcome)",
        ].joined(separator: " ")
    }

    /// Reads one message after the other.
    private final class Reader {
        var scanned = ScannedInvocation()
        var order = KeyOrder()
    }
    private let again = Reader()

    /// - Returns: whether the compact scanner took it.
    private func agree(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            var compact = ScannedInvocation()
            var order = KeyOrder()
            let isTaken = compact.read(compactJSON: buffer, &order)
            // What other messages said, and in what order, changes nothing.
            let isTakenAgain = again.scanned.read(compactJSON: buffer, &again.order)
            #expect(isTakenAgain == isTaken)
            guard isTaken else { return false }
            #expect(said(again.scanned) == said(compact))
            do throws(ScanFailure) {
                let whole = try ScannedInvocation.scan(anyJSON: buffer)
                #expect(said(whole) == said(compact), "\(String(decoding: bytes, as: UTF8.self))")
            } catch {
                Issue.record("taken though it is none: \(String(decoding: bytes, as: UTF8.self))")
            }
            return true
        }
    }

    @Test(arguments: UInt64(0)..<20)
    func `is scanned as any JSON is, or left to the scanner of any`(seed: UInt64) {
        var random = Draws(seed: seed)
        var taken = 0
        for _ in 0..<200 {
            var invocation = someInvocation(&random)
            if Bool.random(using: &random) {
                (invocation.customer, invocation.service) = ("team-1", "shop/%25")
                (invocation.function, invocation.invocation) = ("f", "4752-4581-89bc-de4431fa3c80")
                (invocation.trigger, invocation.runtime) = (nil, "nodejs:20")
                invocation.worker = nil
            }
            var bytes = invocation.encodedJSON()
            if agree(bytes) { taken += 1 }
            for _ in 0..<20 {
                // One byte is another, is gone, or comes twice.
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let byte =
                    Array("0123456789.eE-+\"\\{}[],: \u{1}\u{7F}aé/%".utf8)
                    .randomElement(using: &random) ?? 0
                var wrong = bytes
                switch Int.random(in: 0..<3, using: &random) {
                case 0: wrong[place] = byte
                case 1: wrong.remove(at: place)
                default: wrong.insert(byte, at: place)
                }
                _ = agree(wrong)
            }
            bytes.removeLast()
            #expect(!agree(bytes))
        }
        #expect(taken > 40)
    }

    @Test(arguments: [
        #"{"customer":"a","customer":"a"}"#, #"{"customer":"a","#, #"{"customer":"a","x":1}"#,
        "{\"service\u{0}\":\"a\"}", "{}", "{", "",
    ])
    func `is left to the other scanner where it is odd`(json: String) {
        #expect(!agree(Array(json.utf8)))
    }

    @Test func `has numbers as any reader has them`() {
        for number in [
            "0", "1", "12345678", "123456789012", "0.1", "759.08", "0.000001", "9007199254740992",
            "123456.789012", "1.0000001", "759.0812345678901", "00", "01", "1.", ".5", "1e3", "-1",
            "99999999999999999999",
        ] {
            let json =
                #"{"customer":"a","duration_ms":\#(number),"function":"f","invocation":"i","#
                + #""memory_mb":128,"outcome":"success","service":"s","started_at_ms":1000}"#
            let isTaken = agree(Array(json.utf8))
            #expect(
                isTaken == ![
                    "00", "01", "1.", ".5", "1e3", "-1",
                    "99999999999999999999",
                ].contains(number))
        }
    }
}
