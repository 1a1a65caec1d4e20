import Numerics
import Processing
import Testing

@testable import RepresentationLearning

@Suite struct `An encoder` {
    @Test(arguments: Pathology.all)
    func `gives a finite unit vector for any series`(pathology: Pathology) {
        let vector = EncoderModel.prior.encode(pathology.view)
        #expect(vector.count == EncoderModel.dimensions)
        #expect(vector.allSatisfy { $0.isFinite })
        let length = dotProduct(vector[...], vector[...])
        #expect(pathology.view.count == 0 ? length == 0 : abs(length - 1) < 1e-4)
        #expect((0...1).contains(predictability(of: pathology.view)))
        let load = SharedLoad(
            startSlot: pathology.view.startSlot, values: pathology.view.milliCpu, slotsPerDay: 288)
        for other in Pathology.all {
            let against = SharedLoad(
                startSlot: other.view.startSlot, values: other.view.milliCpu, slotsPerDay: 288)
            #expect((0...1).contains(load.antiphase(to: against, .unknown)))
        }
        #expect(pathology.view.dayProfile.allSatisfy { $0.isFinite })
    }

    @Test func `comes back from its bytes, which fit in a message`() throws {
        let bytes = EncoderModel.prior.bytes
        let restored = try EncoderModel(bytes: bytes)
        #expect(restored == EncoderModel.prior)
        #expect(bytes.count <= Limits.modelBytes)
    }

    @Test func `refuses bytes that were cut, grown or swapped`() {
        let bytes = EncoderModel.prior.bytes
        let torn = [0, 1, 5, bytes.count / 2, bytes.count - 1].map { Array(bytes.prefix($0)) }
        for broken in torn + [bytes + [0], [9] + bytes.dropFirst()] {
            #expect(throws: CorruptState.self) { try EncoderModel(bytes: broken) }
        }
        var notANumber = bytes
        // After layout version, model version, the kind of values and the count of channels (1 byte
        // each): the first one's scale.
        notANumber.replaceSubrange(4..<8, with: [0, 0, 0xC0, 0x7F])
        #expect(throws: CorruptState.self) { try EncoderModel(bytes: notANumber) }
    }

    @Test(arguments: UInt8(1)...2)
    func `of a make that is no more is put aside`(make: UInt8) throws {
        let old: [UInt8] = [make, 2, 3]
        #expect(EncoderModel.isOutdated(old) && !EncoderModel.isOutdated(EncoderModel.prior.bytes))
        #expect(throws: CorruptState.self) { try EncoderModel(bytes: old) }
        var stage = LearnerStage(partition: 0)
        try stage.restore(StateEntry(key: StateKey.modelKey, value: old))
        #expect(stage.model == EncoderModel.prior)
    }

    @Test func `is the same from the same samples and seed`() throws {
        let samples = (0..<12).map { Planted.office.view(days: 2, seed: $0) }
        let fits = try (0..<2).map { _ in try Training.fit(samples: samples, version: 1, seed: 7) }
        #expect(fits[0].model == fits[1].model)
        #expect(fits[0].metrics == fits[1].metrics)
        let other = try Training.fit(samples: samples, version: 1, seed: 8)
        #expect(other.model != fits[0].model)
    }

    @Test func `is fitted on as little as one function of an hour`() throws {
        let samples = [Planted.office.view(days: 2, seed: 1).slice(0..<12)]
        let fit = try Training.fit(samples: samples, version: 1, seed: 1)
        #expect(fit.model.clusters.count == 1)
        #expect(fit.model.encode(samples[0]).allSatisfy { $0.isFinite })
    }
}

struct Pathology: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let view: DemandView

    init(_ name: String, _ demand: [Float]) {
        testDescription = name
        view = DemandView(
            startSlot: 100, milliCpu: demand, invocations: demand.map { $0.rounded(.up) })
    }

    static let all =
        [
            Pathology("empty", []), Pathology("one slot", [5]), Pathology("two slots", [0, 5]),
            Pathology("zero", Array(repeating: 0, count: 500)),
            Pathology("constant", Array(repeating: 123.4, count: 700)),
            Pathology("one spike", (0..<2_000).map { $0 == 1_000 ? 1e6 : 0 }),
            Pathology("gappy", (0..<1_500).map { $0 / 100 % 3 == 0 ? 40 : 0 }),
            Pathology("spiky", (0..<900).map { $0 % 17 == 0 ? 1_000 : 1 }),
            Pathology("huge", (0..<2_016).map { Float($0) * 500 }),
            Pathology("tiny", (0..<2_016).map { Float($0 % 2) * 1e-3 }),
        ]
        + (0..<10).map { seed in
            var random = SeededRandom(seed: UInt64(seed))
            let count = Int(random.uniform() * 2_016)
            return Pathology(
                "random \(seed)",
                (0..<count).map { _ in random.uniform() < 0.3 ? 0 : Float(1e4 * random.uniform()) })
        }
}

/// Functions whose rhythm is known.
enum Planted: CaseIterable {
    case office, night, noise

    func milliCpu(slot: Int, _ random: inout SeededRandom) -> Float {
        let hour = slot / 12 % 24
        let jitter = Float(0.7 + 0.6 * random.uniform())
        switch self {
        case .office: return (hour >= 8 && hour < 18 ? 200 : 5) * jitter
        case .night: return (hour >= 20 || hour < 6 ? 200 : 5) * jitter
        case .noise: return Float(400 * random.uniform())
        }
    }

    func view(days: Int, seed: Int) -> DemandView {
        var random = SeededRandom(seed: UInt64(seed), for: "\(self)")
        let demand = (0..<days * 288).map { milliCpu(slot: $0, &random) }
        return DemandView(
            startSlot: 0, milliCpu: demand, invocations: demand.map { ($0 / 5).rounded(.up) })
    }
}
