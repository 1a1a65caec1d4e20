internal import Foundation
internal import Numerics

/// How much room for noise a fleet needs, learned from its own past: on each of the last days,
/// functions are packed from what was known the evening before, and the day tells how often workers
/// were over capacity.
///
/// The least room is taken at which the days before would have used `aim` of the budget (conformal
/// risk control, Angelopoulos et al., ICLR 2024, with days as folds). Few days say little, so it is
/// drawn towards what other fleets needed.
public struct Calibration: Sendable, Equatable {
    /// Standard deviations of the noise (z).
    public let deviations: Double
    /// Days that were foretold.
    public let folds: Int

    /// For fleets that nothing is known of yet; 0.4 to 1.4 were right for traces of three.
    static let priorDeviations = 1.0
    /// So many days is that worth.
    static let priorFolds = 2.0
    static let foldsMax = 7
    /// The part of the budget that past days may have used: the coming days differ more.
    static let aim = 0.5
    private static let grid = [0.15, 0.25, 0.4, 0.6, 0.85, 1.2, 1.7, 2.4]

    /// - Parameters:
    ///   - milliCpu: (n, T) whole days of 288 slots, all of one length, the last day the newest.
    ///   - capacity: of a worker, mCPU.
    ///   - budget: share of slots over capacity.
    public init(_ milliCpu: [[Int32]], capacity: Double, budget: Double) {
        let perDay = DemandWeek.slotsPerDay
        let days = (milliCpu.first?.count ?? 0) / perDay
        guard days > 1 else {
            self.init(deviations: Self.priorDeviations, folds: 0)
            return
        }
        let variances = milliCpu.map(Self.variance)
        let first = max(0, days - Self.foldsMax)
        var over = Array(repeating: 0.0, count: Self.grid.count)
        var slots = Array(repeating: 0, count: Self.grid.count)
        for day in first..<days {
            let known = Self.known(before: day, of: days)
            let profiles = zip(milliCpu, variances).map { series, variance in
                let values = known.flatMap { series[$0 * perDay..<($0 + 1) * perDay] }
                return Profile(
                    cpu: Series(values: values, variance: variance),
                    memory: Series(values: values.map { _ in 0 }, variance: 0))
            }
            var near: Int?
            for (i, deviations) in Self.grid.enumerated() {
                var policy = Policy()
                policy.deviations[1] = deviations
                policy.budgets[1] = budget
                let packing = Packing(
                    profiles, capacity: Need(milliCpu: capacity, memoryMb: 1), policy, near: near)
                near = packing.workers
                over[i] += Self.overload(
                    packing, milliCpu, capacity, day * perDay..<(day + 1) * perDay)
                slots[i] += packing.workers * perDay
            }
        }
        let folds = days - first
        // One slot more than was seen: few slots cannot vouch for a small budget.
        let learned = Self.least(
            zip(over, slots).map { $0 / Double(folds) + 1 / Double($1) }, aim: budget * Self.aim)
        let weight = Double(folds) / (Double(folds) + Self.priorFolds)
        self.init(
            deviations: exp(
                weight * log(learned) + (1 - weight) * log(Self.priorDeviations)),
            folds: folds)
    }

    init(deviations: Double, folds: Int) {
        self.deviations = deviations
        self.folds = folds
    }

    /// The seven days before; where there are fewer, days after it stand in for them, so that a fold
    /// knows as much as there will be known.
    private static func known(before day: Int, of days: Int) -> [Int] {
        let before = max(0, day - DemandWeek.days)..<day
        let after = day + 1..<min(days, day + 1 + DemandWeek.days - before.count)
        return Array(before) + Array(after)
    }

    /// As a profile has it: of the last week.
    private static func variance(_ values: [Int32]) -> Int {
        Profile(milliCpu: values.map(Float.init)).cpu.variance
    }

    /// The share of worker-slots over capacity.
    private static func overload(
        _ packing: Packing, _ series: [[Int32]], _ capacity: Double, _ slots: Range<Int>
    ) -> Double {
        var loads = Array(
            repeating: Array(repeating: Int32(0), count: slots.count), count: packing.workers)
        for (values, place) in zip(series, packing.places) {
            for (i, slot) in slots.enumerated() { loads[place][i] &+= values[slot] }
        }
        let over = loads.reduce(0) { $0 + $1.count { Double($0) > capacity } }
        return Double(over) / Double(max(1, packing.workers * slots.count))
    }

    /// The deviations at which a falling curve through `over` reaches `aim`, between the grid's
    /// points by logarithms.
    private static func least(_ over: [Double], aim: Double) -> Double {
        let falling = nonIncreasing(over).map { log($0 + aim / 100) }
        let aim = log(aim + aim / 100)
        guard let place = falling.firstIndex(where: { $0 <= aim }) else { return grid.last ?? 1 }
        guard place > 0 else { return grid[0] }
        let part = (falling[place - 1] - aim) / (falling[place - 1] - falling[place])
        return exp(log(grid[place - 1]) * (1 - part) + log(grid[place]) * part)
    }

    /// Pool adjacent violators: more room never means more overload, but for noise.
    private static func nonIncreasing(_ values: [Double]) -> [Double] {
        var pools: [(mean: Double, count: Int)] = []
        for value in values {
            var pool = (mean: value, count: 1)
            while let last = pools.last, last.mean < pool.mean {
                let count = last.count + pool.count
                let sum = last.mean * Double(last.count) + pool.mean * Double(pool.count)
                pool = (sum / Double(count), count)
                pools.removeLast()
            }
            pools.append(pool)
        }
        return pools.flatMap { Array(repeating: $0.mean, count: $0.count) }
    }
}
