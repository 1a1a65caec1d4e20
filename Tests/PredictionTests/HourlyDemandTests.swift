import Foundation
import Numerics
import Processing
import TestSupport
import Testing
import Topics

@testable import Prediction

@Suite struct `Demand by the hour` {
    @Test(arguments: [0.0, 0.3, 1, 2, 17, 1_000, 123_456, 1e9])
    func `is kept to a fortieth of a percent`(amount: Double) {
        // Half a step of 1/2,000 of ln(1 + y) is a factor of 1.00025 of 1 + y.
        let kept = expm1(Double(HourlyDemand.code(of: amount)) / HourlyDemand.stepsPerUnit)
        #expect(abs(kept - amount) <= 0.000251 * (1 + amount))
    }

    @Test func `forgets what is older than four weeks`() {
        var demand = HourlyDemand()
        for hour in 0..<700 { demand.append(Double(hour)) }
        #expect(demand.codes.count == 672)
        #expect(demand.codes.first == HourlyDemand.code(of: 28))
        #expect(demand.codes.last == HourlyDemand.code(of: 699))
    }

    @Test func `is dormant after a week of silence`() {
        var demand = HourlyDemand()
        demand.append(3)
        for _ in 0..<167 { demand.append(0) }
        #expect(!demand.isDormant)
        demand.append(0)
        #expect(demand.isDormant)
    }

    @Test func `has distances in cells that hold them`() {
        let edges = ResidualCells.edges
        #expect(edges.count == ResidualCells.count + 1)
        #expect(edges == edges.sorted())
        for value in stride(from: -9.9, through: 9.9, by: 0.0137) {
            let cell = ResidualCells.cell(of: value)
            #expect(edges[cell] <= value + 1e-9 && value <= edges[cell + 1] + 1e-9)
        }
        #expect(ResidualCells.cell(of: -1e9) == 0)
        #expect(ResidualCells.cell(of: 1e9) == ResidualCells.count - 1)
    }

    @Test func `has a median to which half of the weight comes`() {
        // 0.2 + 0.25 up to 2, and 0.55 more at 5.
        #expect(weightedMedian([5, 1, 2], [0.55, 0.2, 0.25]) == 5)
        #expect(weightedMedian([5, 1, 2], [0.4, 0.2, 0.4]) == 2)
    }
}

/// A fleet foretold day by day, as the stage and `evaluate` do it.
private struct MadeFleet {
    var known: [HourlyDemand]
    var lessons = DemandLessons()
    var distance = 0.0
    var naive = 0.0
    var covered = 0.0
    var hours = 0.0

    /// - Parameter count: of a service at an hour.
    init(services: Int, days: Int, scoredFrom first: Int, count: (Int, Int) -> Double) {
        known = Array(repeating: HourlyDemand(), count: services)
        for day in 0..<days {
            let model = DemandModel(lessons)
            for service in 0..<services where day >= first {
                var forecast = HourlyForecast(known[service], model: model)
                for hour in 0..<24 {
                    let actual = log1p(count(service, day * 24 + hour))
                    let foretold = forecast.hour(lead: hour + 1)
                    distance += abs(foretold.logMedian - actual)
                    naive += abs(log1p(count(service, (day - 1) * 24 + hour)) - actual)
                    let ends = foretold.logInterval
                    covered += ends.low - 0.001 <= actual && actual <= ends.high + 0.001 ? 1 : 0
                    hours += 1
                }
            }
            for service in 0..<services {
                for hour in 0..<24 { known[service].append(count(service, day * 24 + hour)) }
            }
            lessons.fade()
            for service in 0..<services { known[service].learnDay(by: model, &lessons) }
        }
    }
}

@Suite struct `A forecast by the hour` {
    /// 40 services whose hours are Poisson around a daily wave: a point can do no better than the
    /// wave, and day naive has its own noise as well, so about 1/√2 of naive is the best there is.
    @Test func `beats day naive, and covers nine hours in ten`() {
        var random = SeededRandom(seed: 3)
        let days = 16
        let counts = (0..<40).map { _ -> [Double] in
            let level = exp(1 + 4 * random.uniform())
            let phase = random.uniform() * 24
            return (0..<days * 24).map { hour in
                let wave = 1 + 0.8 * sin((Double(hour) - phase) / 24 * 2 * .pi)
                return Double(random.poisson(mean: level * wave))
            }
        }
        let fleet = MadeFleet(services: 40, days: days, scoredFrom: 8) { counts[$0][$1] }
        #expect(fleet.distance < 0.85 * fleet.naive)
        #expect((0.86...0.94).contains(fleet.covered / fleet.hours))
    }

    @Test func `of a week that repeats itself is that week`() {
        let fleet = MadeFleet(services: 12, days: 28, scoredFrom: 21) { service, hour in
            let isWeekend = hour / 24 % 7 >= 5
            return isWeekend ? 3 : Double(50 + 10 * service + hour % 24)
        }
        // Day naive is wrong at both ends of the weekend: ln(4/80) or so on two days of seven.
        #expect(fleet.distance / fleet.hours < 0.05)
        #expect(fleet.naive / fleet.hours > 0.5)
    }

    @Test func `of an hour that its own past does not know is as of its kind`() {
        var young = HourlyDemand()
        for _ in 0..<3 { young.append(10) }
        let unseen = (0..<24).map { $0 == 5 ? 1_000.0 : 10 }
        var forecast = HourlyForecast(young, model: .untaught, unseen: unseen)
        let (usual, busy) = (forecast.hour(lead: 5), forecast.hour(lead: 6))
        #expect(busy.logMedian > usual.logMedian + 1)
    }

    @Test func `is the same from what was written down`() throws {
        var state = ServiceState()
        state.demand = DemandHistory(firstSlotMs: 0)
        for hour in Int64(0)..<60 {
            state.demand?.learn(
                invocations: Int(hour % 7), cpuMs: 10, slotStartMs: hour * Clock.hourMs)
        }
        var lessons = DemandLessons()
        state.demand?.hours.learnDay(by: .untaught, &lessons)
        let id = ServiceID(customer: "a", service: "s")
        #expect(try ServiceState(decoding: state.encoded, of: id) == state)
        var contribution = PriorContribution()
        lessons.round()
        contribution.demand.lessons = lessons
        contribution.demand.learntDay = 20_000
        contribution.demand.years.triggers["http"] = DemandYears.Votes()
        #expect(try PriorContribution(decoding: contribution.encoded) == contribution)
        #expect(contribution.encoded.count < 60_000)
    }
}

@Suite struct `Weeks of the year` {
    @Test func `say nothing before anybody saw one, and shrink what few say`() throws {
        var years = DemandYears()
        #expect(years.factors(trigger: "http") == nil)
        var hours = HourlyDemand()
        // Three weeks of 10 an hour, and one of 40: twice as much is the most that counts.
        for hour in 0..<672 { hours.append(hour < 504 ? 10 : 40) }
        for _ in 0..<8 { years.vote(hours, trigger: "http", week: 51) }
        let factors = try #require(years.factors(trigger: "http"))
        // Eight votes against eight services that stay as they are: half of ln 2.
        #expect(abs(factors[51] - 2.0.squareRoot()) < 1e-6)
        #expect(factors[0] == 1 && factors.count == 53)
    }

    @Test func `begin with the year`() {
        // 2026-01-01 is day 20,454 since 1970; 2025-12-31 the day before it.
        #expect(Clock.weekOfYear(hour: 20_454 * 24) == 0)
        #expect(Clock.weekOfYear(hour: 20_454 * 24 - 1) == 52)
    }
}
