import TestSupport
import Testing

@testable import Pages

@Suite struct `The fleet's load` {
    private static let endMs: Int64 = 1_563_204_000_000

    @Test(arguments: UInt64(0)..<20)
    func `is what there is, however time moves and whenever slots are filled`(seed: UInt64) {
        var random = TestRandom(seed: seed)
        var endMs = Self.endMs
        var truth: [Int64: Double] = [:]
        var load = FleetLoad(endMs: endMs)
        for _ in 0..<100 {
            endMs += Int64.random(in: 0...9, using: &random) * Times.slotMs
            let filledMs = endMs - Int64.random(in: 1...288, using: &random) * Times.slotMs
            truth[filledMs, default: 0] += 1
            read(&load, to: endMs, truth)
        }
        // 13 pieces of two hours are more than a day: each was read again since.
        for _ in 0..<14 { read(&load, to: endMs, truth) }
        #expect(load.isComplete)
        let expected = (0..<288).map { truth[load.startMs + Int64($0) * Times.slotMs] ?? 0 }
        #expect(load.invocations == expected)
    }

    @Test func `hears of a slot that is filled late, while time goes on`() {
        var load = FleetLoad(endMs: Self.endMs)
        for _ in 0..<14 { read(&load, to: Self.endMs, [:]) }
        let lateMs = Self.endMs - 12 * 3_600_000
        for slot in 1...30 { read(&load, to: Self.endMs + Int64(slot) * Times.slotMs, [lateMs: 7]) }
        #expect(load.invocations.reduce(0) { $0 + ($1 ?? 0) } == 7)
    }

    @Test func `starts anew where time went back, or on by more than a day`() {
        for movedMs in [-Times.slotMs, 2 * Times.dayMs] {
            var load = FleetLoad(endMs: Self.endMs)
            for _ in 0..<14 { read(&load, to: Self.endMs, [:]) }
            #expect(load.isComplete)
            load.move(toEndMs: Self.endMs + movedMs)
            #expect(load == FleetLoad(endMs: Self.endMs + movedMs))
        }
    }

    private func read(_ load: inout FleetLoad, to endMs: Int64, _ truth: [Int64: Double]) {
        load.move(toEndMs: endMs)
        for piece in load.pieces { load.took(piece, truth.filter { piece.contains($0.key) }) }
    }
}
