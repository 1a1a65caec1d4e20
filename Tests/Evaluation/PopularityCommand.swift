import Foundation
import Prediction

/// `evaluate popularity`: the coming day's demand, foretold every day from what was known by then.
struct PopularityCommand {
    private let trace: DemandTrace
    private let horizon: Int

    init(_ arguments: [String]) throws {
        var flags = try Flags(arguments, known: DemandTrace.flags, files: 1)
        let file = flags.files.first
        if let file, !flags.has("--utilisation") { flags.set("--utilisation", file) }
        horizon = try flags.count("--horizon", default: 24)
        trace = try DemandTrace(flags, file: file)
    }

    func run() throws -> String {
        let (day, week) = (trace.calendar.slotsPerDay, trace.calendar.slotsPerWeek)
        var known = trace.series.map { _ in HourlyDemand(calendar: trace.calendar) }
        var lessons = DemandLessons()
        var score = PopularityScore()
        for origin in stride(from: day, to: trace.slots, by: day) {
            for (index, series) in trace.series.enumerated() {
                for slot in max(series.start, origin - day)..<max(series.start, origin) {
                    known[index].append(series.values[slot - series.start])
                }
            }
            let model = DemandModel(lessons)
            lessons.fade()
            for index in known.indices where trace.series[index].start < origin {
                known[index].learnDay(by: model, &lessons)
            }
            guard origin >= trace.trainDays * day else { continue }
            say("popularity of \(trace.series.count) series: day \(origin / day)")
            let next = DemandModel(lessons)
            for (index, series) in trace.series.enumerated()
            where series.start < origin && !known[index].isDormant {
                var forecast = HourlyForecast(known[index], model: next)
                let naive = NaiveForecasts(series, origin: origin, day: day, week: week)
                for lead in 1...horizon where origin + lead <= trace.slots {
                    score.add(
                        forecast.hour(lead: lead), naive.hour(lead: lead),
                        actual: series.values[origin + lead - 1 - series.start],
                        known: origin - series.start, day: day, week: week)
                }
            }
        }
        guard score.all.count > 0 else { throw EvaluationError("no hour was foretold") }
        say(score.table)
        var policies = score.policies
        if trace.isCounts {
            let byDay = PopularityByDay(trace)
            say(byDay.table)
            policies["antiphase"]?.merge(byDay.metrics) { _, new in new }
        }
        return result(dataset: trace.dataset, n: trace.series.count, policies: policies)
    }
}

/// What the trivial methods say of an hour, of `ln(1 + y)`.
struct NaiveForecasts {
    private let series: DemandTrace.Series
    private let origin: Int
    private let day: Int
    private let week: Int

    init(_ series: DemandTrace.Series, origin: Int, day: Int, week: Int) {
        self.series = series
        self.origin = origin
        self.day = day
        self.week = week
    }

    struct Hour {
        var last: Double
        var day: Double
        var week: Double
    }

    /// The last hour; the same hour of the last day known, and of the last week known. Before a
    /// series began it held nothing; where the trace had not begun, the day stands for the week.
    func hour(lead: Int) -> Hour {
        let sameHour = value(origin - day + (lead - 1) % day)
        let weekSlot = origin - week + (lead - 1) % week
        return Hour(
            last: value(origin - 1), day: sameHour,
            week: weekSlot >= 0 ? value(weekSlot) : sameHour)
    }

    private func value(_ slot: Int) -> Double {
        slot < series.start ? 0 : log1p(series.values[slot - series.start])
    }
}
