/// What is usual at each hour of the day, as far as the days agree on it.
///
/// The median of the hour over the days, shrunk to the median of all hours by the empirical Bayes
/// weight `b / (b + v/n)`: b is how much hours differ beyond their noise, v what is left of a value
/// without its hour's and its day's mean, n the days.
struct UsualDay {
    /// (period)
    let values: [Double]

    /// - Parameters:
    ///   - series: (T) oldest first; whole days from its end count.
    ///   - period: slots of a day.
    ///   - firstSlot: the slot of the day of the first value.
    init(_ series: [Double], period: Int, firstSlot: Int) {
        let all = median(series)
        let days = series.count / period
        guard period > 1, days > 1 else {
            values = Array(repeating: all, count: period)
            return
        }
        let start = series.count - days * period
        let table = (0..<days).map { day in
            Array(series[start + day * period..<start + (day + 1) * period])
        }
        let weight = Self.weight(table)
        var values = Array(repeating: all, count: period)
        for column in 0..<period {
            let slot = (firstSlot + start + column) % period
            values[slot] = all + weight * (median(table.map { $0[column] }) - all)
        }
        self.values = values
    }

    /// - Parameter table: (days, period)
    private static func weight(_ table: [[Double]]) -> Double {
        let (days, period) = (Double(table.count), Double(table[0].count))
        let byDay = table.map { $0.reduce(0, +) / period }
        let bySlot = table[0].indices.map { slot in
            table.reduce(0) { $0 + $1[slot] } / days
        }
        let mean = byDay.reduce(0, +) / days
        var noise = 0.0
        for (row, dayMean) in zip(table, byDay) {
            for (value, slotMean) in zip(row, bySlot) {
                let rest = value - dayMean - slotMean + mean
                noise += rest * rest
            }
        }
        noise /= (days - 1) * (period - 1)
        let spread = bySlot.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (period - 1)
        let real = spread - noise / days
        return real > 0 ? real / spread : 0
    }
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
