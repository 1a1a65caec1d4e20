internal import Numerics
internal import Processing
internal import Topics

/// What a cell learned of its own past, by a tier's rank; empty before its first two whole days.
struct LearnedDeviations: Equatable {
    /// Days since 1970: up to the end of the day before it, days were learned from.
    var day: Int64 = 0
    /// (3) by rank, or none.
    var calibrations: [Calibration] = []
}

extension Cell {
    /// Once a day of event time: how much room for noise each tier needs, from the whole days kept.
    mutating func calibrate() {
        guard policy.learns, let today = clock.window?.day, learned.day != today else { return }
        learned.day = today
        changes.calibration = true
        let capacity = ledger.workers.filter { $0.state == .ready }.map(\.capacity.milliCpu).max()
        guard let capacity, let days = calibrationDays(before: today) else { return }
        let sample = sampled(days: days, before: today)
        let tiers = Set(functions.values.map(\.tier.rank))
        learned.calibrations = policy.budgets.indices.map { rank in
            guard tiers.contains(rank) else {
                return Calibration(deviations: Calibration.priorDeviations, folds: 0)
            }
            return Calibration(sample, capacity: capacity, budget: policy.budgets[rank])
        }
        adoptLearned()
    }

    mutating func adoptLearned() {
        guard policy.learns, !learned.calibrations.isEmpty else { return }
        policy.deviations = learned.calibrations.map(\.deviations)
        ledger.adopt(policy)
    }

    /// The most whole days, up to seven, that at least half of the functions lived; nil when those
    /// are fewer than two.
    private func calibrationDays(before today: Int64) -> Int? {
        let perDay = Int64(DemandWeek.slotsPerDay)
        let lived = functions.values.map { function in
            min(Int64(DemandWeek.days), today - (function.demand.firstSlot + perDay - 1) / perDay)
        }.sorted()
        guard !lived.isEmpty else { return nil }
        let days = Int(lived[lived.count / 2])
        return days >= 2 ? days : nil
    }

    /// (at most `calibrationFunctionsMax`, days x 288) of functions that lived through them, every
    /// k-th by name.
    private func sampled(days: Int, before today: Int64) -> [[Int32]] {
        let perDay = Int64(DemandWeek.slotsPerDay)
        let first = (today - Int64(days)) * perDay
        let eligible = functions.keys.filter {
            (functions[$0]?.demand.firstSlot ?? .max) <= first
        }.sorted()
        let each = max(1, eligible.count / Limits.calibrationFunctionsMax)
        return stride(from: 0, to: eligible.count, by: each)
            .prefix(Limits.calibrationFunctionsMax).map { place in
                guard let week = functions[eligible[place]]?.demand.week else { return [] }
                return (today - Int64(days)..<today).flatMap { number in
                    week.day(number)?.milliCpu.map { max(0, $0) }
                        ?? Array(repeating: 0, count: DemandWeek.slotsPerDay)
                }
            }
    }
}
