/// Milliseconds since 1970 of an ISO 8601 time with a date, seconds and a zone, such as
/// `2026-01-31T23:59:59.123Z` or `2026-01-31T23:59:59+01:00`; nil when it is none.
///
/// Digits of the fraction beyond the third are left out. A leap second is the second after it.
/// - SeeAlso: RFC 3339, section 5.6.
func milliseconds(_ text: String) -> Int64? {
    var digits = Array(text.utf8)[...]
    func number(_ count: Int) -> Int? {
        guard digits.count >= count else { return nil }
        var value = 0
        for byte in digits.prefix(count) {
            guard byte &- 0x30 < 10 else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        digits = digits.dropFirst(count)
        return value
    }
    func take(_ character: Unicode.Scalar) -> Bool {
        guard digits.first == UInt8(ascii: character) else { return false }
        digits = digits.dropFirst()
        return true
    }
    guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
        take("T"), let hour = number(2), take(":"), let minute = number(2), take(":"),
        let second = number(2), (1...12).contains(month),
        (1...lastDay(of: month, year)).contains(day), hour < 24, minute < 60, second <= 60
    else { return nil }
    var ms = 0
    if take(".") {
        let fraction = digits.prefix { $0 &- 0x30 < 10 }
        guard (1...9).contains(fraction.count) else { return nil }
        for place in 0..<3 {
            let digit = fraction.dropFirst(place).first.map { Int($0 - 0x30) } ?? 0
            ms = ms * 10 + digit
        }
        digits = digits.dropFirst(fraction.count)
    }
    var offsetMinutes = 0
    if !take("Z") {
        let sign = take("+") ? 1 : -1
        guard sign == 1 || take("-"), let hours = number(2), take(":"), let minutes = number(2),
            hours < 24, minutes < 60
        else { return nil }
        offsetMinutes = sign * (hours * 60 + minutes)
    }
    guard digits.isEmpty else { return nil }
    let minutes = (days(year, month, day) * 24 + hour) * 60 + minute - offsetMinutes
    return Int64(minutes * 60_000 + second * 1_000 + ms)
}

private func lastDay(of month: Int, _ year: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
}

/// Days since 1970-01-01, of the Gregorian calendar; years begin in March, so that the leap day is
/// their last.
func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let leapDays = year / 4 - year / 100 + year / 400
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    return year * 365 + leapDays + dayOfYear - 719_468
}
