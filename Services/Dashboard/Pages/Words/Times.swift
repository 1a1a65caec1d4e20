/// Times as people read them, in UTC; all from milliseconds since 1970.
enum Times {
    static let dayMs: Int64 = 86_400_000
    static let slotMs: Int64 = 300_000
    static let slotsPerDay = 288

    /// "2019-07-15".
    static func date(_ ms: Int64) -> String {
        let (year, month, day) = civil(days: floorDivision(ms, dayMs))
        return "\(padded(Int(year), 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// "Monday".
    static func weekday(_ ms: Int64) -> String {
        let names = [
            "Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday",
        ]
        let day = floorDivision(ms, dayMs) % 7
        return names[Int(day < 0 ? day + 7 : day)]
    }

    /// "14:35".
    static func clock(_ ms: Int64) -> String {
        let minutes = Int(floorRemainder(ms, dayMs) / 60_000)
        return "\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
    }

    /// "14:35:09".
    static func second(_ ms: Int64) -> String {
        clock(ms) + ":" + padded(Int(floorRemainder(ms, 60_000) / 1_000), 2)
    }

    /// "2019-07-15 14:35 UTC".
    static func full(_ ms: Int64) -> String { "\(date(ms)) \(clock(ms)) UTC" }

    /// RFC 3339, for machines.
    static func machine(_ ms: Int64) -> String { "\(date(ms))T\(second(ms))Z" }

    /// "3 s", "5 min", "4 h", "3 days".
    static func span(ms: Int64) -> String {
        let seconds = max(0, ms) / 1_000
        let space = Numbers.space
        switch seconds {
        case ..<120: return "\(seconds)\(space)s"
        case ..<7_200: return "\(seconds / 60)\(space)min"
        case ..<172_800: return "\(seconds / 3_600)\(space)h"
        default: return Numbers.whole(Int(seconds / 86_400)) + "\(space)days"
        }
    }

    /// "3 s ago".
    static func ago(_ ms: Int64, nowMs: Int64) -> String { span(ms: nowMs - ms) + " ago" }

    /// A day's number since 1970 as year, month and day.
    ///
    /// - SeeAlso: Howard Hinnant, chrono-compatible low-level date algorithms, civil_from_days
    ///   <https://howardhinnant.github.io/date_algorithms.html>
    private static func civil(days: Int64) -> (year: Int64, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivision(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, Int(month), Int(dayOfYear - (153 * march + 2) / 5 + 1))
    }

    private static func floorDivision(_ a: Int64, _ b: Int64) -> Int64 {
        a / b - (a % b < 0 ? 1 : 0)
    }

    private static func floorRemainder(_ a: Int64, _ b: Int64) -> Int64 {
        a - floorDivision(a, b) * b
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
