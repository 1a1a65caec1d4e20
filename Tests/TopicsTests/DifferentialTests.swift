import Foundation
import TestSupport
import Testing
import Topics

@Suite struct `The scanner, beside Foundation's decoder` {
    @Test(arguments: UInt64(0)..<100)
    func `takes the same texts and reads the same values`(seed: UInt64) {
        var random = Draws(seed: seed)
        for _ in 0..<30 {
            var bytes = Array(Document(someInvocation(&random)).written(&random).utf8)
            compare(bytes)
            for _ in 0..<Int.random(in: 1...3, using: &random) { damage(&bytes, &random) }
            compare(bytes)
        }
    }

    private func compare(_ bytes: [UInt8]) {
        #expect(FoundationInvocation.disagreement(on: bytes) == nil)
    }

    /// One byte changed, removed, repeated, or a piece that means something put in.
    private func damage(_ bytes: inout [UInt8], _ random: inout Draws) {
        let place = Int.random(in: 0..<max(bytes.count, 1), using: &random)
        guard place < bytes.count else { return }
        let pieces = [
            "\"", "\\", "{", "}", "[", "]", ",", ":", "-", "0", "e", ".", "\\u", "\\ud800", "\t",
            " ", "null", "1e5", "\u{7F}", "é",
        ]
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 1...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(bytes[place], at: place)
        default:
            let piece = pieces.randomElement(using: &random) ?? ","
            bytes.insert(contentsOf: piece.utf8, at: place)
        }
    }
}

/// A JSON object that says an invocation in one of the many ways that JSON has.
private struct Document {
    private var members: [(key: String, value: String)] = []

    init(_ invocation: Invocation) {
        let object = try? JSONSerialization.jsonObject(with: Data(invocation.encodedJSON()))
        for (key, value) in (object as? [String: Any] ?? [:]).sorted(by: { $0.key < $1.key }) {
            if let text = value as? String {
                members.append((key, text))
            } else if key == "started_at_ms" {
                members.append((key, "#\(invocation.startedAtMs)"))
            } else if let number = value as? Double {
                members.append((key, "#\(number)"))
            }
        }
    }

    func written(_ random: inout Draws) -> String {
        var parts = members.map { key, value in
            quoted(key, &random) + space(&random) + ":" + space(&random)
                + (value.hasPrefix("#")
                    ? number(value.dropFirst(), &random) : quoted(value, &random))
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            parts.append(quoted("extra", &random) + ":" + anything(&random, depth: 0))
        }
        parts.shuffle(using: &random)
        return space(&random) + "{" + space(&random)
            + parts.joined(separator: space(&random) + "," + space(&random)) + "}"
            + space(&random)
    }

    private func space(_ random: inout Draws) -> String {
        ["", "", "", " ", "\n\t", "\r\n"].randomElement(using: &random) ?? ""
    }

    private func number(_ digits: Substring, _ random: inout Draws) -> String {
        switch Int.random(in: 0..<12, using: &random) {
        case 0: digits + "0e-1"
        case 1: digits.contains(".") && !digits.contains("e") ? digits + "000" : String(digits)
        case 2: digits.contains("e") ? String(digits) : digits + "E0"
        case 3:
            [
                "-0", "0.0", "1e2", "1E+2", "2.5e-3", "123456789012345678901", "1e400",
                "0.1234567890123456789012", "9007199254740993", "18446744073709551615",
            ]
            .randomElement(using: &random) ?? "0"
        default: String(digits)
        }
    }

    private func quoted(_ text: String, _ random: inout Draws) -> String {
        var json = "\""
        for unit in text.unicodeScalars {
            switch (unit, Int.random(in: 0..<20, using: &random)) {
            case ("\"", _), ("\\", _): json += "\\" + String(unit)
            case ("/", 0..<10): json += "\\/"
            case (_, 0):
                for half in String(unit).utf16 {
                    let digits = String(half, radix: 16, uppercase: Bool.random(using: &random))
                    json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: json.unicodeScalars.append(unit)
            }
        }
        return json + "\""
    }

    private func anything(_ random: inout Draws, depth: Int) -> String {
        switch Int.random(in: 0..<(depth < 4 ? 7 : 5), using: &random) {
        case 0: "true"
        case 1: "null"
        case 2: "false"
        case 3: number("12.5", &random)
        case 4: quoted("some \u{e9} text\"", &random)
        case 5:
            "["
                + (0..<Int.random(in: 0..<3, using: &random))
                .map { _ in anything(&random, depth: depth + 1) }.joined(separator: ",") + "]"
        default:
            "{"
                + (0..<Int.random(in: 0..<3, using: &random))
                .map { "\"k\($0)\":" + anything(&random, depth: depth + 1) }
                .joined(separator: ",") + "}"
        }
    }
}
