internal import Numerics

/// A function's load as it counts when it shares a worker with another's: in slots, peaks that a worker
/// rides out, and in hours, peaks that it does not.
struct SharedLoad: Sendable {
    let slots: DailyLoad
    let hours: DailyLoad

    /// What a ratio of hours counts against one of slots.
    static let hoursWeight: Float = 0.5
    /// After half a day in common a score counts half.
    static let commonDaysHalf: Float = 0.5
    /// Fewer hours in common tell no correlation.
    static let correlatedHoursMin = 8

    /// - Parameter startSlot: counted from 1970.
    init(startSlot: Int64, values: [Float], slotsPerDay: Int) {
        slots = DailyLoad(start: startSlot, values: values, perDay: slotsPerDay)
        let perHour = Int64(max(1, slotsPerDay / 24))
        let startHour = (startSlot + perHour - 1) / perHour
        let skipped = Int(startHour * perHour - startSlot)
        let count = max(0, values.count - skipped) / Int(perHour)
        let hours = (0..<count).map { hour in
            let start = skipped + hour * Int(perHour)
            return mean(values[start..<start + Int(perHour)])
        }
        self.hours = DailyLoad(
            start: startHour, values: hours, perDay: slotsPerDay / Int(perHour))
    }

    /// (W)
    var typicalDay: [Float] { slots.typicalDay(windows: NeighbourIndex.windowsPerDay) }

    /// What two would need together over what they would need apart, 0.5 to 1, and how many days of
    /// both that rests on; nil where too little is known of both.
    func ratio(with other: SharedLoad) -> (ratio: Float, days: Float)? {
        guard let slots = slots.meanRatio(with: other.slots) else { return nil }
        let hours = hours.meanRatio(with: other.hours)?.ratio ?? slots.ratio
        return (
            (slots.ratio + Self.hoursWeight * hours) / (1 + Self.hoursWeight),
            Float(slots.common) / Float(self.slots.perDay)
        )
    }

    /// How much of a worker's need two save by sharing it, 0 to 1: 1 where together they need no more
    /// than either alone, 0 where they need as much as apart or rise together; counts less the less is
    /// known of both.
    func antiphase(to other: SharedLoad, _ shrinkage: CorrelationShrinkage) -> Double {
        let correlation = hours.correlation(
            with: other.hours, leastCommon: Self.correlatedHoursMin)
        guard shrinkage.shrunk(correlation) <= AntiphasePartners.correlationMax,
            let (ratio, days) = ratio(with: other)
        else { return 0 }
        return Double(2 * (1 - ratio) * days / (days + Self.commonDaysHalf))
    }
}
