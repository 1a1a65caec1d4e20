internal import Numerics
public import Topics

extension Profile {
    /// The week as a function lived it, with its gaps filled by what is expected of it.
    init(_ demand: Demand, in window: Window, tier: Tier) {
        let guaranteed = tier == .guaranteed
        let days = demand.days(in: window)
        self.init(
            cpu: Series(
                days.map { $0?.milliCpu }, from: demand.firstSlot, in: window,
                prior: demand.prior, guaranteed),
            memory: Series(
                days.map { $0?.memoryMb }, from: demand.firstSlot, in: window, prior: nil,
                guaranteed),
            tier: tier)
    }
}

extension Demand {
    /// (7) the window's, the oldest first; nil where nothing was recorded.
    fileprivate func days(in window: Window) -> [KeptWeek.Day?] {
        window.days.map { week.day($0) }
    }
}

extension Window {
    /// (7) counted from 1970, those before it included.
    fileprivate var days: ClosedRange<Int64> { day - Int64(DemandWeek.days) + 1...day }
}

extension Series {
    /// - A slot that was recorded is itself; one of its life without a shape is 0.
    /// - Any other (before its life, or still to come) is `w x own + (1 - w) x prior`, where `own`
    ///   is the mean of its known days at that slot of the day, or its peak so far where none is;
    ///   `prior` is the hour's part of its service's prediction; `w = h / (h + 24)` with `h` hours
    ///   known. Without a prior w = 1.
    /// - The guaranteed part is the 99th percentile of the values.
    ///
    /// - Parameter week: (7) the window's days, each (288) with -1 where nothing was recorded.
    /// - Complexity: three passes over 2,016 slots.
    init(
        _ week: [[Int32]?], from firstSlot: Int64, in window: Window, prior: Prior?,
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
        for start in stride(from: 0, to: DemandWeek.slots, by: DemandWeek.slotsPerDay) {
            for i in 0..<DemandWeek.slotsPerDay where values[start + i] < 0 {
                values[start + i] = fills[i]
            }
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
    let values: [Int32]
    let count: Int
    let peak: Int32
    /// `mean((D(t) - D(t - 1 day))^2) / 2` over the pairs known; while they are fewer than a day's,
    /// the same from slot to slot stands in for the missing ones, by as much of a day as was lived:
    /// the hours to come are filled with the peak, and that has its noise in it already.
    let variance: Double
    /// (288) sums and counts over the days of a slot of the day.
    private let daySums: [Int]
    private let dayCounts: [Int]

    init(_ week: [[Int32]?], from firstSlot: Int64, in window: Window) {
        let perDay = DemandWeek.slotsPerDay
        let values = Self.values(week, from: firstSlot, in: window)
        var daySums = Array(repeating: 0, count: perDay)
        var dayCounts = daySums
        var daily = Differences()
        var successive = Differences()
        var peak: Int32 = 0
        // The newest day of the ring has the eldest after it, whose yesterday is not kept.
        let eldest = Int((window.day + 1) % Int64(DemandWeek.days))
        for day in 0..<DemandWeek.days {
            let start = day * perDay
            let yesterday = (day + DemandWeek.days - 1) % DemandWeek.days * perDay
            var last: Int32 = day == eldest ? -1 : values[yesterday + perDay - 1]
            for i in 0..<perDay {
                let value = values[start + i]
                if value >= 0 {
                    daySums[i] += Int(value)
                    dayCounts[i] += 1
                    peak = max(peak, value)
                    if last >= 0 { successive.add(value, last) }
                    if day != eldest, values[yesterday + i] >= 0 {
                        daily.add(value, values[yesterday + i])
                    }
                }
                last = value
            }
        }
        let known = min(1, Double(daily.count) / Double(perDay))
        let lived = min(1, Double(dayCounts.reduce(0, +)) / Double(perDay))
        variance = known * daily.variance + (1 - known) * lived * successive.variance
        self.values = values
        self.peak = peak
        self.daySums = daySums
        self.dayCounts = dayCounts
        count = dayCounts.reduce(0, +)
    }

    func dayMean(slot: Int) -> Double? {
        dayCounts[slot] > 0 ? Double(daySums[slot]) / Double(dayCounts[slot]) : nil
    }

    private static func values(
        _ week: [[Int32]?], from firstSlot: Int64, in window: Window
    ) -> [Int32] {
        var values = Array(repeating: Int32(-1), count: DemandWeek.slots)
        let perDay = DemandWeek.slotsPerDay
        for (number, day) in zip(window.days, week) where number >= 0 {
            let start = Int(number % Int64(DemandWeek.days)) * perDay
            let base = number * Int64(perDay)
            // Silence within its life is idleness, as far as slots are closed.
            let livedFrom = Int(min(max(firstSlot - base, 0), Int64(perDay)))
            let livedTo = Int(min(max(window.settledSlot + 1 - base, 0), Int64(perDay)))
            for i in livedFrom..<max(livedFrom, livedTo) { values[start + i] = 0 }
            guard let day else { continue }
            for i in 0..<perDay where day[i] >= 0 { values[start + i] = day[i] }
        }
        return values
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

private func whole(_ amount: Float) -> Float {
    min(max(0, amount.rounded(.up)), Limits.demandMax)
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
    public init(milliCpu: [Float], memoryMb: [Float] = [], tier: Tier = .burstable) {
        precondition(
            milliCpu.count % DemandWeek.slotsPerDay == 0,
            "a history has whole days of 288 slots, got \(milliCpu.count)")
        let first = max(0, milliCpu.count - DemandWeek.slots)
        var demand = Demand(firstSlot: Int64(first))
        demand.record(
            (first..<milliCpu.count).map { slot in
                SlotUse(
                    slot: Int64(slot), correction: 0, milliCpu: whole(milliCpu[slot]),
                    memoryMb: memoryMb.isEmpty ? 0 : whole(memoryMb[slot]))
            })
        let newest = Int64(milliCpu.count - 1)
        let window = Window(day: DemandWeek.day(of: newest).number, settledSlot: newest)
        self.init(demand, in: window, tier: tier)
    }

    /// The most a worker of its own would need, CPU in mCPU: packing starts with the largest.
    public func milliCpuAlone(_ policy: Policy) -> Double { need(policy).milliCpu }

    /// What must be there whatever its neighbours do.
    public var guaranteedMilliCpu: Int { cpu.guaranteed }
}
