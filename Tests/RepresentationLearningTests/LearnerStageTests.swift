import Numerics
import Processing
import TestSupport
import Testing
import Topics

@testable import RepresentationLearning

@Suite struct `The learner` {
    private let laws = StageLaws(inputs: hours(3, functions: 4, releasing: [60, 110])) {
        LearnerStage(partition: $0)
    }

    @Test func `is deterministic`() { #expect(laws.isDeterministic()) }

    @Test(arguments: [(0, 5), (37, 20), (61, 3), (100, 40), (146, 0)])
    func `survives a restart`(cut: Int, lost: Int) throws {
        let survives = try laws.survivesRestart(at: cut, losing: lost)
        #expect(survives)
    }

    @Test func `ignores garbage`() {
        let garbage: [[UInt8]] = [[], Array("{".utf8), Array("{\"customer\":\"c\"}".utf8)]
        #expect(laws.ignoresGarbage(on: .shapes, garbage))
        #expect(laws.ignoresGarbage(on: .models, garbage))
    }

    @Test func `is not changed by repeats`() {
        let inputs = laws.inputs
        var once = driver()
        var twice = driver()
        for (index, input) in inputs.enumerated() {
            once.feed(input)
            twice.feed(input)
            // As after a crash of the featurizer: the last ten again.
            if index % 25 == 24 { for again in inputs[index - 9...index] { twice.feed(again) } }
        }
        #expect(once.tables == twice.tables)
        #expect(once.messages.count == twice.messages.count)
    }

    @Test func `says something after the first quarter of an hour`() throws {
        var driver = driver()
        for slot in 0..<3 { driver.feed(shape("f", slot: slot, cpuMs: 100)) }
        #expect(driver.messages.isEmpty)
        driver.feed(shape("f", slot: 3, cpuMs: 100))
        let told = try #require(driver.messages.first as? Representation)
        #expect(told.modelVersion == 0 && told.slots == 3)
        #expect(told.vector.count == EncoderModel.dimensions)
    }

    @Test func `says what is pending early when nothing comes, once`() throws {
        var driver = driver()
        driver.feed(shape("f", slot: 0, cpuMs: 100))
        driver.advance(nowMs: 0, quietMs: Limits.quietMs - 1)
        #expect(driver.messages.isEmpty)
        for _ in 0..<3 { driver.advance(nowMs: 0, quietMs: Limits.quietMs) }
        #expect(driver.messages.count == 1)
    }

    @Test func `ends the same whether or not it spoke early`() {
        var hurried = driver()
        var patient = driver()
        for input in laws.inputs {
            patient.feed(input)
            hurried.feed(input)
            hurried.advance(nowMs: 0, quietMs: Limits.quietMs)
        }
        for slot in 36..<40 {
            for name in 0..<4 {
                patient.feed(shape("f\(name)", slot: slot, cpuMs: 7))
                hurried.feed(shape("f\(name)", slot: slot, cpuMs: 7))
            }
        }
        #expect(hurried.tables == patient.tables)
        #expect(hurried.messages.count > patient.messages.count)
    }

    @Test func `takes silence for zero demand`() throws {
        var driver = driver()
        driver.feed(shape("once", slot: 0, cpuMs: 3_000))
        for slot in 0...24 { driver.feed(shape("always", slot: slot, cpuMs: 3_000)) }
        driver.advance(nowMs: 0, quietMs: Limits.quietMs)
        let once = try #require(
            driver.rows.compactMap { row -> RepresentationRow? in
                guard case .representation(let told) = row else { return nil }
                return told.representation.function == "once" ? told : nil
            }.last)
        // 3,000 ms in 300,000 ms are 10 thousandths of a core, over the three slots then known.
        #expect(abs(once.meanMilliCpu - 10.0 / 3) < 0.01)
    }

    @Test func `encodes all functions anew with a released model, and refuses a broken one`() throws
    {
        var driver = driver()
        for slot in 0..<4 {
            for name in 0..<3 { driver.feed(shape("f\(name)", slot: slot, cpuMs: 50)) }
        }
        driver.feed(released(version: 1))
        driver.feed(shape("f0", slot: 6, cpuMs: 50))
        let told = driver.messages.compactMap { $0 as? Representation }
        #expect(told.suffix(3).allSatisfy { $0.modelVersion == 1 })
        #expect(Set(told.suffix(3).map(\.function)) == ["f0", "f1", "f2"])

        let broken = ModelReleased(
            name: LearnerStage.modelName, version: 2, metrics: [:], fittedFromMs: 0,
            fittedToMs: 0, seed: 1, parameters: [1, 2, 3])
        driver.feed(broken)
        #expect(driver.rejections.count == 1)
        #expect(driver.stage().model.version == 1)
        // Another stage's model is none of ours.
        driver.feed(
            ModelReleased(
                name: "predictor/prior", version: 9, metrics: [:], fittedFromMs: 0, fittedToMs: 0,
                seed: 1, parameters: [1]))
        #expect(driver.rejections.count == 1)
    }

    @Test func `forgets who was silent for a week`() throws {
        var driver = driver()
        driver.feed(shape("gone", slot: 0, cpuMs: 50))
        driver.feed(shape("here", slot: 0, cpuMs: 50))
        driver.feed(shape("here", slot: 2_000, cpuMs: 50))
        driver.checkpoint()
        driver.feed(shape("here", slot: 2_016 + 288, cpuMs: 50))
        driver.checkpoint()
        #expect(Set(driver.stage().functions.keys.map(\.function)) == ["here"])
        try driver.restart()
        #expect(Set(driver.stage().functions.keys.map(\.function)) == ["here"])
    }

    private func driver() -> StageDriver<LearnerStage> {
        StageDriver { LearnerStage(partition: $0) }
    }
}

/// 2019-07-15 00:00 UTC, in slots.
private let origin: Int64 = 1_563_148_800_000 / 300_000

private func shape(_ function: String, slot: Int, cpuMs: Double) -> FunctionShape {
    var counts = OutcomeCounts()
    counts.add(.success, 3)
    return FunctionShape(
        customer: "c", service: "s", function: function,
        slotStartMs: (origin + Int64(slot)) * 300_000, counts: counts, cpuMs: cpuMs)
}

private func released(version: Int) -> ModelReleased {
    let model = EncoderModel.prior.with(version: version)
    return ModelReleased(
        name: LearnerStage.modelName, version: version, metrics: [:], fittedFromMs: 0,
        fittedToMs: 0, seed: 1, parameters: model.bytes)
}

/// With what its runs took, and how they ended; now and then nothing is known of it.
private func run(_ shape: FunctionShape, _ random: inout SeededRandom) -> FunctionShape {
    guard random.uniform() < 0.8 else { return shape }
    var shape = shape
    let duration = 1_000 * random.uniform()
    shape.durationMs = Percentiles(
        p1: duration, p50: duration, p95: duration, p99: duration, max: duration, mean: duration)
    shape.memoryMb = (512 * random.uniform()).rounded()
    if random.uniform() < 0.1 { shape.counts.add(.error) }
    shape.trigger = random.uniform() < 0.5 ? "http" : "timer"
    return shape
}

/// Slots of several functions with some late corrections, and models between them.
private func hours(_ hours: Int, functions: Int, releasing: [Int]) -> [any TopicMessage] {
    var random = SeededRandom(seed: 5)
    var messages: [any TopicMessage] = []
    for slot in 0..<hours * 12 {
        for name in 0..<functions {
            messages.append(
                run(
                    shape("f\(name)", slot: slot, cpuMs: 1_000 * random.uniform()), &random))
        }
        if slot % 10 == 9 {
            messages.append(
                run(shape("f1", slot: slot - 4, cpuMs: 2_000 * random.uniform()), &random))
        }
    }
    for (index, place) in releasing.enumerated() {
        messages.insert(released(version: index + 1), at: place)
    }
    return messages
}
