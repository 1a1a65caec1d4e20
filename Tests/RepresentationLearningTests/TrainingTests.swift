import Foundation
import Numerics
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

    @Test func `comes a quarter of a day early when functions drift from their clusters`() {
        let last = TrainingSchedule.Release(
            version: 3, functions: 16, fittedToMs: 1_000 * 300_000, distance: 0.1)
        // 1.5 x 0.1 + 0.02 = 0.17.
        #expect(TrainingSchedule.reason(after: last, [fleet(9, slot: 1_072, 0.16)]) == nil)
        #expect(TrainingSchedule.reason(after: last, [fleet(9, slot: 1_071, 0.18)]) == nil)
        #expect(TrainingSchedule.reason(after: last, [fleet(9, slot: 1_072, 0.18)]) == .drift)
        // Vectors of another model say nothing of this one; nor do those of few functions.
        #expect(
            TrainingSchedule.reason(after: last, [fleet(9, slot: 1_072, 0.18, version: 2)]) == nil)
        #expect(
            TrainingSchedule.reason(after: last, [fleet(7, slot: 1_072, 0.18), fleet(9)]) == nil)
        let distance = TrainingSchedule.meanDistance(
            [fleet(9, 0.1), fleet(3, 0.3)], modelVersion: 3)
        // (9 x 0.1 + 3 x 0.3) / 12.
        #expect(abs((distance ?? 0) - 0.15) < 1e-12)
    }

    @Test func `reads what a partition keeps`() throws {
        let summary = fleet(12, slot: 5_000)
        let restored = try PartitionSummary(bytes: summary.bytes)
        #expect(restored == summary)
        #expect(throws: CorruptState.self) {
            try PartitionSummary(bytes: Array(summary.bytes.dropLast()))
        }
    }

    @Test func `reads what a partition kept before there were distances`() throws {
        var writer = StateWriter(version: 1)
        writer.write(Int64(7))
        writer.write(Int64(6))
        for number in [5, 4, 3] { writer.write(number) }
        let summary = try PartitionSummary(bytes: writer.bytes)
        #expect(
            summary
                == PartitionSummary(
                    lastSlot: 7, lookedUntil: 6, functions: 5, functionsOfAnHour: 4,
                    modelVersion: 3))
        #expect(TrainingSchedule.meanDistance([summary], modelVersion: 3) == nil)
    }

    private func fleet(
        _ functions: Int, slot: Int64 = 1_000, _ distance: Double? = nil, version: Int = 3
    ) -> PartitionSummary {
        PartitionSummary(
            lastSlot: slot, lookedUntil: slot, functions: functions + 2,
            functionsOfAnHour: functions, modelVersion: version,
            distances: distance == nil ? 0 : functions,
            distanceSum: (distance ?? 0) * Double(functions))
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
        let trained = try #require(
            try trainer.train(previous: nil, version: 1, knownFunctions: 10, seed: 1))
        #expect(trained.isReleased)
        let release = trained.release
        #expect(release.encoded().count < Topic.messageBytesMax)
        #expect(release.fittedFromMs == 0 && release.fittedToMs == 24 * 300_000)
        #expect(
            Trainer.summary(of: release)
                == TrainingSchedule.Release(
                    version: 1, functions: 10, fittedToMs: 24 * 300_000,
                    distance: release.metrics["distance"]))

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

    @Test func `releases no model that recognises fewer functions than the one in force`() throws {
        func trained(of functions: Int, previous: EncoderModel?) throws -> Trainer.Trained {
            var trainer = Trainer()
            for planted in 0..<functions {
                var history = FunctionHistory()
                let view = Planted.allCases[planted % 3].view(days: 2, seed: planted)
                for (slot, demand) in view.milliCpu.enumerated() {
                    _ = history.record(
                        milliCpu: Double(demand), invocations: 2, slot: Int64(slot))
                }
                let id = FunctionID(customer: "c", service: "s", function: "f\(planted)")
                for day in 0..<2 {
                    try trainer.add(
                        StateEntry(
                            key: StateKey.key(id, day: day),
                            value: history.day(Int64(day))))
                }
            }
            return try #require(
                try trainer.train(
                    previous: previous, budget: .only(kernels: 84), version: 2, knownFunctions: 9,
                    seed: 1))
        }
        let first = try trained(of: 48, previous: nil)
        let model = try EncoderModel(bytes: Array(first.release.parameters))
        // The same again is as good.
        let second = try trained(of: 48, previous: model)
        let scores = second.release.metrics
        let (own, inForce) = (scores["recall_at_1"] ?? -1, scores["recall_at_1_in_force"] ?? -1)
        #expect(own > 0 && inForce > 0)
        #expect(second.isReleased == (own >= inForce - 0.01))
        // One that maps everything to one vector recognises one in 24 at most.
        let encoder = model.encoder
        let blunt = EncoderModel(
            version: 1,
            encoder: SeriesEncoder(
                features: encoder.features, standardisation: encoder.standardisation,
                projection: Matrix(rows: encoder.dimensions, columns: encoder.projection.columns),
                centre: encoder.centre), clusters: model.clusters)
        let third = try trained(of: 48, previous: blunt)
        #expect(third.isReleased)
        #expect(third.release.metrics["recall_at_1_in_force"] ?? 1 <= 1.0 / 24)
    }

    @Test func `goes back to an earlier release under a new version`() throws {
        let old = try Training.fit(
            samples: (0..<10).map { Planted.allCases[$0 % 3].view(days: 2, seed: $0) }, version: 4,
            seed: 1
        ).model
        let release = ModelReleased(
            name: LearnerStage.modelName, version: 4, metrics: ["distance": 0.1], fittedFromMs: 0,
            fittedToMs: 5, seed: 1, parameters: old.bytes)
        let again = try Trainer.rollBack(to: release, version: 9, timeMs: 1_000)
        #expect(again.version == 9 && again.metrics["rolled_back_to"] == 4)
        #expect(try EncoderModel(bytes: Array(again.parameters)) == old.with(version: 9))
        // The schedule counts from when it was gone back to.
        #expect(Trainer.summary(of: again).fittedToMs == 1_000)
        #expect(Trainer.summary(of: again).distance == 0.1)
        var stage = LearnerStage(partition: 0)
        var effects = Effects<LearnerStage.Row>()
        try stage.process(.model(release), nowMs: 0, &effects)
        try stage.process(.model(again), nowMs: 0, &effects)
        #expect(stage.model == old.with(version: 9))
    }

    @Test func `passes over what is no function's, and refuses what is torn`() throws {
        var trainer = Trainer()
        try trainer.add(StateEntry(key: "partition", value: [1]))
        try trainer.add(StateEntry(key: "model", value: [1]))
        #expect(trainer.functions == 0)
        let empty = try trainer.train(previous: nil, version: 1, knownFunctions: 0, seed: 1)
        #expect(empty == nil)
        #expect(throws: CorruptState.self) {
            try trainer.add(StateEntry(key: "day/c/s/f/0", value: [1, 0]))
        }
        #expect(throws: CorruptState.self) {
            try trainer.add(StateEntry(key: "function/c/s/f", value: [1]))
        }
    }

    @Test func `holds no more functions than it is told`() throws {
        var trainer = Trainer(functionsMax: 3)
        var history = FunctionHistory()
        _ = history.record(milliCpu: 1, invocations: 1, slot: 0)
        for name in 0..<5 {
            let id = FunctionID(customer: "c", service: "s", function: "f\(name)")
            try trainer.add(StateEntry(key: StateKey.key(id), value: history.head))
            try trainer.add(StateEntry(key: StateKey.key(id, day: 0), value: history.day(0)))
        }
        #expect(trainer.functions == 3)
    }

    @Test func `knows what triggers functions, and how they end`() throws {
        var trainer = Trainer()
        for name in 0..<48 {
            var history = FunctionHistory()
            let view = Planted.allCases[name % 3].view(days: 2, seed: name)
            for (slot, demand) in view.milliCpu.enumerated() {
                // One in four of the odd ones' fails.
                _ = history.record(
                    milliCpu: Double(demand), invocations: 4,
                    FunctionHistory.Runs(
                        failures: name % 2, trigger: name % 4 < 2 ? "http" : "timer"),
                    slot: Int64(slot))
            }
            let id = FunctionID(customer: "c\(name)", service: "s", function: "f")
            try trainer.add(StateEntry(key: StateKey.key(id), value: history.head))
            for day in 0..<2 {
                try trainer.add(
                    StateEntry(key: StateKey.key(id, day: day), value: history.day(Int64(day))))
            }
        }
        let trained = try #require(
            try trainer.train(
                previous: nil, budget: .only(kernels: 84), version: 1, knownFunctions: 48, seed: 1))
        // Of 24 that are judged each trigger has 12, and each customer too few.
        let candidate = try #require(trained.candidates.first)
        #expect(candidate.worstGap == 0 || candidate.worstGroup?.kind == .trigger)
        let clusters = try EncoderModel(bytes: Array(trained.release.parameters)).clusters
        #expect(clusters.map { $0.success?.functions ?? 0 }.reduce(0, +) == 48)
        // Shares are 1 and 3/4, and the fleet's is 7/8.
        #expect(clusters.allSatisfy { (0.75...1).contains($0.success?.share ?? 0) })
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
