import Numerics
import Testing

@testable import RepresentationLearning

@Suite struct `Partners in antiphase` {
    @Test func `are those whose days fit together`() {
        // Two by day and two by night: each is paired across.
        let day = wave(busy: 0..<12)
        let night = wave(busy: 12..<24)
        let partners = AntiphasePartners(demand: [day, day, night, night], slotsPerDay: 24).partners
        #expect(partners.prefix(2).allSatisfy { ($0 ?? 0) >= 2 })
        #expect(partners.suffix(2).allSatisfy { ($0 ?? 9) < 2 })
    }

    @Test(arguments: UInt64(0)..<10)
    func `are none where all rise together`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let demand = (0..<20).map { _ -> [Float] in
            let level = Float(1 + 9 * random.uniform())
            return wave(busy: 8..<18).map { level * $0 * Float(0.7 + 0.6 * random.uniform()) }
        }
        let partners = AntiphasePartners(demand: demand, slotsPerDay: 24).partners
        #expect(partners.allSatisfy { $0 == nil })
    }

    @Test(arguments: UInt64(0)..<10)
    func `are none where a weak common rhythm is buried in noise`(seed: UInt64) {
        // A fifth of the variance is shared: of 40 x 39 / 2 correlations over 96 hours many come out
        // below 0, and none of it will recur.
        var random = SeededRandom(seed: seed)
        let shared = (0..<144).map { $0 % 24 < 12 ? 1 : -1.0 }
        let demand = (0..<40).map { _ in
            shared.map { Float(10 + $0 + 6.9 * (random.uniform() - 0.5)) }
        }
        let partners = AntiphasePartners(demand: demand, slotsPerDay: 24).partners
        #expect(partners.count { $0 == nil } >= 36)
    }

    @Test func `rest on what recurs, worked`() {
        // Halves that measure the same recur wholly, opposite ones not at all. Of 0 1 2 and 0 2 1
        // r = 1/2: 2 * 1/2 / (3/2) = 2/3.
        #expect(CorrelationShrinkage.recurrence([0, 1, 2], [0, 1, 2]) == 1)
        #expect(CorrelationShrinkage.recurrence([0, 1, 2], [2, 1, 0]) == 0)
        #expect(abs(CorrelationShrinkage.recurrence([0, 1, 2], [0, 2, 1]) - 2.0 / 3) < 1e-6)
    }

    @Test func `put up with idle, gappy, short and no series`() {
        #expect(AntiphasePartners(demand: [], slotsPerDay: 24).partners.isEmpty)
        #expect(AntiphasePartners(demand: [[], []], slotsPerDay: 24).partners.count == 2)
        let odd: [[Float]] = [
            Array(repeating: 0, count: 30), Array(repeating: .nan, count: 30),
            (0..<30).map { -Float($0) }, Array(repeating: 5, count: 30),
        ]
        for partner in AntiphasePartners(demand: odd, slotsPerDay: 24).partners {
            #expect(partner.map { (0..<4).contains($0) } ?? true)
        }
    }

    /// Five days in hours.
    private func wave(busy: Range<Int>) -> [Float] {
        (0..<120).map { busy.contains($0 % 24) ? 10 : 1 }
    }
}
