import Numerics
import Testing

@Suite struct `A week of demand` {
    private let monday: Int64 = 20_458 * 288  // 2026-01-05, 20,458 days after 1970

    @Test func `gives back what was recorded, by slot`() {
        var week = DemandWeek()
        week.record(3, slot: monday)
        week.record(4, slot: monday + 287)
        week.record(5, slot: monday)
        #expect(week.value(slot: monday) == 5)
        #expect(week.value(slot: monday + 1) == nil)
        #expect(week.value(slot: monday + 287) == 4)
        #expect(week.lastSlot == monday + 287)
    }

    @Test func `forgets the day of last week when the weekday comes again`() {
        var week = DemandWeek()
        week.record(1, slot: monday)
        let next = monday + Int64(DemandWeek.slots)
        let taken = week.record(2, slot: next)
        #expect(taken)
        #expect(week.value(slot: monday) == nil)
        #expect(week.value(slot: next) == 2)
        let refused = week.record(9, slot: monday)
        #expect(!refused)
    }

    @Test func `is the same after its days were kept and put back`() throws {
        var week = DemandWeek()
        for slot in stride(from: monday, to: monday + 2_500, by: 7) {
            week.record(Float(slot % 97), slot: slot)
        }
        var restored = DemandWeek()
        for number in (monday / 288)...(monday / 288 + 9) {
            if let day = week.day(number) { restored.restore(day) }
        }
        for slot in monday..<monday + 2_500 {
            #expect(restored.value(slot: slot) == week.value(slot: slot))
        }
        #expect(restored.lastSlot == week.lastSlot)
    }
}

@Suite struct `Seeded randomness` {
    /// From the reference implementation of SplitMix64 by Vigna, seed 1234567.
    @Test func `is SplitMix64`() {
        var random = SeededRandom(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
        #expect(random.next() == 9_817_491_932_198_370_423)
    }

    @Test func `gives named parts streams of their own`() {
        var a = SeededRandom(seed: 1, for: "a")
        var b = SeededRandom(seed: 1, for: "b")
        var again = SeededRandom(seed: 1, for: "a")
        let first = a.next()
        #expect(first == again.next())
        #expect(first != b.next())
    }
}
