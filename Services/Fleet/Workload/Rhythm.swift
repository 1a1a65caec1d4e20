internal import Foundation

/// When a customer's functions are busy, over a week.
enum Rhythm: Int, CaseIterable {
    /// Weekdays, 8 to 18.
    case office
    /// By day, most in the evening: what consumers use.
    case diurnal
    /// 22 to 6: what was put off until night. In antiphase to `office`.
    case nightBatch
    case weekend
    case steady

    /// Shares of customers. Shahrad et al. (section 3.3) see clear daily and weekly patterns over
    /// a constant half; Huawei's users (SoCC'23) run 30 % more on weekdays.
    static let weights = [0.35, 0.30, 0.15, 0.05, 0.15]

    /// Weight of each hour of the week from Monday 00:00 UTC; their mean is 1.
    ///
    /// - Parameter utcOffset: the customer's, in hours.
    func hourWeights(utcOffset: Int) -> [Double] {
        let raw = (0..<168).map { utcHour in
            let hour = (utcHour + utcOffset + 168) % 168
            return weight(weekday: hour / 24, hour: hour % 24)
        }
        let mean = raw.reduce(0, +) / 168
        return raw.map { $0 / mean }
    }

    private func weight(weekday: Int, hour: Int) -> Double {
        let isWeekend = weekday >= 5
        switch self {
        case .office:
            guard !isWeekend, (8..<18).contains(hour) else { return 0.04 }
            return hour == 12 ? 0.7 : 1
        case .diurnal:
            let turn = Double(hour - 19) / 24 * 2 * Double.pi
            return (0.55 + 0.45 * cos(turn)) * (isWeekend ? 1.2 : 1)
        case .nightBatch: return hour >= 22 || hour < 6 ? 1 : 0.02
        case .weekend: return isWeekend ? 1 : 0.15
        case .steady: return 1
        }
    }
}

/// The hour of the week, from Monday 00:00 UTC, in which a moment lies.
func hourOfWeek(ms: Int64) -> Int {
    // 1970-01-01 was a Thursday: three days after a Monday.
    Int((ms / 3_600_000 + 72) % 168)
}
