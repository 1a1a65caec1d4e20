import Allocation
import Topics

/// Packs series onto workers of one capacity; what it gives is each series' worker.
protocol PackingPolicy {
    func place(_ history: History) -> [Int]
}

/// (n, T) what a policy may look at, and the capacity.
struct History {
    let series: [[Float]]
    let capacity: Float
    let slotsPerDay: Int
}

/// Time-aligned demand with room for noise learned from the history's last days: the profiles,
/// the calibration and the packing of the allocator's stage.
struct Antiphase: PackingPolicy {
    /// (3) by a tier's rank.
    let budgets: [Double]
    /// (n); all burstable when nil.
    var tiers: [Tier]?
    /// Instead of learned ones.
    var deviations: Double?

    /// All burstable.
    init(budget: Double, deviations: Double? = nil) {
        budgets = [budget / 10, budget, budget * 10]
        self.deviations = deviations
    }

    /// - Parameter budget: of the burstable; a tenth of it for the guaranteed, ten times as much for
    ///   the others.
    init(budget: Double, tiers: [Tier]) {
        self.init(budget: budget)
        self.tiers = tiers
    }

    func place(_ history: History) -> [Int] {
        let capacity = Double(history.capacity * unitsPerPercent)
        return Packing(
            profiles(history), capacity: Need(milliCpu: capacity, memoryMb: 1), policy(history)
        ).places
    }

    func profiles(_ history: History) -> [Profile] {
        history.series.enumerated().map { i, series in
            Profile(
                milliCpu: fiveMinutes(series, history.slotsPerDay),
                tier: tiers?[i] ?? .burstable)
        }
    }

    /// With the room for noise that each tier's budget needed in the past.
    private func policy(_ history: History) -> Policy {
        let series = history.series.map { series in
            fiveMinutes(series, history.slotsPerDay).map { Int32($0.rounded(.up)) }
        }
        var policy = Policy()
        policy.budgets = budgets
        for tier in Set(tiers ?? [.burstable]) {
            let rank = Tier.allCases.firstIndex(of: tier) ?? 0
            policy.deviations[rank] =
                deviations
                ?? Calibration(
                    series, capacity: Double(history.capacity * unitsPerPercent),
                    budget: budgets[rank]
                ).deviations
        }
        return policy
    }

    /// The stage's slots, from those of the trace: repeated when longer, the highest when shorter.
    func fiveMinutes(_ series: [Float], _ slotsPerDay: Int) -> [Float] {
        let scaled = series.map { $0 * unitsPerPercent }
        if slotsPerDay <= 288 {
            return scaled.flatMap { Array(repeating: $0, count: 288 / slotsPerDay) }
        }
        let each = slotsPerDay / 288
        return stride(from: 0, to: scaled.count, by: each).map { start in
            scaled[start..<start + each].max() ?? 0
        }
    }
}

/// The same packing knowing the days it is scored on: never over capacity.
struct Oracle: PackingPolicy {
    func place(_ history: History) -> [Int] {
        let idle = Array(repeating: Int32(0), count: history.series.first?.count ?? 0)
        let profiles = history.series.map { series in
            Profile(
                cpu: Series(
                    values: series.map { Int32(($0 * unitsPerPercent).rounded(.up)) },
                    variance: 0),
                memory: Series(values: idle, variance: 0))
        }
        var policy = Policy()
        policy.budgets = policy.budgets.map { _ in never }
        return Packing(
            profiles,
            capacity: Need(
                milliCpu: Double(history.capacity * unitsPerPercent), memoryMb: 1), policy
        ).places
    }

    /// Less than one slot of any trace.
    private let never = 1e-9
}

/// A percent of a machine is 10 mCPU: whole numbers of it are fine enough.
let unitsPerPercent: Float = 10

/// First-fit decreasing on one number a series.
struct Scalar: PackingPolicy {
    let size: ([Float]) -> Float

    func place(_ history: History) -> [Int] {
        let sizes = history.series.map(size)
        return firstFit(order: sizes, capacity: history.capacity, [Float].init) { load, i in
            (load.first ?? 0) + sizes[i]
        } add: { load, i in
            load = [(load.first ?? 0) + sizes[i]]
        }
    }
}

/// Six windows of four hours a day with the 95th percentile of each, added window by window
/// (Coach, ASPLOS 2025, section 3).
struct Coach: PackingPolicy {
    func place(_ history: History) -> [Int] {
        let perDay = history.slotsPerDay
        let windows = history.series.map { series in
            (0..<6).map { window in
                percentile(
                    series.indices.filter { $0 % perDay * 6 / perDay == window }.map { series[$0] },
                    0.95)
            }
        }
        let sizes = windows.map { $0.max() ?? 0 }
        let idle = Array(repeating: Float(0), count: 6)
        return firstFit(order: sizes, capacity: history.capacity, { idle }) { load, i in
            zip(load, windows[i]).map(+).max() ?? 0
        } add: { load, i in
            load = zip(load, windows[i]).map(+)
        }
    }
}

/// `sum mu + D sqrt(sum variance)`, D the normal quantile of 1 - budget (Cohen et al., Management
/// Science 2019): as if loads were independent.
struct Gaussian: PackingPolicy {
    let deviations: Float

    func place(_ history: History) -> [Int] {
        let moments = history.series.map { [mean($0), variance($0)] }
        let d = deviations
        let sizes = moments.map { $0[0] + d * $0[1].squareRoot() }
        return firstFit(order: sizes, capacity: history.capacity, { [0, 0] }) { load, i in
            load[0] + moments[i][0] + d * (load[1] + moments[i][1]).squareRoot()
        } add: { load, i in
            load = zip(load, moments[i]).map(+)
        }
    }
}

/// Mean and `deviations` standard deviations of the summed series, and, with `floor`, at least the
/// sum of its members' 99th percentiles (Take it to the Limit, EuroSys 2021, section 4).
struct SummedDeviations: PackingPolicy {
    let deviations: Float
    let floor: Bool

    func place(_ history: History) -> [Int] {
        let series = history.series
        let tails = series.map { floor ? percentile($0, 0.99) : 0 }
        let d = deviations
        let sizes = series.indices.map { i in
            max(mean(series[i]) + d * variance(series[i]).squareRoot(), tails[i])
        }
        let slots = series.first?.count ?? 0
        // The sum of the tails is the last element.
        let idle = Array(repeating: Float(0), count: slots + 1)
        return firstFit(order: sizes, capacity: history.capacity, { idle }) { load, i in
            var sum: Float = 0
            var squares: Float = 0
            for slot in 0..<slots {
                let value = load[slot] + series[i][slot]
                sum += value
                squares += value * value
            }
            let mean = sum / Float(slots)
            let variance = max(0, squares / Float(slots) - mean * mean)
            return max(mean + d * variance.squareRoot(), load[slots] + tails[i])
        } add: { load, i in
            for slot in 0..<slots { load[slot] += series[i][slot] }
            load[slots] += tails[i]
        }
    }
}

/// The largest first, each on the first worker whose size stays within the capacity.
private func firstFit(
    order sizes: [Float], capacity: Float, _ empty: () -> [Float],
    size: ([Float], Int) -> Float, add: (inout [Float], Int) -> Void
) -> [Int] {
    var loads: [[Float]] = []
    var places = Array(repeating: -1, count: sizes.count)
    for i in sizes.indices.sorted(by: { (-sizes[$0], $0) < (-sizes[$1], $1) }) {
        var place = loads.indices.first { size(loads[$0], i) <= capacity } ?? loads.count
        if place == loads.count { loads.append(empty()) }
        add(&loads[place], i)
        swap(&places[i], &place)
    }
    return places
}

func mean(_ series: [Float]) -> Float {
    series.isEmpty ? 0 : series.reduce(0, +) / Float(series.count)
}

func variance(_ series: [Float]) -> Float {
    let mean = mean(series)
    return series.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(max(1, series.count))
}

/// Linear between the two nearest ranks.
func percentile(_ series: [Float], _ share: Float) -> Float {
    let sorted = series.sorted()
    guard !sorted.isEmpty else { return 0 }
    let rank = share * Float(sorted.count - 1)
    let low = Int(rank)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (rank - Float(low))
}
