import Foundation
import Numerics
import TestSupport
import Testing
import Topics

@testable import Allocation

@Suite struct `A forecast of workers` {
    @Test func `waits until three days are known`() {
        #expect(WorkerForecast(Array(repeating: 4, count: 71), period: 24) == nil)
        #expect(WorkerForecast(Array(repeating: 4, count: 72), period: 24) != nil)
    }

    @Test func `foretells what never changes, surely`() throws {
        let forecast = try #require(
            WorkerForecast(Array(repeating: 6, count: 240), period: 24))
        for lead in [1, 24, 168] {
            let scenarios = forecast.scenarios(lead: lead)
            #expect(scenarios.workers(0.5) == 6 && scenarios.workers(0.95) == 6)
            #expect(scenarios.shortage(workers: 5) == 1)
            #expect(scenarios.shortage(workers: 6) == 0)
        }
    }

    @Test func `knows the hour of the day, whatever hour the history begins at`() throws {
        // Twenty by day and five by night, for ten days that are all alike.
        for start in [0, 7] {
            let needed = (start..<start + 240).map { $0 % 24 >= 8 && $0 % 24 < 20 ? 20.0 : 5.0 }
            let forecast = try #require(
                WorkerForecast(needed, period: 24, firstSlot: start % 24))
            for lead in 25...48 {
                let hour = (start + 240 + lead - 1) % 24
                let scenarios = forecast.scenarios(lead: lead)
                let expected = hour >= 8 && hour < 20 ? 20 : 5
                #expect(scenarios.workers(0.5) == expected)
                #expect(scenarios.workers(0.95) == expected)
            }
        }
    }

    @Test func `has 95 % of hours within its 95th percentile`() throws {
        // Twenty fleets that wander from day to day and swing within the day; each plans once, from
        // 14 days, at five leads. One fleet's hours hang together: the standard
        // error of 95 % is at most sqrt(0.95 x 0.05 / 20) = 4.9 %, and one and a half are allowed.
        var (covered, count) = (0, 0)
        for seed in UInt64(1)...20 {
            var random = SeededRandom(seed: seed)
            var level = 0.0
            let needed = (0..<24 * 24).map { hour -> Double in
                level = 0.95 * level + 0.08 * random.normal()
                let wave = 0.3 * sin(Double(hour) / 24 * 2 * .pi)
                return (40 * exp(level + wave)).rounded()
            }
            let known = 14 * 24
            let forecast = try #require(WorkerForecast(Array(needed[..<known]), period: 24))
            for lead in [1, 6, 24, 72, 168] {
                let planned = forecast.scenarios(lead: lead).workers(0.95)
                covered += Double(planned) >= needed[known + lead - 1] ? 1 : 0
                count += 1
            }
        }
        #expect((0.87...1).contains(Double(covered) / Double(count)))
    }
}

@Suite struct `Hours that are packed` {
    @Test func `put those that are high at different times on one worker`() {
        // 800 in the first half hour and 800 in the second: one of 1,000 holds both; alike, two.
        let early = Array(repeating: Int32(800), count: 6) + Array(repeating: Int32(0), count: 6)
        let memory = Array(repeating: Int32(1), count: 12)
        let capacity = Claim(milliCpu: 1_000, memoryMb: 10)
        var apart = HourPacking(capacity: capacity)
        apart.add(milliCpu: early, memoryMb: memory)
        apart.add(milliCpu: early.reversed(), memoryMb: memory)
        #expect(apart.workersNeeded() == 1)
        var together = HourPacking(capacity: capacity)
        together.add(milliCpu: early, memoryMb: memory)
        together.add(milliCpu: early, memoryMb: memory)
        #expect(together.workersNeeded() == 2)
        // 2,500 of 1,000 takes three; who is idle takes none.
        together.add(milliCpu: Array(repeating: 2_500, count: 12), memoryMb: memory)
        together.add(
            milliCpu: Array(repeating: 0, count: 12), memoryMb: Array(repeating: 0, count: 12))
        #expect(together.workersNeeded() == 5)
    }
}

@Suite struct `A plan` {
    private let workers = (0..<6).map { i in
        PoweredWorker(
            name: "w\(i)", milliCpu: 1_000, wattsIdle: 100, wattsPeak: 200 + Double(i),
            carbonGPerKwh: 400)
    }

    /// Five workers by day, two by night; 4,000 and 1,000 mCPU; carbon high in the evening.
    private func history(days: Int) -> NeedHistory {
        var history = NeedHistory()
        for hour in 0..<Int64(days * 24) {
            let day = (8..<20).contains(hour % 24)
            history.append(
                HourNeed(
                    workers: day ? 5 : 2, placed: 5, milliCpu: day ? 4_000 : 1_000,
                    carbonGPerKwh: (18..<22).contains(hour % 24) ? 600 : 300), hour: 480 + hour)
        }
        return history
    }

    private func plan(_ lax: [LaxWork] = [], days: Int = 28) throws -> FleetPlan {
        try #require(
            FleetPlan(
                cell: 0, history(days: days), workers, lax: lax, PlanningRules(), asOfMs: 0))
    }

    @Test func `has the hours of a week and the days of four, from now on`() throws {
        let plan = try plan()
        #expect(plan.hours.count == 168 && plan.days.count == 28)
        // 480 + 672 hours: day 48 begins.
        #expect(plan.hours[0].hour == 1_152 && plan.days[0].day == 48)
        #expect(plan.hours.allSatisfy { $0.workersP50 <= $0.workersP95 })
        #expect(plan.days.allSatisfy { $0.workersP50 == 5 && $0.placedP95 == 5 })
        #expect(FleetPlan(cell: 0, history(days: 1), workers, lax: [], .init(), asOfMs: 0) == nil)
    }

    @Test func `says what a worker less or more does`() throws {
        let plan = try plan()
        #expect(plan.purchases.map(\.workers) == [5, 6, 7])
        let short = plan.purchases.map(\.hoursShort)
        #expect(short == short.sorted(by: >))
        #expect(short[1] == 0)
    }

    @Test func `counts energy by load, site and carbon`() {
        // Two of 1,000 on at half load: 2 x (100 + (200 - 100) / 2) W, x 1.2 = 0.36 kWh, and at
        // 400 g that is 144 g; of a dirty hour, 1.5 times that.
        let energy = FleetEnergy(
            (0..<3).map {
                PoweredWorker(
                    name: "w\($0)", milliCpu: 1_000, wattsIdle: 100, wattsPeak: 200,
                    carbonGPerKwh: 400)
            }, powerUsageEffectiveness: 1.2)
        let hour = energy.hour(on: 2, milliCpu: 1_000, carbonFactor: 1.5)
        #expect(abs((hour?.kwh ?? 0) - 0.36) < 1e-12)
        #expect(abs((hour?.carbonG ?? 0) - 216) < 1e-9)
        let unknown = FleetEnergy(
            [
                PoweredWorker(
                    name: "w", milliCpu: 1_000, wattsIdle: nil, wattsPeak: nil,
                    carbonGPerKwh: nil)
            ], powerUsageEffectiveness: 1)
        #expect(unknown.hour(on: 1, milliCpu: 0, carbonFactor: 1) == nil)
    }

    @Test func `takes less with workers off, and switches off the hungriest`() throws {
        let plan = try plan()
        for hour in plan.hours {
            let (today, planned) = (hour.today?.kwh ?? 0, hour.planned?.kwh ?? 9)
            #expect(planned < today)
        }
        // w5 takes most; it is off all week, for no hour needs six.
        #expect(plan.offs.contains { $0.worker == "w5" && $0.untilHour - $0.fromHour == 168 })
        #expect(!plan.offs.contains { $0.worker == "w0" })
        #expect(plan.offs.allSatisfy { $0.untilHour - $0.fromHour >= 2 })
    }

    @Test func `puts lax work off to a clean hour within its slack`() throws {
        // The plan begins at midnight. At 18 carbon doubles until 22: four hours of slack reach it,
        // two do not, and by noon there is nothing to gain but a lower load.
        let plan = try plan([
            LaxWork(hour: 18, slackHours: 4, milliCpu: 100),
            LaxWork(hour: 19, slackHours: 2, milliCpu: 100),
        ])
        let first = try #require(plan.deferred.first { $0.fromHour == 1_152 + 18 })
        #expect(first.untilHour == 1_152 + 22)
        #expect((first.savedG ?? 0) > 0)
        #expect(!plan.deferred.contains { $0.fromHour == 1_152 + 19 && $0.untilHour > 1_152 + 21 })
    }
}

@Suite struct `Work that is put off` {
    @Test(arguments: UInt64(0)..<20)
    func `keeps all work, all deadlines and the peak, and never adds carbon`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let loads = (0..<48).map { _ in 100 + 400 * random.uniform() }
        let carbon = (0..<48).map { _ in [1.0, 1.5, 2][Int(random.next() % 3)] }
        let work = (0..<48).map { hour in
            LaxWork(
                hour: hour, slackHours: Int(random.next() % 6), milliCpu: 90 * random.uniform())
        }
        let shifts = Deferral.shifts(work, loads: loads, carbon: carbon)
        var after = loads
        var change = 0.0
        for shift in shifts {
            after[shift.from] -= shift.milliCpu
            after[shift.until] += shift.milliCpu
            change += (carbon[shift.until] - carbon[shift.from]) * shift.milliCpu
            #expect(shift.until > shift.from)
            #expect(shift.until - shift.from <= work[shift.from].slackHours)
        }
        #expect(!shifts.isEmpty && change <= 0)
        #expect(abs(after.reduce(0, +) - loads.reduce(0, +)) < 1e-6)
        #expect((after.max() ?? 0) <= (loads.max() ?? 0) + 1e-9)
    }
}

@Suite struct `A cell that plans` {
    @Test func `plans once an hour, from the fourth day on`() throws {
        var cell = Allocated()
        for i in 0..<4 { try cell.take(.worker(worker("w\(i)"))) }
        for slot in mondaySlot..<mondaySlot + 74 * 12 {
            for i in 0..<3 {
                try cell.take(function("f\(i)"), slot: slot, milliCpu: officeHours(slot))
            }
        }
        // 74 hours, of which the last does not end: a plan after the 72nd and one after the 73rd.
        #expect(cell.plans.count == 2)
        let plan = try #require(cell.plans.last)
        #expect(plan.hours.first?.hour == mondaySlot / 12 + 73)
        // By day three of 1,000 on workers of 1,200; by night 300 on one.
        let noon = try #require(plan.hours.first { $0.hour % 24 == 12 })
        #expect(noon.workersP95 == 3)
        let night = try #require(plan.hours.first { $0.hour % 24 == 2 })
        #expect(night.workersP50 < noon.workersP50)
    }

    @Test func `keeps what it knows of hours and slack over a restart`() throws {
        var driver = StageDriver { AllocatorStage(cell: $0) }
        driver.feed(worker("w"))
        for slot in mondaySlot..<mondaySlot + 60 {
            driver.feed(lax(slot))
        }
        let before = driver.rows.count
        driver.checkpoint()
        try driver.restart()
        for slot in mondaySlot + 60..<mondaySlot + 12 * 73 + 3 { driver.feed(lax(slot)) }
        let plans = driver.rows[before...].compactMap { row -> FleetPlan? in
            if case .plan(let plan) = row { plan } else { nil }
        }
        // The 72nd hour is known only if the first five were kept.
        #expect(plans.first?.hours.first?.hour == mondaySlot / 12 + 72)
    }

    /// A function with two hours' deadline that is done in minutes.
    private func lax(_ slot: Int64) -> FunctionShape {
        var shape = shape(function("f"), slot: slot, milliCpu: officeHours(slot))
        shape.deadlineMs = 7_200_000
        shape.deadlineSlack = Percentiles(
            p1: 0.9, p50: 0.95, p95: 0.99, p99: 0.99, max: 1, mean: 0.95)
        return shape
    }
}

extension Allocated {
    fileprivate var plans: [FleetPlan] {
        rows.compactMap { if case .plan(let plan) = $0 { plan } else { nil } }
    }
}
