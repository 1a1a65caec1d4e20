internal import Featurization
internal import Foundation
internal import Processing
internal import TestSupport
internal import Topics

/// Instructions an event, which do not depend on what else the machine does.
extension FeaturizerBenchmark {
    private static let functions = 2_000
    private static let rounds = 3
    private static let batchRecords = 1_000

    func countInstructions() throws -> [ReportTable] {
        var table = ReportTable(
            "Instructions an event, decoded and folded in memory, by callgrind: what "
                + "\(Self.rounds) rounds over \(grouped(options.size.countedEvents)) events of "
                + "\(grouped(Self.functions)) functions take more than one round",
            ["events", "instructions"])
        guard let valgrind = program("valgrind"), let strip = program("strip") else {
            table.notes.append("Skipped: no valgrind, or no strip, is on PATH.")
            return [table]
        }
        guard let built = Products.path(of: "benchmark") else {
            throw Failed(description: "count instructions: benchmark is not built")
        }
        try withTemporaryFolder { folder in
            // valgrind 3.19 dies of Swift's debug information.
            let stripped = "\(folder)/benchmark"
            let made = try ChildProcess.run(
                strip, ["-g", "-o", stripped, built], within: .seconds(60))
            guard made.ending == .exited(0) else {
                throw Failed(description: "strip: \(made.error)")
            }
            for form in options.forms {
                let counts = try [1, Self.rounds].map { rounds in
                    try count(stripped, valgrind, form, rounds)
                }
                let events = Double(options.size.countedEvents * (Self.rounds - 1))
                table.add([form.rawValue, grouped(Double(counts[1] - counts[0]) / events)])
            }
        }
        return [table]
    }

    private func count(
        _ benchmark: String, _ valgrind: String, _ form: InvocationForm, _ rounds: Int
    ) throws -> Int {
        let run = try ChildProcess.run(
            valgrind,
            [
                "--tool=callgrind", "--callgrind-out-file=/dev/null", benchmark, Self.name,
                "--fold", form.rawValue, "\(options.size.countedEvents)", "\(rounds)",
            ],
            // So that a dictionary's order, and what it takes, is the same in every run.
            environment: ["SWIFT_DETERMINISTIC_HASHING": "1"], within: .seconds(600))
        let line = run.error.split(separator: "\n").first { $0.contains("Collected :") }
        guard run.ending == .exited(0),
            let count = line?.split(separator: " ").last.flatMap({ Int($0) })
        else { throw Failed(description: "valgrind: \(run.error.suffix(2_000))") }
        return count
    }

    /// Decodes and folds as many rounds of events, as one partition of the process would, and in
    /// its batches: what runs under valgrind. All rounds are made, whatever number is folded, so that
    /// making them cancels out; all lie in one slot, so that none closes.
    /// - Returns: how many were taken.
    public static func fold(_ form: InvocationForm, events: Int, rounds: Int) throws -> Int {
        precondition(rounds <= Self.rounds, "\(rounds) rounds")
        var draws = InvocationDraws(
            InvocationTopic(
                servers: "", form: form, events: events * Self.rounds * 2, functions: functions))
        var message = InvocationBytes(form)
        var bytes: [UInt8] = []
        let messages = (0..<events * Self.rounds).map { number in
            message.write(draws.next(number))
            let start = bytes.count
            bytes += message.value
            let value = start..<bytes.count
            return (value: value, headers: Headers(message.headers).append(to: &bytes))
        }
        var stage = FeaturizerStage(partition: 0)
        var rejected = 0
        unsafe bytes.withUnsafeBytes { bytes in
            for first in stride(from: 0, to: events * rounds, by: batchRecords) {
                var run = MessageRun(.invocations)
                for message in messages[first..<min(first + batchRecords, events * rounds)] {
                    // As the loop does.
                    unsafe run.append(HeaderBytes(message.headers, of: bytes))
                    unsafe run.append(
                        UnsafeRawBufferPointer(rebasing: bytes[message.value]))
                }
                var effects = Effects<FeaturizerRow>()
                stage.process(run, nowMs: InvocationTopic.startMs, &effects) { _, _ in
                    rejected += 1
                }
            }
        }
        return events * rounds - rejected
    }
}

extension Headers {
    init(_ headers: [InvocationForm.Header]) {
        func text(_ name: String) -> String? {
            headers.first { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) }
        }
        self.init(
            contentType: text("content-type"), customer: text("customer"),
            service: text("service"), function: text("function"))
    }
}

/// Where a program is on PATH.
func program(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/\(name)" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
}

func sharedCores() -> Int { ProcessInfo.processInfo.activeProcessorCount }
