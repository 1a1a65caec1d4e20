internal import Numerics
internal import Processing
internal import Topics

extension Cell {
    /// Once an hour of event time: packs the hours that ended, a day of them at most, and plans.
    mutating func plan(_ effects: inout CellEffects) {
        guard let newest = clock.newestSlot, let capacity = plannedCapacity else { return }
        // The newest slot is open, and with it its hour.
        let last = newest / Limits.slotsPerHour - 1
        guard let known = history.lastHour else {
            changes.history = true
            let isAtStart = newest % Limits.slotsPerHour == 0
            return history.begin(hour: isAtStart ? last + 1 : last + 2)
        }
        guard last > known else { return }
        let first = last - known > Limits.plannedGapHoursMax ? last : known + 1
        for hour in first...last { history.append(need(hour: hour, capacity), hour: hour) }
        changes.history = true
        guard
            let plan = FleetPlan(
                cell: number, history, poweredWorkers, lax: laxWork(from: last + 1),
                policy.planning, asOfMs: nowMs)
        else { return }
        effects.save(.plan(plan))
    }

    /// The mean of the ready workers'.
    private var plannedCapacity: Claim? {
        let (all, ready) = (readyCapacity, ledger.workers.count { $0.state == .ready })
        guard ready > 0 else { return nil }
        return Claim(
            milliCpu: max(1, all.milliCpu / ready), memoryMb: max(1, all.memoryMb / ready))
    }

    private var poweredWorkers: [PoweredWorker] {
        reports.values.filter { $0.state == .ready }.sorted { $0.worker < $1.worker }.map {
            PoweredWorker(
                name: $0.worker, milliCpu: $0.milliCpu, wattsIdle: $0.wattsIdle,
                wattsPeak: $0.wattsPeak, carbonGPerKwh: $0.carbonGPerKwh)
        }
    }

    /// - Complexity: O(functions x workers needed).
    private func need(hour: Int64, _ capacity: Claim) -> HourNeed {
        var packing = HourPacking(capacity: capacity)
        var sum = 0
        let (number, start) = DemandWeek.day(of: hour * Limits.slotsPerHour)
        let slots = start..<start + Int(Limits.slotsPerHour)
        for (_, function) in functions.sorted(by: { $0.key < $1.key }) {
            guard let day = function.demand.week.day(number) else { continue }
            let cpu = day.milliCpu[slots].map { max(0, $0) }
            packing.add(milliCpu: cpu, memoryMb: day.memoryMb[slots].map { max(0, $0) })
            sum += cpu.reduce(0) { $0 + Int($1) }
        }
        let carbon = poweredWorkers.compactMap(\.carbonGPerKwh)
        let mean = carbon.reduce(0, +) / Double(max(1, carbon.count))
        return HourNeed(
            workers: packing.workersNeeded(), placed: ledger.workersUsed,
            milliCpu: sum / slots.count,
            carbonGPerKwh: carbon.isEmpty ? nil : Int(min(Double(Limits.carbonMax), max(0, mean))))
    }

    // MARK: - Work that may wait

    /// Whole hours by which the slowest hundredth of its invocations could have started later.
    mutating func noteSlack(_ shape: FunctionShape) {
        guard let deadlineMs = shape.deadlineMs, let slack = shape.deadlineSlack else { return }
        let hours = min(
            Double(Limits.slackHoursMax), max(0, deadlineMs * slack.p1 / 3_600_000))
        let known = slackHours[shape.functionID]
        let now = hours >= 1 ? Int(hours) : nil
        guard known != now else { return }
        slackHours[shape.functionID] = now
        changes.slacks.insert(shape.functionID)
    }

    /// What lax functions did in these hours of the last week, summed by their slack.
    private func laxWork(from first: Int64) -> [LaxWork] {
        var sums: [Int: [Int]] = [:]
        for (id, slack) in slackHours where functions[id] != nil {
            let values = profile(of: id).cpu.values
            var hours =
                sums.removeValue(forKey: slack) ?? Array(repeating: 0, count: Limits.plannedHours)
            for offset in hours.indices {
                let slot = (first + Int64(offset)) * Limits.slotsPerHour
                let start = Int(slot % Int64(DemandWeek.slots))
                for value in values[start..<start + Int(Limits.slotsPerHour)] {
                    hours[offset] += Int(value)
                }
            }
            sums[slack] = hours
        }
        return sums.sorted { $0.key < $1.key }.flatMap { slack, hours in
            hours.enumerated().map { offset, sum in
                LaxWork(
                    hour: offset, slackHours: slack,
                    milliCpu: Double(sum) / Double(Limits.slotsPerHour))
            }
        }
    }
}
