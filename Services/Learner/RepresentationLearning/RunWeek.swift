internal import Numerics

/// What runs of a function took over the last seven days, and how they ended, slot by slot.
///
/// Kept by day, as `DemandWeek` is, and of the same days: a byte a slot for durations and one for memory,
/// and counts of failures only of days that had some.
struct RunWeek: Equatable, Sendable {
    struct Slot: Equatable, Sendable {
        /// `RunLevels.code`
        var duration = RunLevels.unknown
        var memory = RunLevels.unknown
        var failures: UInt32 = 0
    }

    /// Of failures, in state that was kept before they were.
    static let unknownFailures = UInt32.max

    struct Day: Equatable, Sendable {
        /// Days since 1970.
        let number: Int64
        /// (288)
        fileprivate(set) var durations = [UInt8](
            repeating: RunLevels.unknown, count: DemandWeek.slotsPerDay)
        /// (288)
        fileprivate(set) var memories = [UInt8](
            repeating: RunLevels.unknown, count: DemandWeek.slotsPerDay)
        /// (288) empty while nothing failed.
        fileprivate var failures: [UInt32] = []

        init(number: Int64) { self.number = number }

        subscript(index: Int) -> Slot {
            get {
                Slot(
                    duration: durations[index], memory: memories[index],
                    failures: failures.isEmpty ? 0 : failures[index])
            }
            set {
                durations[index] = newValue.duration
                memories[index] = newValue.memory
                if failures.isEmpty {
                    guard newValue.failures > 0 else { return }
                    failures = Array(repeating: 0, count: DemandWeek.slotsPerDay)
                }
                failures[index] = newValue.failures
            }
        }
    }

    /// (7) by day number modulo 7.
    private var ring: [Day?] = Array(repeating: nil, count: DemandWeek.days)

    /// Of slots whose day `DemandWeek` keeps.
    mutating func record(_ run: Slot, slot: Int64) {
        let (number, index) = DemandWeek.day(of: slot)
        let place = Int(number % Int64(DemandWeek.days))
        if ring[place]?.number != number { ring[place] = Day(number: number) }
        ring[place]?[index] = run
    }

    /// Nothing where it was not recorded.
    func value(slot: Int64) -> Slot {
        let (number, index) = DemandWeek.day(of: slot)
        return day(number)?[index] ?? Slot()
    }

    func day(_ number: Int64) -> Day? {
        guard let day = ring[Int(number % Int64(DemandWeek.days))], day.number == number else {
            return nil
        }
        return day
    }

    mutating func restore(_ day: Day) { ring[Int(day.number % Int64(DemandWeek.days))] = day }

    /// (slots) durations and memory.
    func levels(in slots: Range<Int64>) -> (durations: RunLevels, memories: RunLevels) {
        var (durations, memories): ([UInt8], [UInt8]) = ([], [])
        durations.reserveCapacity(slots.count)
        memories.reserveCapacity(slots.count)
        var slot = slots.lowerBound
        while slot < slots.upperBound {
            let (number, index) = DemandWeek.day(of: slot)
            let count = min(DemandWeek.slotsPerDay - index, Int(slots.upperBound - slot))
            if let day = day(number) {
                durations += day.durations[index..<index + count]
                memories += day.memories[index..<index + count]
            } else {
                durations += repeatElement(RunLevels.unknown, count: count)
                memories += repeatElement(RunLevels.unknown, count: count)
            }
            slot += Int64(count)
        }
        return (RunLevels(codes: durations), RunLevels(codes: memories))
    }

    /// How many of the week's invocations succeeded, of how many whose end is known.
    ///
    /// - Parameter invocations: of the same days.
    func outcomes(of invocations: DemandWeek) -> (successes: Double, total: Double) {
        var (successes, total) = (0.0, 0.0)
        for day in ring.compactMap({ $0 }) {
            guard let counts = invocations.day(day.number)?.values else { continue }
            for index in counts.indices where !counts[index].isNaN {
                let failures = day[index].failures
                guard failures != Self.unknownFailures else { continue }
                let count = Double(counts[index])
                total += count
                successes += count - min(count, Double(failures))
            }
        }
        return (successes, total)
    }
}
