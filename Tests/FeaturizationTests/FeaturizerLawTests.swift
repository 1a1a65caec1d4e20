import Foundation
import TestSupport
import Testing
import Topics

@testable import Featurization

@Suite struct `The featurizer's laws` {
    private let settings = FeaturizerSettings()

    @Test(arguments: UInt64(0)..<4)
    func `hold: deterministic, restarts anywhere, garbage changes nothing`(seed: UInt64) throws {
        var draws = Draws(seed: seed)
        let events = shuffled(someEvents(250, &draws), withinMs: 90_000, &draws)
        let laws = StageLaws(inputs: events) { FeaturizerStage(partition: $0) }
        #expect(laws.isDeterministic())
        for _ in 0..<12 {
            let cut = Int.random(in: 0...events.count, using: &draws)
            let lost = Int.random(in: 0...60, using: &draws)
            #expect(try laws.survivesRestart(at: cut, losing: lost))
        }
        var torn = whole.encodedProtobuf()
        torn.removeLast(20)
        let garbage: [[UInt8]] = [
            [], Array("not json".utf8), Array("{\"customer\":7}".utf8), torn,
            Array(repeating: 0x20, count: 1_048_576),
            Array(
                String(decoding: whole.encodedJSON(), as: UTF8.self)
                    .replacing("\"duration_ms\":100", with: "\"duration_ms\":-100").utf8),
        ]
        #expect(laws.ignoresGarbage(on: .invocations, garbage))
    }

    private let whole = invocation(at: 100_000)

    @Test(arguments: UInt64(0)..<10)
    func `any order within the lateness gives the same tables, byte for byte`(seed: UInt64) {
        var draws = Draws(seed: seed)
        let events = someEvents(600, &draws)
        let inOrder = tables(events)
        for _ in 0..<3 {
            #expect(tables(shuffled(events, withinMs: settings.latenessMs, &draws)) == inOrder)
        }
    }

    @Test(arguments: UInt64(0)..<5)
    func `later still, the values are the same and only corrections differ`(seed: UInt64) {
        var draws = Draws(seed: seed)
        let events = someEvents(600, &draws)
        let late = shuffled(events, withinMs: settings.horizonMs, &draws)
        #expect(uncorrected(late) == uncorrected(events))
    }

    @Test(arguments: UInt64(0)..<5)
    func `a checkpoint writes what a restart needs, wherever it is made`(seed: UInt64) throws {
        var draws = Draws(seed: seed)
        let events = shuffled(someEvents(400, &draws), withinMs: 600_000, &draws)
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        for event in events {
            driver.feed(event)
            if Int.random(in: 0..<20, using: &draws) == 0 {
                driver.advance(nowMs: 0, quietMs: 0)
                driver.checkpoint()
                try driver.restart()
            }
        }
        driver.advance(nowMs: 0, quietMs: 10_000)
        var undisturbed = StageDriver { FeaturizerStage(partition: $0) }
        for event in events { undisturbed.feed(event) }
        undisturbed.advance(nowMs: 0, quietMs: 10_000)
        #expect(driver.tables == undisturbed.tables)
        #expect(totals(driver) == totals(undisturbed))
    }

    @Test(.enabled(if: trace != nil, "needs ../shared/traces"))
    func `a real trace in any order gives the same tables, and no invocation is lost`() throws {
        let trace = try #require(trace)
        let (events, sent) = try read(trace)
        #expect(events.count > 5_000)
        var draws = Draws(seed: 1)
        #expect(tables(shuffled(events, withinMs: 60_000, &draws)) == tables(events))
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        for event in shuffled(events, withinMs: 60_000, &draws) { driver.feed(event) }
        driver.advance(nowMs: 0, quietMs: 0)
        let folded = totals(driver).map { ($0.function, $0.counts.total) }
        #expect(Dictionary(uniqueKeysWithValues: folded) == sent)
    }

    private func run(_ events: [Invocation]) -> StageDriver<FeaturizerStage> {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        for event in events { driver.feed(event) }
        driver.advance(nowMs: 0, quietMs: 10_000)
        return driver
    }

    private func tables(_ events: [Invocation]) -> [String: [UInt8]] { run(events).tables }

    private func uncorrected(_ events: [Invocation]) -> [String: FunctionShape] {
        var last: [String: FunctionShape] = [:]
        for case var shape as FunctionShape in run(events).messages {
            shape.correction = 0
            last[shape.key] = shape
        }
        return last
    }
}

/// 250 functions x 480 minutes: how often each ran in each minute.
private let trace: URL? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let file = root.appending(path: "../shared/traces/azure2019_functions/invocations.csv")
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
}()

/// The trace's first 40 minutes, at most five invocations a function and minute, and how many each
/// function has.
private func read(_ file: URL) throws -> (events: [Invocation], sent: [FunctionID: Int]) {
    var events: [Invocation] = []
    var sent: [FunctionID: Int] = [:]
    let text = try String(contentsOf: file, encoding: .utf8)
    for line in text.split(separator: "\n").dropFirst() {
        let cells = line.split(separator: ",", omittingEmptySubsequences: false)
        for (minute, cell) in cells.dropFirst(4).prefix(40).enumerated() {
            for i in 0..<min(Int(cell) ?? 0, 5) {
                let startMs = Int64(480 + minute) * 60_000 + Int64(i) * 11_003
                let event = Invocation(
                    customer: String(cells[0]), service: String(cells[1]),
                    function: String(cells[2]), invocation: "\(minute)-\(i)",
                    startedAtMs: startMs, durationMs: Double(startMs % 97_003) / 3,
                    memoryMb: 170, trigger: String(cells[3]),
                    outcome: i == 4 ? .error : .success)
                events.append(event)
                sent[event.functionID, default: 0] += 1
            }
        }
    }
    return (events.sorted { $0.startedAtMs < $1.startedAtMs }, sent)
}
