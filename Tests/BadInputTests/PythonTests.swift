import Foundation
import TestSupport
import Testing
import Topics

/// The scanner beside a strict reader that shares nothing with it: Python's, in a child process.
@Suite(.enabled(if: PythonReader.isInstalled, "needs python3"))
struct `The scanner, beside Python's reader` {
    static let inputs = 4_000 * Campaign.factor

    @Test func `takes the same texts and reads the same values`() throws {
        let names = Set(RealMessages.small.invocations.flatMap { [$0.customer, $0.service] })
        let mutator = Mutator(
            corpus: RealMessages.small.byTopic[.invocations] ?? [],
            dictionary: jsonTokens + names.sorted().prefix(4).map { "\"\($0)\"" }
                + ["\"started_at_ms\":", "\"duration_ms\":", "\"outcome\":", "\"trigger\":"])
        var taken = 0
        for start in stride(from: 0, to: Self.inputs, by: 50_000) {
            let inputs = (start..<min(start + 50_000, Self.inputs)).map {
                mutator.input($0, seed: Campaign.seed)
            }
            let theirs = try PythonReader.read(inputs)
            try #require(theirs.count == inputs.count)
            for (place, input) in inputs.enumerated() {
                let ours = PythonReader.line(input)
                if ours.hasPrefix("1") { taken += 1 }
                guard ours != theirs[place] else { continue }
                Issue.record(
                    """
                    input \(start + place) of seed \(Campaign.seed): ours \(ours)
                    Python's \(theirs[place])
                    \(hexDump(input))
                    """)
                return
            }
        }
        #expect(taken > Self.inputs / 20)
    }
}

/// A line for each input: 0, or 1 and the values, texts in hexadecimal and numbers as their bits.
private enum PythonReader {
    static let path = "/usr/bin/env"
    static let isInstalled =
        (try? ChildProcess.run(path, ["python3", "-c", "import json"], within: .seconds(20)))?
        .ending == .exited(0)

    static func line(_ input: [UInt8]) -> String {
        guard let read = try? Invocation(decoding: input.span) else { return "0" }
        func text(_ text: String?) -> String {
            text.map {
                $0.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            }
                ?? "-"
        }
        func number(_ value: Double?) -> String {
            value.map { String(($0 + 0).bitPattern, radix: 16) } ?? "-"
        }
        return [
            "1", text(read.customer), text(read.service), text(read.function),
            text(read.invocation), "\(read.startedAtMs)", number(read.durationMs),
            number(read.cpuMs), number(read.memoryMb), number(read.memoryPeakMb),
            number(read.initMs), number(read.deadlineMs), text(read.trigger), text(read.runtime),
            text(read.worker), read.outcome.rawValue,
        ].joined(separator: " ")
    }

    static func read(_ inputs: [[UInt8]]) throws -> [String] {
        try withTemporaryFolder { folder in
            var bytes: [UInt8] = []
            for input in inputs {
                bytes += (0..<4).map { UInt8(truncatingIfNeeded: input.count >> (24 - 8 * $0)) }
                bytes += input
            }
            try Data(bytes).write(to: URL(filePath: "\(folder)/inputs"))
            try Data(program.utf8).write(to: URL(filePath: "\(folder)/read.py"))
            let ended = try ChildProcess.run(
                path, ["python3", "\(folder)/read.py", "\(folder)/inputs"], within: .seconds(600))
            try #require(ended.ending == .exited(0))
            return ended.output.split(separator: "\n").map(String.init)
        }
    }

    /// The rules that differ from Python's: no text with half a surrogate pair anywhere, a known
    /// field once, at most 65,536 bytes and 32 levels. `null` says nothing; `1e3` is an integer.
    private static let program = #"""
        import json, math, struct, sys
        sys.set_int_max_str_digits(0)
        sys.setrecursionlimit(200000)
        TEXTS = ["customer", "service", "function", "invocation", "trigger", "runtime", "worker"]
        NUMBERS = {"duration_ms": 86400000, "cpu_ms": 86400000 * 1024, "memory_mb": 16777216,
                   "memory_peak_mb": 16777216, "init_ms": 86400000, "deadline_ms": 86400000}
        OUTCOMES = ["success", "error", "timeout", "out_of_memory", "throttled", "killed"]
        KNOWN = set(TEXTS) | set(NUMBERS) | {"started_at_ms", "outcome"}

        class Number(str): pass
        class Refused(Exception): pass

        def refuse(_): raise Refused()

        def check(value, depth):
            if isinstance(value, Number): return
            if isinstance(value, str): value.encode("utf-8")
            elif isinstance(value, Pairs):
                if depth > 32: raise Refused()
                for key, inner in value.items:
                    key.encode("utf-8")
                    check(inner, depth + 1)
            elif isinstance(value, list):
                if depth > 32: raise Refused()
                for inner in value: check(inner, depth + 1)

        class Pairs:
            def __init__(self, items): self.items = items

        def name(value, needed):
            if value is None:
                if needed: raise Refused()
                return None
            if isinstance(value, Number) or not isinstance(value, str): raise Refused()
            raw = value.encode("utf-8")
            if not 0 < len(raw) <= 256 or any(b < 32 or b == 127 for b in raw): raise Refused()
            return raw

        def number(value, most, needed):
            if value is None:
                if needed: raise Refused()
                return None
            if not isinstance(value, Number): raise Refused()
            got = float(value)
            if not 0 <= got <= most: raise Refused()
            return got + 0.0

        def integer(value):
            if not isinstance(value, Number): raise Refused()
            if all(c in "-0123456789" for c in value): got = int(value)
            else:
                got = float(value)
                if math.isinf(got) or got != math.floor(got): raise Refused()
                got = int(got)
            if not 0 <= got <= 253402300799999: raise Refused()
            return got

        def invocation(raw):
            if len(raw) > 65536: raise Refused()
            value = json.loads(raw.decode("utf-8"), parse_int=Number, parse_float=Number,
                               parse_constant=refuse, object_pairs_hook=Pairs)
            if not isinstance(value, Pairs): raise Refused()
            check(value, 1)
            known = [key for key, _ in value.items if key in KNOWN]
            if len(known) != len(set(known)): raise Refused()
            fields = dict(value.items)
            texts = {k: name(fields.get(k), k in TEXTS[:4]) for k in TEXTS}
            numbers = {k: number(fields.get(k), most, k in ("duration_ms", "memory_mb"))
                       for k, most in NUMBERS.items()}
            started = integer(fields.get("started_at_ms"))
            outcome = fields.get("outcome")
            if isinstance(outcome, Number) or not isinstance(outcome, str): raise Refused()
            text = lambda k: texts[k].hex() if texts[k] is not None else "-"
            bits = lambda k: ("%x" % struct.unpack(">Q", struct.pack(">d", numbers[k]))[0]
                              if numbers[k] is not None else "-")
            return " ".join(["1"] + [text(k) for k in TEXTS[:4]] + [str(started)]
                            + [bits(k) for k in NUMBERS] + [text(k) for k in TEXTS[4:]]
                            + [outcome if outcome in OUTCOMES else "unknown"])

        data = open(sys.argv[1], "rb").read()
        place, lines = 0, []
        while place < len(data):
            count = int.from_bytes(data[place:place + 4], "big")
            raw = data[place + 4:place + 4 + count]
            place += 4 + count
            try: lines.append(invocation(raw))
            except (Refused, ValueError, RecursionError): lines.append("0")
        print("\n".join(lines))
        """#
}
