public import Topics

/// One resource's demand at every slot of a week, with its noise.
///
/// Whole numbers (mCPU or MB), so that sums do not depend on the order in which they were made: a
/// worker's sum after a restart is bit for bit what it was. S = slots (2,016 in the stage).
public struct Series: Sendable, Equatable {
    /// Slots whose extremes are kept, so that most workers are judged without reading every slot.
    static let blockSlots = 24

    /// (S)
    let values: [Int32]
    /// (S / 24, rounded up) the largest and the smallest value of each block.
    let blockMax: [Int32]
    let blockMin: [Int32]
    let peak: Int32
    /// Of the noise around `values`.
    let variance: Int
    /// What must be there whatever the neighbours do.
    let guaranteed: Int

    public init(values: [Int32], variance: Int, guaranteed: Int = 0) {
        let blocks = Blocks(values)
        self.values = values
        blockMax = blocks.highest
        blockMin = blocks.lowest
        peak = blocks.highest.max() ?? 0
        self.variance = variance
        self.guaranteed = guaranteed
    }

    var mean: Double {
        values.isEmpty ? 0 : Double(values.reduce(0) { $0 + Int($1) }) / Double(values.count)
    }

    /// Its peak at every slot, and no noise beside it.
    var atPeak: Series {
        Series(
            values: Array(repeating: peak, count: values.count), variance: 0,
            guaranteed: guaranteed)
    }

    /// What each of `count` workers carries when they share it evenly.
    func divided(by count: Int) -> Series {
        guard count > 1 || peak > Limits.contributionMax else { return self }
        let n = Int32(count)
        return Series(
            values: values.map { min(Limits.contributionMax, ($0 + n - 1) / n) },
            variance: (variance + count * count - 1) / (count * count),
            guaranteed: (guaranteed + count - 1) / count)
    }
}

/// The demand of a function, or of its part on one worker, for both resources.
public struct Profile: Sendable, Equatable {
    /// mCPU
    public let cpu: Series
    /// MB
    public let memory: Series
    public let tier: Tier

    public init(cpu: Series, memory: Series, tier: Tier = .burstable) {
        self.cpu = cpu
        self.memory = memory
        self.tier = tier
    }

    var atPeak: Profile { Profile(cpu: cpu.atPeak, memory: memory.atPeak, tier: tier) }

    func divided(by count: Int) -> Profile {
        Profile(
            cpu: cpu.divided(by: count), memory: memory.divided(by: count), tier: tier)
    }
}

/// What a worker's members need of one resource, summed slot by slot.
struct Sum: Sendable, Equatable {
    /// (S), or empty while nothing is summed.
    private(set) var values: [Int32] = []
    private(set) var blockMax: [Int32] = []
    private(set) var blockMin: [Int32] = []
    private(set) var peak: Int32 = 0
    private(set) var variance = 0
    private(set) var guaranteed = 0

    init() {}
    init(_ series: Series) { add(series) }

    mutating func add(_ series: Series) {
        if values.isEmpty { values = Array(repeating: 0, count: series.values.count) }
        precondition(values.count == series.values.count, "a sum's series are of one length")
        for i in values.indices { values[i] &+= series.values[i] }
        variance += series.variance
        guaranteed += series.guaranteed
        summarise()
    }

    /// - Parameter series: one that was added before.
    mutating func subtract(_ series: Series) {
        precondition(values.count == series.values.count, "only what was added is subtracted")
        for i in values.indices { values[i] &-= series.values[i] }
        variance -= series.variance
        guaranteed -= series.guaranteed
        precondition(variance >= 0 && guaranteed >= 0, "more was subtracted than was added")
        summarise()
    }

    /// `max_t (A(t) + D(t))`
    func peak(with series: Series) -> Int32 {
        guard !values.isEmpty else { return series.peak }
        return highestSum(values, series.values)
    }

    /// `max_t (A(t) - D(t))`
    func peak(without series: Series) -> Int32 {
        var highest: Int32 = 0
        for i in values.indices { highest = max(highest, values[i] &- series.values[i]) }
        return highest
    }

    /// At most `peak(with:)`: in each block the larger of max + min and min + max.
    func peakAtLeast(with series: Series) -> Int32 {
        guard !values.isEmpty else { return series.peak }
        return max(
            highestSum(blockMax, series.blockMin), highestSum(blockMin, series.blockMax))
    }

    private mutating func summarise() {
        let blocks = Blocks(values)
        blockMax = blocks.highest
        blockMin = blocks.lowest
        peak = blocks.highest.max() ?? 0
    }
}

/// The extremes of each block of a series.
private struct Blocks {
    let highest: [Int32]
    let lowest: [Int32]

    init(_ values: [Int32]) {
        let count = (values.count + Series.blockSlots - 1) / Series.blockSlots
        var highest = Array(repeating: Int32(0), count: count)
        var lowest = highest
        for block in 0..<count {
            let from = block * Series.blockSlots
            var high = values[from]
            var low = high
            for i in from..<min(from + Series.blockSlots, values.count) {
                high = max(high, values[i])
                low = min(low, values[i])
            }
            highest[block] = high
            lowest[block] = low
        }
        self.highest = highest
        self.lowest = lowest
    }
}

/// Plain, for the optimiser to vectorise. Sums stay below 2^31: see `Limits.contributionMax`.
private func highestSum(_ a: [Int32], _ b: [Int32]) -> Int32 {
    let count = a.count
    precondition(b.count == count, "series of \(count) and \(b.count) slots do not add up")
    var highest: Int32 = 0
    for i in 0..<count { highest = max(highest, a[i] &+ b[i]) }
    return highest
}
