internal import Foundation
internal import Numerics

/// What is known of a function over a stretch of time, a value for each five-minute slot: its load, and
/// what its runs took.
///
/// Load has no gaps: a slot in which the function ran nothing was not published, and counts as zero.
/// What a run takes is not known where none ran.
public struct DemandView: Equatable, Sendable {
    /// Counted from 1970.
    public let startSlot: Int64
    /// (T) mean CPU in use, in thousandths of a core.
    public let milliCpu: [Float]
    /// (T) invocations that started.
    public let invocations: [Float]
    /// (T) the median duration of each slot's runs...
    let durations: RunLevels
    /// ...and the memory that they had in use at most, or were allotted where that is not told.
    let memories: RunLevels

    static let slotsPerHour = 12

    /// - Parameter durationMs: (T) not a number where nothing ran; none where no duration is known.
    /// - Parameter memoryMb: (T) likewise.
    public init(
        startSlot: Int64, milliCpu: [Float], invocations: [Float], durationMs: [Double] = [],
        memoryMb: [Double] = []
    ) {
        self.init(
            startSlot: startSlot, milliCpu: milliCpu, invocations: invocations,
            durations: RunLevels(durationMs), memories: RunLevels(memoryMb))
    }

    init(
        startSlot: Int64, milliCpu: [Float], invocations: [Float], durations: RunLevels,
        memories: RunLevels
    ) {
        precondition(
            milliCpu.count == invocations.count,
            "\(milliCpu.count) slots of demand, \(invocations.count) of invocations")
        for levels in [durations, memories] {
            let slots = levels.codes.count
            precondition(
                slots == 0 || slots == milliCpu.count,
                "\(milliCpu.count) slots of demand, \(slots) of what runs took")
        }
        self.startSlot = startSlot
        self.milliCpu = milliCpu
        self.invocations = invocations
        self.durations = durations
        self.memories = memories
    }

    public var count: Int { milliCpu.count }
    public var endSlot: Int64 { startSlot + Int64(count) }

    /// (2, T) load as an encoder sees it...
    var channels: [[Float]] { [milliCpu, invocations] }
    /// ...and (2, H) what a run takes, by the hour.
    var runs: [[Float]] { [durations.hours(from: startSlot), memories.hours(from: startSlot)] }
    /// Of its first slot.
    var slotOfDay: Int { Int(startSlot % Int64(DemandWeek.slotsPerDay)) }

    /// Two stretches of equal length in whole days, which do not overlap, the first and the last
    /// half; nil when there are less than two days.
    public var halves: (DemandView, DemandView)? {
        guard hasHalves else { return nil }
        let slots = count / DemandWeek.slotsPerDay / 2 * DemandWeek.slotsPerDay
        return (slice(0..<slots), slice(count - slots..<count))
    }

    var hasHalves: Bool { count >= 2 * DemandWeek.slotsPerDay }

    public func slice(_ range: Range<Int>) -> DemandView {
        DemandView(
            startSlot: startSlot + Int64(range.lowerBound), milliCpu: Array(milliCpu[range]),
            invocations: Array(invocations[range]), durations: durations.slice(range),
            memories: memories.slice(range))
    }

    /// Means of consecutive groups of `slots`, of which the last ends with the view; a group that
    /// would be cut short at the beginning is left out.
    func means(per slots: Int) -> [Float] {
        let groups = count / slots
        let start = count - groups * slots
        return (0..<groups).map { mean(milliCpu[start + $0 * slots..<start + ($0 + 1) * slots]) }
    }

    /// (24) mean demand of each hour of the day, UTC; nil for an hour that was not seen.
    func hoursOfDay() -> [Float?] {
        var sums = [Double](repeating: 0, count: 24)
        var counts = [Int](repeating: 0, count: 24)
        let offset = Int(startSlot % Int64(DemandWeek.slotsPerDay))
        for (index, value) in milliCpu.enumerated() {
            let hour = (offset + index) / Self.slotsPerHour % 24
            sums[hour] += Double(value)
            counts[hour] += 1
        }
        return (0..<24).map { counts[$0] == 0 ? nil : Float(sums[$0] / Double(counts[$0])) }
    }

    /// (24) in logarithms, less their mean; 0 for an hour that was not seen.
    var hourPattern: [Float] {
        let hours = hoursOfDay().map { hour in hour.map { log1p($0) } }
        let centre = mean(hours.compactMap { $0 })
        return hours.map { $0.map { $0 - centre } ?? 0 }
    }

    /// (24) demand of each hour of the day over the mean of all; 1 for an hour that was not seen,
    /// and where there is no demand at all.
    public var dayProfile: [Float] {
        let hours = hoursOfDay()
        let level = mean(hours.compactMap { $0 })
        return hours.map { hour in
            guard let hour, level > 0 else { return 1 }
            return hour / level
        }
    }
}
