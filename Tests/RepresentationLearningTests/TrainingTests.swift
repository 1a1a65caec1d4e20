import Foundation
import Processing
import TestSupport
import Testing
import Topics

@testable import RepresentationLearning

@Suite struct `The training schedule` {
    @Test func `waits for eight functions of an hour, then for growth or a day`() {
        #expect(TrainingSchedule.reason(after: nil, []) == nil)
        #expect(TrainingSchedule.reason(after: nil, [fleet(4), fleet(3)]) == nil)
        #expect(TrainingSchedule.reason(after: nil, [fleet(4), fleet(4)]) == .first)
        let last = TrainingSchedule.Release(
            version: 1, functions: 8, fittedToMs: 1_000 * 300_000)
        #expect(TrainingSchedule.reason(after: last, [fleet(15)]) == nil)
        #expect(TrainingSchedule.reason(after: last, [fleet(16)]) == .growth)
        #expect(TrainingSchedule.reason(after: last, [fleet(9, slot: 1_287)]) == nil)
        #expect(TrainingSchedule.reason(after: last, [fleet(9, slot: 1_288)]) == .age)
    }

    @Test func `reads what a partition keeps`() throws {
        let summary = fleet(12, slot: 5_000)
        let restored = try PartitionSummary(bytes: summary.bytes)
        #expect(restored == summary)
        #expect(throws: CorruptState.self) {
            try PartitionSummary(bytes: Array(summary.bytes.dropLast()))
        }
    }

    private func fleet(_ functions: Int, slot: Int64 = 1_000) -> PartitionSummary {
        PartitionSummary(
            lastSlot: slot, lookedUntil: slot, functions: functions + 2,
            functionsOfAnHour: functions, modelVersion: 0)
    }
}

@Suite struct `The trainer` {
    @Test func `releases an encoder that every partition takes`() throws {
        var stage = LearnerStage(partition: 0)
        var effects = Effects<LearnerStage.Row>()
        for (slot, planted) in slots(of: 10, slots: 24) {
            try stage.process(.shape(planted.shape(slot)), nowMs: 0, &effects)
        }
        var trainer = Trainer()
        var entries = stage.takeChanges()
        for entry in entries { try trainer.add(entry) }
        #expect(trainer.functions == 10)
        let release = try #require(
            try trainer.release(previous: nil, version: 1, knownFunctions: 10, seed: 1))
        #expect(release.encoded().count < Topic.messageBytesMax)
        #expect(release.fittedFromMs == 0 && release.fittedToMs == 24 * 300_000)
        #expect(
            Trainer.summary(of: release)
                == TrainingSchedule.Release(
                    version: 1, functions: 10, fittedToMs: 24 * 300_000))

        try stage.process(.model(release), nowMs: 0, &effects)
        #expect(stage.model.version == 1)
        // A repeat changes nothing; what was taken is kept.
        entries = stage.takeChanges()
        try stage.process(.model(release), nowMs: 0, &effects)
        #expect(stage.takeChanges().isEmpty)
        var restarted = LearnerStage(partition: 0)
        for entry in entries { try restarted.restore(entry) }
        #expect(restarted.model == stage.model)
    }

    @Test func `passes over what is no day, and refuses a torn one`() throws {
        var trainer = Trainer()
        try trainer.add(StateEntry(key: "partition", value: [1]))
        try trainer.add(StateEntry(key: "function/c/s/f", value: [1]))
        #expect(trainer.functions == 0)
        let empty = try trainer.release(previous: nil, version: 1, knownFunctions: 0, seed: 1)
        #expect(empty == nil)
        #expect(throws: CorruptState.self) {
            try trainer.add(StateEntry(key: "day/c/s/f/0", value: [1, 0]))
        }
    }

    @Test func `a day comes back as it was kept`() throws {
        var history = FunctionHistory()
        for slot in [0, 1, 5, 100, 287] as [Int64] {
            // From a thousandth of a core's thousandth to more cores than are kept.
            let demand = slot == 287 ? 1e9 : 0.1234 * Double(slot)
            let calls = Int(slot) * 1_000
            let changed = history.record(milliCpu: demand, invocations: calls, slot: slot)
            let again = history.record(milliCpu: demand, invocations: calls, slot: slot)
            #expect(changed && !again)
        }
        var restored = FunctionHistory()
        try restored.restore(head: history.head)
        try restored.restore(day: #require(history.day(0)))
        // Not the values themselves: a slot that was never recorded is no number.
        #expect(restored.head == history.head && restored.day(0) == history.day(0))
        #expect(restored.view(until: 288) == history.view(until: 288))
        #expect(abs(history.view(until: 288).milliCpu[100] - 12.34) < 0.01)
    }

    private struct PlantedFunction {
        let name: Int
        let milliCpu: [Float]

        func shape(_ slot: Int) -> FunctionShape {
            var counts = OutcomeCounts()
            counts.add(.success, 2)
            return FunctionShape(
                customer: "c", service: "s", function: "f\(name)",
                slotStartMs: Int64(slot) * 300_000, counts: counts,
                cpuMs: Double(milliCpu[slot]) * 300)
        }
    }

    private func slots(of functions: Int, slots: Int) -> [(Int, PlantedFunction)] {
        let planted = (0..<functions).map { name in
            PlantedFunction(
                name: name,
                milliCpu: Planted.allCases[name % 3].view(days: 1, seed: name).milliCpu)
        }
        return (0..<slots).flatMap { slot in planted.map { (slot, $0) } }
    }
}
