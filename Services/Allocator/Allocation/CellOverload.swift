internal import Numerics
internal import Processing
internal import Topics

/// How often workers were over capacity in an hour of event time, as shapes tell.
struct MeasuredOverload: Equatable {
    /// Since 1970.
    var hour: Int64 = 0
    /// The newest slot that was counted.
    var slot: Int64 = -1
    /// (3) by a tier's rank: slots of workers with members of the tier, and those of them in which
    /// it and the tiers promised more needed more CPU than there was.
    var slots = Array(repeating: 0, count: Tier.allCases.count)
    var over = Array(repeating: 0, count: Tier.allCases.count)
}

extension Cell {
    /// Counts the slots that closed since the last evaluation, by where functions were meanwhile.
    ///
    /// - Complexity: O(functions) a slot.
    mutating func measureOverload(_ effects: inout CellEffects) {
        guard let settled = clock.window?.settledSlot else { return }
        let first = max(measured.slot + 1, settled - Limits.measuredSlotsMax + 1)
        guard first <= settled else { return }
        for slot in first...settled {
            let hour = slot / Limits.slotsPerHour
            if hour != measured.hour {
                // The last word on the hour before.
                if measured.slot >= 0 { for row in overloadRows() { effects.save(.overload(row)) } }
                measured = MeasuredOverload(hour: hour)
            }
            count(slot)
            measured.slot = slot
        }
        changes.overload = true
    }

    private mutating func count(_ slot: Int64) {
        var loads: [String: [Double?]] = [:]
        for function in functions.values where !function.placements.isEmpty {
            let use = Double(function.demand.week.value(slot: slot) ?? 0)
            // Whole mCPU: their sums do not depend on the order of functions.
            let part = (use / Double(function.placements.count)).rounded(.up)
            for worker in function.placements {
                loads[worker, default: [nil, nil, nil]][function.tier.rank] += part
            }
        }
        for (worker, byRank) in loads {
            guard let capacity = reports[worker]?.milliCpu else { continue }
            var sum = 0.0
            for (rank, load) in byRank.enumerated() {
                guard let load else { continue }
                sum += load
                measured.slots[rank] += 1
                if sum > capacity { measured.over[rank] += 1 }
            }
        }
    }

    /// One row a tier with functions on workers.
    func overloadRows() -> [OverloadRow] {
        Tier.allCases.compactMap { tier in
            let (total, workers) = ledger.overloads(tier.rank)
            guard workers > 0 else { return nil }
            let learned = self.learned.calibrations
            return OverloadRow(
                cell: number, tier: tier, budget: policy.budgets[tier.rank],
                expected: total / Double(workers), deviations: policy.deviations[tier.rank],
                days: learned.isEmpty ? 0 : learned[tier.rank].folds, workers: workers,
                slots: measured.slots[tier.rank], over: measured.over[tier.rank],
                hourMs: measured.hour * Limits.slotsPerHour * DemandWeek.slotMs)
        }
    }
}

extension Optional where Wrapped == Double {
    fileprivate static func += (sum: inout Double?, part: Double) { sum = (sum ?? 0) + part }
}
