import Numerics
import Testing
import Topics

@testable import Allocation

@Suite struct `The room for noise` {
    @Test func `is that of other fleets before there are two whole days`() {
        let day = [Array(repeating: Int32(100), count: 288)]
        let calibration = Calibration(day, capacity: 1_000, budget: 0.001)
        #expect(calibration == Calibration(deviations: 1, folds: 0))
    }

    @Test(arguments: UInt64(1)...2)
    func `is less where days repeat, and more where they do not`(seed: UInt64) {
        // Both fleets have the same noise within a day; in one, each day is the first again.
        var random = SeededRandom(seed: seed)
        var steady: [[Int32]] = []
        var restless: [[Int32]] = []
        for _ in 0..<24 {
            let days = (0..<4).map { _ in
                (0..<288).map { _ in Int32(100 + 300 * random.uniform() * random.uniform()) }
            }
            steady.append((0..<4).flatMap { _ in days[0] })
            // A day in four is twice as busy.
            let busy = random.integer(below: 4)
            restless.append(
                days.enumerated().flatMap { number, day in
                    number == busy ? day.map { $0 * 2 } : day
                })
        }
        let calm = Calibration(steady, capacity: 2_000, budget: 0.01)
        let wild = Calibration(restless, capacity: 2_000, budget: 0.01)
        #expect(calm.folds == 4)
        #expect(calm.deviations < wild.deviations)
    }

    @Test func `does not depend on the order of functions' names, and is the same again`() {
        var random = SeededRandom(seed: 5)
        let fleet = (0..<20).map { _ in
            (0..<4 * 288).map { _ in Int32(1_000 * random.uniform()) }
        }
        let once = Calibration(fleet, capacity: 4_000, budget: 0.001)
        #expect(once == Calibration(fleet, capacity: 4_000, budget: 0.001))
    }
}

@Suite struct `A packing from nothing` {
    @Test func `puts those in antiphase together`() {
        // Two of 900 by day and two by night, 50 otherwise: 950 a pair of 1,000.
        let day = (0..<2_016).map { Int32(($0 / 144) % 2 == 0 ? 900 : 50) }
        let night = day.map { 950 - $0 }
        let packing = Packing(
            [day, day, night, night].map { profile($0) },
            capacity: Need(milliCpu: 1_000, memoryMb: 1), Policy())
        #expect(packing.workers == 2)
        #expect(packing.places[0] != packing.places[1])
        #expect(packing.places[2] != packing.places[3])
        #expect(packing.overloads == [0, 0, 0])
    }

    @Test func `gives those that no worker is large enough for one of their own`() {
        let loads: [Int32] = [1_500, 400, 400]
        let packing = Packing(
            loads.map { load in profile((0..<2_016).map { _ in load }) },
            capacity: Need(milliCpu: 1_000, memoryMb: 1), Policy())
        #expect(packing.places == [1, 0, 0])
        #expect(packing.workers == 2)
    }

    @Test(arguments: UInt64(0)..<6)
    func `needs no fewer workers than the fractional bound, and keeps to the budget`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let weeks = (0..<40).map { _ in randomWeek(&random, highest: 1_500) }
        let packing = Packing(
            weeks.map { profile($0, variance: 2_500) },
            capacity: Need(milliCpu: 4_000, memoryMb: 1), Policy())
        let mean = weeks.reduce(0.0) { $0 + Double($1.reduce(0) { $0 + Int($1) }) / 2_016 }
        #expect(Double(packing.workers) >= mean / 4_000)
        #expect(packing.overloads[1] <= 0.001)
        #expect(Set(packing.places) == Set(0..<packing.workers))
    }

    private func profile(_ values: [Int32], variance: Int = 0) -> Profile {
        Profile(
            cpu: Series(values: values, variance: variance),
            memory: Series(values: values.map { _ in 0 }, variance: 0))
    }
}
