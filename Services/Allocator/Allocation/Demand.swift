internal import Numerics
internal import Topics

/// What is known of a function's demand: its own last week, and what its service was foretold.
struct Demand: Sendable, Equatable {
    private(set) var week = KeptWeek()
    /// Its life starts here; a slot of its life without a shape was idle.
    var firstSlot: Int64
    /// nil when nothing was foretold, or its own history suffices.
    var prior: Prior?

    init(firstSlot: Int64) { self.firstSlot = firstSlot }

    /// - Returns: the slots that were recorded; those older than the week kept change nothing.
    @discardableResult
    mutating func record(_ uses: [SlotUse]) -> [Int64] {
        let recorded = week.record(uses)
        if let first = recorded.min() { firstSlot = min(firstSlot, first) }
        return recorded
    }

    mutating func restore(_ day: KeptWeek.Day) { week.restore(day) }
}

/// What a function used in one closed slot.
struct SlotUse: Sendable, Equatable {
    let slot: Int64
    let correction: Int
    let milliCpu: Float
    let memoryMb: Float

    init(slot: Int64, correction: Int, milliCpu: Float, memoryMb: Float) {
        self.slot = slot
        self.correction = correction
        self.milliCpu = milliCpu
        self.memoryMb = memoryMb
    }

    init(_ shape: FunctionShape) {
        slot = shape.slotStartMs / FunctionShape.slotMs
        correction = shape.correction
        milliCpu = Self.whole(shape.demandMilliCpu)
        memoryMb = Self.whole(shape.demandMemoryMb)
    }

    /// Rounded up, but for what arithmetic on times left over.
    private static func whole(_ amount: Double) -> Float {
        min(Limits.demandMax, Float(max(0, (amount - 0.001).rounded(.up))))
    }
}

/// Which seven days count, and up to where silence means that nothing ran.
struct Window: Sendable, Equatable {
    /// Days since 1970, the newest of the seven.
    let day: Int64
    let settledSlot: Int64

    init(day: Int64, settledSlot: Int64) {
        self.day = day
        self.settledSlot = settledSlot
    }

    /// - Parameter slot: the newest of which a shape was seen; those before it are closed.
    init(newestSlot slot: Int64) {
        day = DemandWeek.day(of: slot).number
        settledSlot = slot - 1
    }
}

/// A demand foretold by the hour of the day (UTC), in mCPU.
struct Prior: Sendable, Equatable {
    /// (24)
    let hourly: [Int32]
    /// Of the demand around `hourly`.
    let variance: Int

    init(hourly: [Int32], variance: Int) {
        precondition(hourly.count == 24, "a day has 24 hours, got \(hourly.count)")
        self.hourly = hourly
        self.variance = variance
    }

    /// The mean of the hours foretold for each hour of the day; an hour not foretold has the mean
    /// of all. The 90 % interval is 2 x 1.645 standard deviations wide.
    init?(_ forecast: Prediction.Forecast) {
        let hours = min(
            forecast.expected.count, forecast.low.count, forecast.high.count,
            Limits.forecastHoursMax)
        guard hours > 0 else { return nil }
        var sums = Array(repeating: 0.0, count: 24)
        var counts = sums
        var variance = 0.0
        let firstHour = Int(clamping: (forecast.startMs / 3_600_000) % 24)
        for hour in 0..<hours {
            let place = (max(0, firstHour) + hour) % 24
            sums[place] += Self.bounded(forecast.expected[hour])
            counts[place] += 1
            let width = Self.bounded(forecast.high[hour]) - Self.bounded(forecast.low[hour])
            variance += (width / 3.29) * (width / 3.29) / Double(hours)
        }
        let mean = sums.reduce(0, +) / Double(hours)
        hourly = zip(sums, counts).map { sum, count in
            Int32((count > 0 ? sum / count : mean).rounded(.up))
        }
        self.variance = Int(variance.rounded(.up))
    }

    /// A function's part of its service's, where `functions` are known. Variances of the parts sum
    /// to the whole.
    func divided(among functions: Int) -> Prior {
        let n = Int32(clamping: functions)
        return Prior(
            hourly: hourly.map { ($0 + n - 1) / n },
            variance: (variance + functions - 1) / functions)
    }

    private static func bounded(_ milliCpu: Double) -> Double {
        min(max(0, milliCpu), Double(Limits.demandMax))
    }
}
