import Numerics
import Testing
import Topics

@testable import Allocation

@Suite struct `A profile` {
    @Test func `is what was recorded, and nothing where a function was silent`() {
        // Slots 0 and 2 of Monday had shapes, slot 1 had none, slot 3 is still to come.
        var demand = Demand(firstSlot: mondaySlot)
        demand.record([use(0, 400)])
        demand.record([use(2, 200)])
        let values = profile(demand, newest: 3).cpu.values
        #expect(values[Int(mondaySlot)] == 400)
        #expect(values[Int(mondaySlot) + 1] == 0)
        #expect(values[Int(mondaySlot) + 2] == 200)
        // Unknown hours are planned with the peak so far.
        #expect(values[Int(mondaySlot) + 3] == 400)
    }

    @Test func `expects of an unknown day what known days had at that time`() {
        // Slot 0 was 100 on Monday and 300 on Tuesday: 200 on every other day.
        var demand = Demand(firstSlot: mondaySlot)
        for slot in 0..<Int64(288) { demand.record([use(slot, 100)]) }
        for slot in 288..<Int64(576) { demand.record([use(slot, 300)]) }
        let values = profile(demand, newest: 576).cpu.values
        #expect(values[Int(mondaySlot) + 2 * 288] == 200)
        #expect(values[0] == 200)
    }

    @Test func `starts from its service's prediction and shrinks to its own`() {
        // Eight hours known of 80 mCPU; 320 foretold for every hour. w = 8 / (8 + 24) = 1/4:
        // 80 / 4 + 320 x 3/4 = 260.
        var demand = Demand(firstSlot: mondaySlot)
        for slot in 0..<Int64(96) { demand.record([use(slot, 80)]) }
        demand.prior = Prior(hourly: Array(repeating: 320, count: 24), variance: 0)
        let values = profile(demand, newest: 96).cpu.values
        #expect(values[Int(mondaySlot) + 10] == 80)
        #expect(values[Int(mondaySlot) + 100] == 260)
    }

    @Test func `divides a forecast among a service's functions`() throws {
        // 90 % interval of width 3.29 x 30: variance 900. Three functions share 300 and 900.
        let forecast = Prediction.Forecast(
            startMs: 0, expected: Array(repeating: 300, count: 24),
            low: Array(repeating: 250, count: 24), high: Array(repeating: 250 + 98.7, count: 24))
        let part = try #require(Prior(forecast)).divided(among: 3)
        #expect(part.hourly == Array(repeating: 100, count: 24))
        #expect((300...301).contains(part.variance))
    }

    @Test func `takes half the mean squared change from day to day as noise`() {
        // Every slot changes by 60 from Monday to Tuesday: 60^2 / 2 = 1,800.
        var demand = Demand(firstSlot: mondaySlot)
        for slot in 0..<Int64(288) {
            demand.record([use(slot, 500)])
            demand.record([use(slot + 288, slot % 2 == 0 ? 560 : 440)])
        }
        #expect(profile(demand, newest: 576).cpu.variance == 1_800)
    }

    @Test func `takes half the mean squared change from slot to slot as noise on its first day`() {
        // 100 and 300 in turn: 200^2 / 2 = 20,000, by the 100 of 288 slots lived: 6,944.4.
        var demand = Demand(firstSlot: mondaySlot)
        for slot in 0..<Int64(100) { demand.record([use(slot, slot % 2 == 0 ? 100 : 300)]) }
        #expect(profile(demand, newest: 100).cpu.variance == 6_945)
    }

    @Test func `guarantees the 99th percentile of the week`() {
        // A week known but for 20 slots of 2,016 (0.992 %) is 700; those 20 are 9,000.
        var demand = Demand(firstSlot: mondaySlot)
        for slot in 0..<Int64(2_016) { demand.record([use(slot, slot < 20 ? 9_000 : 700)]) }
        let window = Window(newestSlot: mondaySlot + 2_015)
        let guaranteed = Profile(demand, in: window, tier: .guaranteed)
        #expect(guaranteed.cpu.guaranteed == 700)
        #expect(Profile(demand, in: window, tier: .burstable).cpu.guaranteed == 0)
    }

    @Test func `forgets a day that is a week ago`() {
        var demand = Demand(firstSlot: mondaySlot)
        demand.record([use(0, 9_000)])
        demand.record([use(7 * 288, 100)])
        #expect(profile(demand, newest: 7 * 288 + 1).cpu.peak == 100)
    }

    private func use(_ slot: Int64, _ milliCpu: Float) -> SlotUse {
        SlotUse(slot: mondaySlot + slot, correction: 0, milliCpu: milliCpu, memoryMb: 0)
    }

    private func profile(_ demand: Demand, newest: Int64) -> Profile {
        Profile(demand, in: Window(newestSlot: mondaySlot + newest), tier: .burstable)
    }
}
