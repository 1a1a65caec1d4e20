import Allocation
import Foundation

/// `evaluate plan`: how many workers each hour and day will take, beside what it then took.
struct PlanCommand {
    /// Hours of a plan.
    private static let hoursMax = 168

    private let trace: Trace
    private let capacity: Double
    private let budget: Double

    init(_ arguments: [String]) throws {
        let flags = try Flags(arguments, known: Trace.flags)
        capacity = try flags.number("--capacity")
        guard capacity > 0 else { throw EvaluationError("--capacity is \(capacity)") }
        budget = try flags.number("--budget", default: 0.001)
        guard budget > 0, budget < 1 else { throw EvaluationError("--budget is \(budget)") }
        trace = try Trace(flags)
        guard trace.slotsPerDay % 24 == 0 else {
            throw EvaluationError(
                "--slots-per-day is \(trace.slotsPerDay), expected a multiple of 24")
        }
        guard trace.trainDays >= WorkerForecast.daysMin else {
            throw EvaluationError(
                "--train-days is \(trace.trainDays), expected at least \(WorkerForecast.daysMin)")
        }
    }

    func run() -> String {
        say("packing each hour of \(trace.trainDays + trace.testDays) days")
        let needed = workersByHour()
        let policies: [(String, any NeedPlan)] = [
            ("antiphase", Scenarios()), ("last_week", LastWeek()), ("flat_maximum", FlatMaximum()),
        ]
        var results: [String: [String: Any]] = [:]
        say("placing for each day what the week before it suggests")
        let placed = workersPlaced()
        say(
            "policy           coverage %  error %  bias %  given  coverage % by day  error %"
                + "  coverage % placed  error %")
        for (name, plan) in policies {
            let hours = judge(plan, needed, period: 24)
            let days = judge(plan, dailyPeaks(needed), period: 1)
            let placements = judge(plan, placed, period: 1)
            // Where too few days are known to plan placements by, there is nothing to say of them.
            results[name] = hours.metrics.merging(
                [
                    "by_day": days.metrics,
                    "placed": placements.count > 0 ? placements.metrics : [:],
                    "by_lead_hours": hours.byLead,
                ]) { $1 }
            say(
                name.padded(to: 16, left: true) + fixed(hours.coverage * 100, 1).padded(to: 11)
                    + fixed(hours.error * 100, 1).padded(to: 9)
                    + fixed(hours.bias * 100, 1).padded(to: 8)
                    + fixed(hours.given, 2).padded(to: 7)
                    + fixed(days.coverage * 100, 1).padded(to: 19)
                    + fixed(days.error * 100, 1).padded(to: 9)
                    + fixed(placements.coverage * 100, 1).padded(to: 19)
                    + fixed(placements.error * 100, 1).padded(to: 9))
        }
        return result(dataset: trace.dataset, n: trace.days.count, policies: results)
    }

    /// (hours) what the packer would use if it knew the hour.
    private func workersByHour() -> [Double] {
        let width = trace.slotsPerDay / 24
        let idle = Array(repeating: Int32(0), count: width)
        let size = Claim(milliCpu: Int(capacity * Double(unitsPerPercent)), memoryMb: 1)
        return stride(from: 0, to: trace.days[0].count, by: width).map { start in
            var packing = HourPacking(capacity: size)
            for series in trace.days {
                packing.add(
                    milliCpu: series[start..<start + width].map {
                        Int32(($0 * unitsPerPercent).rounded(.up))
                    }, memoryMb: idle)
            }
            return Double(packing.workersNeeded())
        }
    }

    /// (days, without the first) what a cell would use on that day: it places functions for a week, by
    /// the week before, the largest first, and opens a worker when those in use have no room.
    private func workersPlaced() -> [Double] {
        let perDay = trace.slotsPerDay
        let loads = Antiphase(budget: budget)
        var policy = Policy()
        policy.budgets = loads.budgets
        return (1..<trace.trainDays + trace.testDays).map { day in
            let week = max(0, day - 7) * perDay..<day * perDay
            let history = History(
                series: trace.days.map { Array($0[week]) }, capacity: Float(capacity),
                slotsPerDay: perDay)
            let profiles = loads.profiles(history)
            let peaks = profiles.map { $0.claim.milliCpu }
            var ledger = Ledger(policy)
            var alone = 0
            for i in profiles.indices.sorted(by: { (-peaks[$0], $0) < (-peaks[$1], $1) }) {
                if case .placed = ledger.place(profiles[i]) { continue }
                ledger.insert(worker(number: ledger.workers.count))
                if case .placed = ledger.place(profiles[i]) { continue }
                alone += 1
            }
            return Double(ledger.workersUsed + alone)
        }
    }

    private func worker(number: Int) -> WorkerLoad {
        WorkerLoad(
            name: "w" + "\(number)".padded(to: 6), milliCpu: capacity * Double(unitsPerPercent),
            memoryMb: 1)
    }

    private func dailyPeaks(_ needed: [Double]) -> [Double] {
        stride(from: 0, to: needed.count, by: 24).map { needed[$0..<$0 + 24].max() ?? 0 }
    }

    /// A plan is made at the start of each day that judges, from all before it, for the rest of
    /// the days that judge, at most a week of hours or four weeks of days.
    private func judge(_ plan: any NeedPlan, _ needed: [Double], period: Int) -> PlanScore {
        var score = PlanScore()
        let days = needed.count / period
        for day in days - trace.testDays..<days {
            let known = Array(needed[..<(day * period)])
            guard known.count >= WorkerForecast.daysMin * period else { continue }
            let leads = min(needed.count - known.count, period == 24 ? Self.hoursMax : 28)
            for (lead, planned) in zip(1..., plan.plan(known, period: period, leads: leads)) {
                score.add(planned, needed[known.count + lead - 1], lead: lead)
            }
        }
        return score
    }
}

/// Workers planned for one hour or day.
struct PlannedWorkers {
    let p50: Int
    let p95: Int
}

protocol NeedPlan {
    /// - Parameter known: workers needed until now, whole days.
    func plan(_ known: [Double], period: Int, leads: Int) -> [PlannedWorkers]
}

/// The allocator's own.
struct Scenarios: NeedPlan {
    func plan(_ known: [Double], period: Int, leads: Int) -> [PlannedWorkers] {
        guard let forecast = WorkerForecast(known, period: period) else {
            preconditionFailure("a plan rests on \(WorkerForecast.daysMin) days")
        }
        return (1...leads).map { lead in
            let scenarios = forecast.scenarios(lead: lead)
            return PlannedWorkers(p50: scenarios.workers(0.5), p95: scenarios.workers(0.95))
        }
    }
}

/// What the same hour of last week took, or of the last day where a week is not known.
struct LastWeek: NeedPlan {
    func plan(_ known: [Double], period: Int, leads: Int) -> [PlannedWorkers] {
        let back = known.count >= 7 * period ? 7 * period : period
        return (0..<leads).map { ahead in
            let workers = Int(known[known.count - back + ahead % back])
            return PlannedWorkers(p50: workers, p95: workers)
        }
    }
}

/// The most that any hour took, always.
struct FlatMaximum: NeedPlan {
    func plan(_ known: [Double], period: Int, leads: Int) -> [PlannedWorkers] {
        let most = Int(known.max() ?? 0)
        return Array(repeating: PlannedWorkers(p50: most, p95: most), count: leads)
    }
}

/// Plans beside what came.
struct PlanScore {
    private(set) var count = 0
    private var covered = 0
    private var errors = 0.0
    private var p50 = 0.0
    private var p95 = 0.0
    private var used = 0.0
    private var leads: [String: (count: Int, covered: Int, errors: Double)] = [:]

    mutating func add(_ planned: PlannedWorkers, _ needed: Double, lead: Int) {
        let holds = Double(planned.p95) >= needed
        let error = abs(Double(planned.p50) - needed) / max(1, needed)
        count += 1
        covered += holds ? 1 : 0
        errors += error
        p50 += Double(planned.p50)
        p95 += Double(planned.p95)
        used += needed
        let name = lead == 1 ? "1" : lead <= 6 ? "6" : lead <= 24 ? "24" : "168"
        let known = leads[name] ?? (0, 0, 0)
        leads[name] = (known.count + 1, known.covered + (holds ? 1 : 0), known.errors + error)
    }

    /// Share of the hours in which the 95th percentile sufficed.
    var coverage: Double { Double(covered) / Double(max(1, count)) }
    /// Mean distance of the median from what was needed, as a share of it.
    var error: Double { errors / Double(max(1, count)) }
    /// All medians over all that was needed, less 1.
    var bias: Double { p50 / max(1, used) - 1 }
    /// Workers of the 95th percentile, for each one needed.
    var given: Double { p95 / max(1, used) }

    var metrics: [String: Any] {
        [
            "coverage_p95": coverage, "median_error": error, "median_bias": bias,
            "p95_to_needed": given,
        ]
    }

    /// By the longest lead of each group.
    var byLead: [String: Any] {
        leads.mapValues { lead in
            [
                "coverage_p95": Double(lead.covered) / Double(lead.count),
                "median_error": lead.errors / Double(lead.count),
            ]
        }
    }
}
