import Foundation
import Glibc
import TestSupport

/// Gives a target its inputs, in a process of its own: one that stops there is a finding, not the end
/// of the tests.
enum Campaign {
    /// `ANTIPHASE_BAD_INPUT_FACTOR`: how many times as many inputs each target gets as it gets
    /// usually, which is less than a minute's worth in all.
    static let factor = number(of: "ANTIPHASE_BAD_INPUT_FACTOR") ?? 1
    /// `ANTIPHASE_BAD_INPUT_SEED`: another seed tries other inputs.
    static let seed = UInt64(number(of: "ANTIPHASE_BAD_INPUT_SEED") ?? 1)
    /// `ANTIPHASE_BAD_INPUT_TARGET`: the one target that gets any.
    static let targets = Target.all.map(\.name).filter { name in
        ProcessInfo.processInfo.environment["ANTIPHASE_BAD_INPUT_TARGET"].map { $0 == name } ?? true
    }
    /// `ANTIPHASE_BAD_INPUT_REPORT`: a file to which a line for each target is added.
    static let reportPath = ProcessInfo.processInfo.environment["ANTIPHASE_BAD_INPUT_REPORT"]

    private static func number(of variable: String) -> Int? {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) }
    }

    /// Inputs are so cheap that time is only looked at between so many of them.
    private static let inputsPerWatch = 16
    /// CPU, not wall-clock, for so many inputs: the machine may be busy with others.
    private static let watchCPUSeconds = 20

    /// What was found is in the file: the input, behind a line that says what is wrong with it.
    static func run(_ target: Target, findings path: String) throws -> Broken? {
        let mutator = target.mutator()
        let inputs = target.inputsUsually * factor
        let read = try target.prepare()
        let recorder = LastInput.recorder(path)
        _ = try read(mutator.corpus[0])
        let before = Memory.peakMb
        var taken = 0
        let began = clock()
        for number in 0..<inputs {
            if number % inputsPerWatch == 0 { recorder.watch(cpuSeconds: watchCPUSeconds) }
            let input = mutator.input(number, seed: seed)
            recorder.note(input, number: number)
            do {
                if try read(input) { taken += 1 }
            } catch {
                var minimiser = Minimiser(input)
                while let candidate = minimiser.next() {
                    minimiser.note(fails: try fails(target, candidate))
                }
                recorder.write("input \(number): \(error)", minimiser.smallest)
                return Broken("\(error)")
            }
        }
        recorder.watch(cpuSeconds: 0)
        let grown = Memory.peakMb - before
        report(
            "\(target.name): \(inputs) inputs, \(taken) taken, "
                + "\((clock() - began) / CLOCKS_PER_SEC) s of CPU and \(began / CLOCKS_PER_SEC) s "
                + "before, \(grown) MB grown")
        guard grown > target.growthMbMax else { return nil }
        recorder.write("grew by \(grown) MB, expected at most \(target.growthMbMax)", [])
        return Broken("grew by \(grown) MB")
    }

    /// Processes that one input may end before it is small enough.
    static let endsMax = 40

    /// Tries the pieces of an input that ends a process, until one does.
    static func minimise(_ input: [UInt8], of target: Target, findings path: String) throws {
        let read = try target.prepare()
        let recorder = LastInput.recorder(path)
        recorder.watch(cpuSeconds: watchCPUSeconds)
        var minimiser = Minimiser(input)
        while let candidate = minimiser.next() {
            recorder.note(candidate, number: 0)
            _ = try? read(candidate)
            minimiser.note(fails: false)
        }
    }

    /// Whether a fresh reader finds a law broken.
    private static func fails(_ target: Target, _ input: [UInt8]) throws -> Bool {
        let read = try target.prepare()
        do {
            _ = try read(input)
            return false
        } catch { return true }
    }

    private static func report(_ line: String) {
        guard let reportPath, let file = fopen(reportPath, "a") else { return }
        fputs(line + "\n", file)
        fclose(file)
    }
}

/// What is found in a process of its own, left in a file for the process that started it.
///
/// An error that nobody catches would end the process by a signal, as a crash does.
func leaving(findings path: String, _ body: () throws -> Void) {
    do { try body() } catch {
        LastInput.recorder(path).write("\(error)", [])
        exit(EXIT_FAILURE)
    }
}

/// Looks for a part of an input that still fails, and of which no piece can be left out: pieces of
/// half the size, a quarter and so on are left out one after the other.
struct Minimiser {
    private(set) var smallest: [UInt8]
    private var piece: Int
    private var start = 0
    private var triesLeft: Int
    private var candidate: [UInt8] = []

    init(_ input: [UInt8], triesMax: Int = 2_000) {
        smallest = input
        piece = max(1, (input.count + 1) / 2)
        triesLeft = triesMax
    }

    /// The next to try; nil when there is none.
    mutating func next() -> [UInt8]? {
        if start >= smallest.count {
            guard piece > 1 else { return nil }
            (piece, start) = (piece / 2, 0)
        }
        guard triesLeft > 0, !smallest.isEmpty else { return nil }
        triesLeft -= 1
        candidate = smallest
        candidate.removeSubrange(start..<min(candidate.count, start + piece))
        return candidate
    }

    /// What became of the last one given.
    mutating func note(fails: Bool) {
        if fails { smallest = candidate } else { start += piece }
    }
}

/// Sixteen bytes a line, and what they say.
func hexDump(_ bytes: [UInt8], bytesMax: Int = 2_048) -> String {
    let shown = bytes.prefix(bytesMax)
    var lines = stride(from: 0, to: shown.count, by: 16).map { start in
        let row = shown[start..<min(start + 16, shown.count)]
        let hex = row.map { String(format: "%02x", $0) }.joined(separator: " ")
        let text = row.map { (0x20..<0x7F).contains($0) ? Character(Unicode.Scalar($0)) : "." }
        return String(format: "%06x  ", start)
            + hex.padding(toLength: 48, withPad: " ", startingAt: 0) + " \(String(text))"
    }
    if bytes.count > shown.count { lines.append("... \(bytes.count) bytes in all") }
    return lines.joined(separator: "\n")
}

enum Memory {
    /// The most that the process ever held.
    static var peakMb: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1_024
    }
}
