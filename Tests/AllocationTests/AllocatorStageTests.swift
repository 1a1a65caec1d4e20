import Numerics
import TestSupport
import Testing
import Topics

@testable import Allocation

@Suite struct `The allocator` {
    let laws = StageLaws(inputs: mixedFleet()) { AllocatorStage(cell: $0) }

    @Test func `ends in the same tables for the same input`() {
        #expect(laws.isDeterministic())
    }

    @Test(arguments: [0, 1, 7, 20, 41, 77, 120, 163, 188, 210, 225])
    func `loses nothing in a restart`(cut: Int) throws {
        #expect(try laws.survivesRestart(at: cut, losing: 13))
    }

    @Test func `rejects what is no message and goes on`() {
        for topic in AllocatorStage.inputs {
            #expect(laws.ignoresGarbage(on: topic, [Array("{}".utf8), [0xFF, 0x00], []]))
        }
    }

    @Test func `changes nothing when everything comes twice`() {
        var once = StageDriver { AllocatorStage(cell: $0) }
        var twice = once
        for input in laws.inputs {
            once.feed(input)
            twice.feed(input)
            twice.feed(input)
        }
        #expect(once.tables == twice.tables)
    }

    @Test(arguments: UInt64(0)..<8)
    func `leaves nothing unassigned, whatever topic comes first`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var byTopic: [[any TopicMessage]] = AllocatorStage.inputs.map { topic in
            laws.inputs.filter { type(of: $0).topic == topic }
        }
        var driver = StageDriver { AllocatorStage(cell: $0) }
        while byTopic.contains(where: { !$0.isEmpty }) {
            let open = byTopic.indices.filter { !byTopic[$0].isEmpty }
            driver.feed(byTopic[open[Int(random.next() % UInt64(open.count))]].removeFirst())
        }
        let assigned = driver.messages.compactMap { $0 as? Assignment }
        let last = Dictionary(assigned.map { ($0.functionID, $0) }) { $1 }
        let seen = Set(laws.inputs.compactMap { ($0 as? FunctionShape)?.functionID })
        #expect(Set(last.keys) == seen)
        #expect(last.values.allSatisfy { !$0.placements.isEmpty })
    }

    /// Who had the cell before published a move and was killed before its checkpoint; the message
    /// that made it move was superseded and compacted away before the heir could read it.
    @Test func `has the last word on the topic after a restart, too`() throws {
        var driver = StageDriver { AllocatorStage(cell: $0) }
        let id = function("checkout")
        driver.feed(worker("a"))
        driver.feed(shape(id, slot: mondaySlot, milliCpu: 100))
        driver.feed(worker("b"))
        driver.advance(nowMs: 0, quietMs: 0)
        driver.checkpoint()
        driver.feed(worker("a", .draining))
        #expect(try lastWord(of: driver, on: id) == ["b"])
        try driver.restart()
        driver.feed(worker("a"))
        driver.advance(nowMs: 0, quietMs: 0)
        #expect(try lastWord(of: driver, on: id) == ["a"])
        // Once is enough.
        let said = driver.messages.count
        driver.advance(nowMs: 0, quietMs: 0)
        #expect(driver.messages.count == said)
    }

    private func lastWord(
        of driver: StageDriver<AllocatorStage>, on id: FunctionID
    ) throws -> [String]? {
        try driver.tables["\(Topic.assignments.name) \(id.path)"].map { bytes in
            try Assignment(decoding: bytes.span).placements.map(\.worker)
        }
    }

    @Test func `refuses workers of another cell`() {
        var driver = StageDriver { AllocatorStage(cell: $0) }
        driver.feed(WorkerReported(worker: "w", cell: 17, milliCpu: 1, memoryMb: 1, state: .ready))
        #expect(driver.rejections.map(\.reason) == [.outOfRange])
    }
}

/// Seven functions of two services over three hours, with predictions, corrections, a
/// representation, a draining worker and one that is gone.
private func mixedFleet() -> [any TopicMessage] {
    var random = SeededRandom(seed: 42)
    var inputs: [any TopicMessage] = [
        prediction(hourly: Array(repeating: 600, count: 24)), worker("w1"), worker("w2"),
    ]
    for slot in 0..<Int64(36) {
        for i in 0..<7 where i < 3 || slot > Int64(i) {
            let id = function("f\(i)", of: i < 4 ? "shop" : "night")
            let use = Double(Int(random.uniform() * 250))
            inputs.append(
                shape(id, slot: mondaySlot + 280 + slot, milliCpu: use, memoryMb: 64))
        }
        if slot == 9 { inputs.append(worker("w3")) }
        if slot == 12 { inputs.append(worker("w1", .draining)) }
        if slot == 15 { inputs.append(prediction("night", tier: .guaranteed)) }
        if slot == 18 {
            inputs.append(
                Representation(
                    function("f1"), modelVersion: 1, vector: [], cluster: 0, predictability: 1,
                    slots: 1, nearest: [],
                    opposite: [.init(function("f5", of: "night"), score: 1)]))
        }
        if slot == 21 { inputs.append(worker("w1", .gone)) }
        if slot == 24 { inputs += [worker("w4"), worker("w5")] }
        if slot == 30 {
            inputs.append(
                shape(
                    function("f0"), slot: mondaySlot + 300, milliCpu: 1_150, correction: 1))
        }
    }
    return inputs
}
