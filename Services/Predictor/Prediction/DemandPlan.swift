internal import Foundation
internal import Numerics
internal import Topics

/// What is foretold of a service's invocations, hour by hour for a week and day by day for four.
struct DemandPlan {
    /// (168), (28)
    private(set) var hours: Prediction.Forecast
    private(set) var days: Prediction.DailyForecast

    /// - Parameters:
    ///   - forecast: its level and seasons, which is all there is before its first hour has ended.
    ///   - hourly: its hours up to `firstHour`; nil when there are none, or none of late.
    ///   - weekOfYear: (53) factors, of weeks after the present one.
    init(
        _ forecast: DemandForecast, hourly: HourlyDemand?, model: DemandModel, firstHour: Int64,
        weekOfYear: [Double]?
    ) {
        var plan = Prediction.Forecast(
            startMs: firstHour * Clock.hourMs, expected: [], low: [], high: [])
        let unseen = (0..<24).map { forecast.count(hour: firstHour + Int64($0)).mean }
        var hourlyForecast = hourly.map { HourlyForecast($0, model: model, unseen: unseen) }
        var ofKind: [Prediction.Interval] = []
        for lead in 0..<Clock.horizonHours {
            let hour = firstHour + Int64(lead)
            var interval: Prediction.Interval
            if let foretold = hourlyForecast?.hour(lead: lead + 1) {
                interval = foretold.interval
            } else if hourly == nil, forecast.isWeekFlat, lead >= 24 {
                interval = ofKind[lead - 24]
            } else {
                interval = Prediction.Interval(forecast.count(hour: hour))
            }
            if hourly == nil { ofKind.append(interval) }
            let factor = Self.factor(weekOfYear, hour: hour, now: firstHour)
            plan.expected.append(significant(interval.expected * factor))
            plan.low.append(significant(interval.low * factor))
            plan.high.append(significant(interval.high * factor))
        }
        hours = plan
        days = Self.days(
            forecast, hours: plan.expected, firstHour: firstHour, weekOfYear: weekOfYear)
    }

    /// The level already knows the present week.
    private static func factor(_ weekOfYear: [Double]?, hour: Int64, now: Int64) -> Double {
        let week = Clock.weekOfYear(hour: hour)
        guard let weekOfYear, week != Clock.weekOfYear(hour: now) else { return 1 }
        return weekOfYear[week]
    }

    /// Four weeks like the one foretold by hours, ever less sure.
    private static func days(
        _ forecast: DemandForecast, hours: [Double], firstHour: Int64, weekOfYear: [Double]?
    ) -> Prediction.DailyForecast {
        var days = Prediction.DailyForecast(expected: [], low: [], high: [])
        var known: (count: GammaPoisson?, interval: Prediction.Interval) = (
            nil, Prediction.Interval(expected: 0, low: 0, high: 0)
        )
        for day in 0..<Clock.horizonDays {
            let first = day % 7 * 24
            let like = hours[first..<first + 24].reduce(0, +)
            let hour = firstHour + Int64(day * 24)
            let (then, asForetold) = (
                factor(weekOfYear, hour: hour, now: firstHour),
                factor(weekOfYear, hour: firstHour + Int64(first), now: firstHour)
            )
            let count = forecast.day(mean: like * then / asForetold, weeksAhead: day / 7)
            // Days of a kind are alike, and quantiles take time.
            if count != known.count { known = (count, Prediction.Interval(count)) }
            let interval = known.interval
            days.expected.append(significant(interval.expected))
            days.low.append(significant(interval.low))
            days.high.append(significant(interval.high))
        }
        return days
    }
}

extension ForecastedHour {
    fileprivate var interval: Prediction.Interval {
        Prediction.Interval(expected: expected, low: low, high: high)
    }
}

extension Prediction.Interval {
    init(_ count: GammaPoisson) {
        self.init(expected: count.mean, low: count.quantile(0.05), high: count.quantile(0.95))
    }
}

/// To four digits: a week of hours takes half the room, and nobody knows more of them.
func significant(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    let digits = 3 - Int(log10(abs(value)).rounded(.down))
    let power = pow(10, Double(abs(digits)))
    return digits >= 0 ? (value * power).rounded() / power : (value / power).rounded() * power
}

extension ServiceState {
    /// Its hours up to the one that is being lived, with those that can still be corrected; nil
    /// before its first has ended, and when it has been silent for a week.
    func hours(before firstHour: Int64) -> HourlyDemand? {
        guard let demand else { return nil }
        var hours = demand.hours
        var hour = demand.openHour
        var amount = demand.openCount
        while hour < firstHour {
            let ends = (hour + 1) * Clock.hourMs
            for slot in recent where slot.startMs < ends && slot.startMs >= hour * Clock.hourMs {
                amount += Double(slot.outcomes)
            }
            hours.append(amount)
            amount = 0
            hour += 1
        }
        return hours.codes.isEmpty || hours.isDormant ? nil : hours
    }

    /// The chance to be among the busiest tenth of its trigger's services in four weeks.
    func popularChance(_ forecast: DemandForecast, prior: FleetPrior) -> Double? {
        guard demand?.hoursSeen ?? 0 < Clock.newForHours else { return nil }
        let level = forecast.levelInFourWeeks
        return significant(1 - level.cumulative(at: prior.topDecile(trigger: trigger ?? "")))
    }
}
