internal import Numerics
internal import Topics

extension Profile {
    /// The week as a function lived it, with its gaps filled by what is expected of it.
    init(_ demand: Demand, in window: Window, tier: Tier) {
        let guaranteed = tier == .guaranteed
        self.init(
            cpu: Series(
                demand.cpu, from: demand.firstSlot, in: window, prior: demand.prior, guaranteed),
            memory: Series(demand.memory, from: demand.firstSlot, in: window, prior: nil, guaranteed)
        )
    }
}

extension Series {
    /// - A slot that was recorded is itself; one of its life without a shape is 0.
    /// - Any other (before its life, or still to come) is `w x own + (1 - w) x prior`, where `own` is
    ///   the mean of its known days at that slot of the day, or its peak so far where none is known;
    ///   `prior` is the hour's part of its service's prediction; `w = h / (h + 24)` with `h` hours
    ///   known. Without a prior w = 1.
    /// - The guaranteed part is the 99th percentile of the values.
    ///
    /// - Complexity: about three passes over 2,016 slots.
    init(
        _ week: DemandWeek, from firstSlot: Int64, in window: Window, prior: Prior?,
        _ guaranteed: Bool
    ) {
        let history = KnownWeek(week, from: firstSlot, in: window)
        let hours = Double(history.count) / Double(Limits.slotsPerHour)
        let own = prior == nil ? 1 : hours / (hours + 24)
        let fills = (0..<DemandWeek.slotsPerDay).map { slot in
            let mine = history.dayMean(slot: slot) ?? Double(history.peak)
            let foretold = prior.map { Double($0.hourly[slot / Int(Limits.slotsPerHour)]) }
            return Int32((own * mine + (1 - own) * (foretold ?? 0)).rounded())
        }
        var values = history.values
        for i in values.indices {
            if values[i] < 0 { values[i] = fills[i % DemandWeek.slotsPerDay] }
            values[i] = min(values[i], Int32(Limits.demandMax))
        }
        let noise = own * history.variance + (1 - own) * Double(prior?.variance ?? 0)
        self.init(
            values: values, variance: Int(noise.rounded(.up)),
            guaranteed: guaranteed ? Int(percentile99(values)) : 0)
    }
}

/// A week's slots by their place in the week; -1 where nothing is known.
private struct KnownWeek {
    /// (2016)
    private(set) var values: [Int32]
    /// (288) sums and counts over the days of a slot of the day.
    private var daySums = Array(repeating: 0, count: DemandWeek.slotsPerDay)
    private var dayCounts = Array(repeating: 0, count: DemandWeek.slotsPerDay)
    private(set) var count = 0
    private(set) var peak: Int32 = 0
    private(set) var variance = 0.0

    init(_ week: DemandWeek, from firstSlot: Int64, in window: Window) {
        values = Array(repeating: -1, count: DemandWeek.slots)
        let perDay = DemandWeek.slotsPerDay
        for number in max(0, window.day - Int64(DemandWeek.days) + 1)...window.day {
            let start = Int(number % Int64(DemandWeek.days)) * perDay
            let base = number * Int64(perDay)
            let lived = max(firstSlot, base)..<max(
                firstSlot, base, min(window.settledSlot + 1, base + Int64(perDay)))
            for slot in lived { values[start + Int(slot - base)] = 0 }
            guard let day = week.day(number) else { continue }
            for i in 0..<perDay where !day.values[i].isNaN {
                values[start + i] = Int32(day.values[i])
            }
        }
        summarise(newestDay: window.day)
    }

    func dayMean(slot: Int) -> Double? {
        dayCounts[slot] > 0 ? Double(daySums[slot]) / Double(dayCounts[slot]) : nil
    }

    /// Noise: `mean((D(t) - D(t - 1 day))^2) / 2` over the pairs known; while they are fewer than a
    /// day's, the same from slot to slot stands in for the missing ones.
    private mutating func summarise(newestDay: Int64) {
        let perDay = DemandWeek.slotsPerDay
        let eldest = Int((newestDay + 1) % Int64(DemandWeek.days)) * perDay
        var daily = Differences()
        var successive = Differences()
        for i in values.indices where values[i] >= 0 {
            daySums[i % perDay] += Int(values[i])
            dayCounts[i % perDay] += 1
            count += 1
            peak = max(peak, values[i])
            // The eldest day of the ring has the newest one before it.
            if i != eldest, let last = value(before: i, by: 1) { successive.add(values[i], last) }
            let inEldest = i >= eldest && i < eldest + perDay
            if !inEldest, let last = value(before: i, by: perDay) { daily.add(values[i], last) }
        }
        let known = min(1, Double(daily.count) / Double(perDay))
        variance = known * daily.variance + (1 - known) * successive.variance
    }

    private func value(before slot: Int, by distance: Int) -> Int32? {
        let value = values[(slot + DemandWeek.slots - distance) % DemandWeek.slots]
        return value < 0 ? nil : value
    }
}

/// Half the mean square of differences: the variance of what was subtracted, were it independent.
private struct Differences {
    private(set) var count = 0
    private var squares = 0.0

    var variance: Double { count > 0 ? squares / Double(count) / 2 : 0 }

    mutating func add(_ a: Int32, _ b: Int32) {
        let difference = Double(a) - Double(b)
        squares += difference * difference
        count += 1
    }
}

/// The smallest value that at least 99 % of the values do not exceed.
private func percentile99(_ values: [Int32]) -> Int32 {
    values.sorted()[(values.count * 99 + 99) / 100 - 1]
}

extension Profile {
    /// What the stage would know of a function after a history without gaps, at its end.
    ///
    /// - Parameters:
    ///   - milliCpu: every five minutes, whole days, from the start of a week; its last seven days
    ///     count.
    ///   - memoryMb: likewise; nothing when empty.
    public init(milliCpu: [Float], memoryMb: [Float] = []) {
        precondition(
            milliCpu.count % DemandWeek.slotsPerDay == 0,
            "a history has whole days of 288 slots, got \(milliCpu.count)")
        let first = max(0, milliCpu.count - DemandWeek.slots)
        var demand = Demand(firstSlot: Int64(first))
        for slot in first..<milliCpu.count {
            demand.record(
                SlotUse(
                    slot: Int64(slot), correction: 0, milliCpu: milliCpu[slot].rounded(.up),
                    memoryMb: memoryMb.isEmpty ? 0 : memoryMb[slot].rounded(.up)))
        }
        let newest = Int64(milliCpu.count - 1)
        let window = Window(day: DemandWeek.day(of: newest).number, settledSlot: newest)
        self.init(demand, in: window, tier: .burstable)
    }

    /// The most a worker of its own would need, CPU in mCPU: packing starts with the largest.
    public func milliCpuAlone(_ policy: Policy) -> Double { need(policy).milliCpu }
}
