/// What an hour that is over took.
struct HourNeed: Sendable, Equatable {
    /// Workers that the packer would have used had it known the hour.
    let workers: Int
    /// Workers that had functions at its end, placed for a week and not for an hour.
    let placed: Int
    /// Mean CPU in use, mCPU.
    let milliCpu: Int
    /// Mean of the ready workers' reports, g CO2 a kWh; nil when none said.
    let carbonGPerKwh: Int?
}

/// The last four weeks of a cell, by the hour.
struct NeedHistory: Sendable, Equatable {
    /// Since 1970; before anything is known, the one to begin with; nil when that is not known.
    private(set) var firstHour: Int64?
    /// Without gaps.
    private(set) var hours: [HourNeed] = []

    /// The last hour known, or the one before the first.
    var lastHour: Int64? { firstHour.map { $0 + Int64(hours.count) - 1 } }

    /// The first that will be seen whole.
    mutating func begin(hour: Int64) { firstHour = hour }

    /// - Parameter hour: the one after the last known; any other begins anew.
    mutating func append(_ need: HourNeed, hour: Int64) {
        if hour != lastHour.map({ $0 + 1 }) {
            firstHour = hour
            hours = []
        }
        hours.append(need)
        if hours.count > Limits.plannedHistoryHoursMax {
            hours.removeFirst()
            firstHour = firstHour.map { $0 + 1 }
        }
    }

    /// Means of the hour of the day (UTC) over the mean of all; 1 where nothing is known.
    var carbonByHourOfDay: [Double] {
        var sums = Array(repeating: 0.0, count: 24)
        var counts = sums
        let first = firstHour ?? 0
        for (offset, need) in hours.enumerated() {
            guard let carbon = need.carbonGPerKwh else { continue }
            let place = Int((first + Int64(offset)) % 24)
            sums[place] += Double(carbon)
            counts[place] += 1
        }
        let (sum, count) = (sums.reduce(0, +), counts.reduce(0, +))
        guard sum > 0 else { return Array(repeating: 1, count: 24) }
        return (0..<24).map { counts[$0] > 0 ? sums[$0] / counts[$0] / (sum / count) : 1 }
    }

    /// The highest of each whole day (UTC).
    func daily(_ figure: KeyPath<HourNeed, Int>) -> (firstDay: Int64, highest: [Int]) {
        let first = firstHour ?? 0
        let skipped = Int((24 - first % 24) % 24)
        let days = stride(from: skipped, to: hours.count - 23, by: 24).map { start in
            hours[start..<start + 24].map { $0[keyPath: figure] }.max() ?? 0
        }
        return ((first + Int64(skipped)) / 24, days)
    }
}

extension Limits {
    static let plannedHistoryHoursMax = 672
    /// A gap in the history that is longer begins it anew; so many hours are packed at once at most.
    static let plannedGapHoursMax: Int64 = 24
    static let plannedHours = 168
    static let plannedDays = 28
    /// Shorter stretches do not switch a worker off.
    static let offHoursMin = 2
    /// Work is not deferred by more.
    static let slackHoursMax = 24
    static let carbonMax = 10_000
}
