import Foundation
import Numerics
import Testing

@testable import Prediction

private let hourMs: Int64 = 3_600_000

/// Monday, 2 November 2026, 00:00 UTC: day 20,759 since 1970.
private let monday: Int64 = 20_759 * 24

@Suite struct `A demand history` {
    @Test func `knows that the second of November 2026 is a Monday`() {
        #expect(Clock.weekday(hour: monday) == 0)
        #expect(Clock.weekday(hour: monday - 1) == 6)
        // 1970-01-01 was a Thursday.
        #expect(Clock.weekday(hour: 0) == 3)
    }

    @Test func `learns the hours of the day`() {
        let history = history(days: 14, perHour: { $0 % 24 == 9 ? 490 : 10 })
        // The day's mean is (490 + 23 x 10) / 24 = 30: factors 16.3 and 0.33, before shrinking by
        // one hour in some ten of a fading profile.
        let factors = history.hourFactors(shrunkTo: Array(repeating: 1, count: 24))
        #expect(factors[9] > 13 && factors[9] < 16.4)
        #expect(factors[10] < 0.5)
        #expect(abs(factors.reduce(0, +) - 24) < 1e-9)
    }

    @Test func `learns the days of the week`() {
        let history = history(days: 28, perHour: { Clock.weekday(hour: $0) < 5 ? 100 : 10 })
        let factors = history.weekFactors()
        // 500 + 20 a week of hours: 1.35 and 0.135.
        #expect(factors[0] > 1.2 && factors[6] < 0.5)
        #expect(abs(factors.reduce(0, +) - 7) < 1e-9)
    }

    @Test func `takes over from its class as w = n / (n + 24) hours`() {
        let history = history(days: 1, perHour: { $0 % 24 < 12 ? 200 : 0 })
        // After a day each hour was seen once: half its own 2, half the class's 1.
        let factors = history.hourFactors(shrunkTo: Array(repeating: 1, count: 24))
        #expect(abs(factors[3] - 1.5) < 0.05)
        #expect(abs(factors[15] - 0.5) < 0.05)
    }

    @Test func `counts the hours in which nothing ran`() {
        var often = DemandHistory(firstSlotMs: monday * hourMs)
        var once = often
        for hour in 0..<48 {
            often.learnHours(before: monday + Int64(hour))
        }
        often.learnHours(before: monday + 48)
        once.learnHours(before: monday + 48)
        #expect(often == once)
        #expect(once.hoursSeen == 48)
    }
}

@Suite struct `A demand forecast` {
    private let prior = FleetPrior([]).demand(trigger: "http", cluster: nil)

    @Test func `of a service without a sample is what its customer declared, roughly`() {
        let forecast = DemandForecast(
            nil, recent: RecentDemand(), prior: prior, declaredPerDay: 24_000)
        // 1,000 an hour, by three events against the class's fraction of one.
        #expect(abs(forecast.level.mean / 1_000 - 1) < 0.5)
        let undeclared = DemandForecast(
            nil, recent: RecentDemand(), prior: prior, declaredPerDay: nil)
        #expect(abs(undeclared.level.mean - 10) < 1e-9)
    }

    @Test func `believes its own hours over a wrong declaration`() {
        let history = history(days: 7, perHour: { _ in 100 })
        let forecast = DemandForecast(
            history, recent: RecentDemand(), prior: prior, declaredPerDay: 24)
        #expect(abs(forecast.level.mean / 100 - 1) < 0.1)
        #expect(abs(forecast.day.mean / 2_400 - 1) < 0.1)
    }

    /// 60 services of Poisson counts around a daily wave, each foretold for its ninth day: the 90 %
    /// intervals hold about that share of the hours. Counts are whole, so a little more.
    @Test func `covers nine hours in ten`() {
        var random = SeededRandom(seed: 5)
        var covered = 0
        var hours = 0
        for _ in 0..<60 {
            let level = exp(1 + 4 * random.uniform())
            // Hours stray from the wave by a gamma factor of variance 0.2.
            var counts: [Int] = []
            for hour in 0..<216 {
                let wave = 1 + 0.8 * sin(Double(hour % 24) / 24 * 2 * .pi)
                let stray = random.gamma(shape: 5) / 5
                counts.append(random.poisson(mean: level * wave * stray))
            }
            let history = history(days: 8, perHour: { counts[Int($0 - monday)] })
            let forecast = DemandForecast(
                history, recent: RecentDemand(), prior: prior, declaredPerDay: nil)
            for hour in 192..<216 {
                let count = forecast.count(hour: monday + Int64(hour))
                let low = count.quantile(0.05)
                let high = count.quantile(0.95)
                if (low...high).contains(Double(counts[hour])) { covered += 1 }
                hours += 1
            }
        }
        let share = Double(covered) / Double(hours)
        #expect((0.85...0.96).contains(share))
    }
}

private func history(days: Int64, perHour: (Int64) -> Int) -> DemandHistory {
    var history = DemandHistory(firstSlotMs: monday * hourMs)
    for hour in monday..<monday + days * 24 {
        history.learn(invocations: perHour(hour), cpuMs: 100, slotStartMs: hour * hourMs)
    }
    history.learnHours(before: monday + days * 24)
    return history
}
