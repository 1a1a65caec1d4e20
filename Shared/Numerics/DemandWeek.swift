/// A function's demand over the last seven days, a value for each five-minute slot.
///
/// Kept by day, so that a change touches one day of it. A slot that was never recorded has no value;
/// whether that means nothing ran is for the reader to say.
public struct DemandWeek: Sendable, Equatable {
    public static let slotMs: Int64 = 300_000
    public static let slotsPerDay = 288
    public static let days = 7
    public static let slots = slotsPerDay * days

    /// One day's slots; NaN where nothing was recorded.
    public struct Day: Sendable, Equatable {
        /// Days since 1970-01-01, UTC.
        public let number: Int64
        /// (288)
        public internal(set) var values: [Float]

        public init(number: Int64, values: [Float]) {
            precondition(values.count == slotsPerDay, "a day has 288 slots, got \(values.count)")
            self.number = number
            self.values = values
        }
    }

    /// (7) by day number modulo 7.
    private var ring: [Day?] = Array(repeating: nil, count: days)
    /// The newest recorded slot, counted from 1970; nil when there is none.
    public private(set) var lastSlot: Int64?

    public init() {}

    /// - Parameter slot: counted from 1970 (`slot_start_ms / 300000`).
    /// - Returns: false when the slot is older than the week kept, and nothing changed.
    @discardableResult
    public mutating func record(_ value: Float, slot: Int64) -> Bool {
        let (number, index) = Self.day(of: slot)
        let place = Int(number % Int64(Self.days))
        if let kept = ring[place], kept.number > number { return false }
        if ring[place]?.number != number {
            ring[place] = Day(
                number: number, values: Array(repeating: .nan, count: Self.slotsPerDay))
        }
        ring[place]?.values[index] = value
        lastSlot = max(lastSlot ?? slot, slot)
        return true
    }

    public func value(slot: Int64) -> Float? {
        let (number, index) = Self.day(of: slot)
        guard let day = day(number), !day.values[index].isNaN else { return nil }
        return day.values[index]
    }

    /// The day of that number, if it is kept.
    public func day(_ number: Int64) -> Day? {
        guard let day = ring[Int(number % Int64(Self.days))], day.number == number else {
            return nil
        }
        return day
    }

    /// Puts back a day that was kept.
    public mutating func restore(_ day: Day) {
        ring[Int(day.number % Int64(Self.days))] = day
        if let index = day.values.lastIndex(where: { !$0.isNaN }) {
            let slot = day.number * Int64(Self.slotsPerDay) + Int64(index)
            lastSlot = max(lastSlot ?? slot, slot)
        }
    }

    /// The day and the slot within it.
    public static func day(of slot: Int64) -> (number: Int64, index: Int) {
        precondition(slot >= 0, "slots are counted from 1970, got \(slot)")
        return (slot / Int64(slotsPerDay), Int(slot % Int64(slotsPerDay)))
    }
}
