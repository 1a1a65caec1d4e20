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

/// Of 24 bytes as Lambda writes them, `2026-01-31T23:59:59.123Z`; nil for any other way, right or
/// wrong.
func plainMilliseconds(_ place: UnsafePointer<UInt8>) -> Int64? {
    var isDigit = true
    func number(_ from: Int, _ count: Int) -> Int {
        var value = 0
        for i in from..<from + count {
            let digit = place[i] &- 0x30
            isDigit = isDigit && digit < 10
            value = value &* 10 &+ Int(digit)
        }
        return value
    }
    let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
    let (hour, minute, second) = (number(11, 2), number(14, 2), number(17, 2))
    let ms = number(20, 3)
    guard isDigit, place[4] == 0x2D, place[7] == 0x2D, place[10] == 0x54, place[13] == 0x3A,
        place[16] == 0x3A, place[19] == 0x2E, place[23] == 0x5A, (1...12).contains(month),
        (1...28).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    let minutes = (days(year, month, day) * 24 + hour) * 60 + minute
    return Int64(minutes * 60_000 + second * 1_000 + ms)
}

/// The minute of the time read last: records in a row are mostly of one.
struct KnownMinute: Sendable {
    // `2026-01-31T23:59`; nothing is like this.
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private var startMs: Int64 = 0

    /// As `plainMilliseconds`.
    @inline(__always)
    mutating func milliseconds(_ place: UnsafePointer<UInt8>) -> Int64? {
        let raw = UnsafeRawPointer(place)
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        guard word(0) == low, word(8) == high else { return newMinute(place) }
        guard let inMinute = millisecondsOfMinute(word(16)) else { return nil }
        return startMs + inMinute
    }

    @inline(never)
    private mutating func newMinute(_ place: UnsafePointer<UInt8>) -> Int64? {
        let raw = UnsafeRawPointer(place)
        let rest = UInt64(
            littleEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        guard let ms = plainMilliseconds(place), let inMinute = millisecondsOfMinute(rest) else {
            return nil
        }
        low = UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
        high = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        startMs = ms - inMinute
        return ms
    }
}

/// Of `:59.123Z`, its first byte lowest; nil when it is no such thing.
@inline(__always)
private func millisecondsOfMinute(_ word: UInt64) -> Int64? {
    // Of `:00.000Z` nothing is left; then a digit is its value, and the others are zero.
    let digits = word ^ 0x5A30_3030_2E30_303A
    let beyond = ((digits & ~highs) &+ 0x7F76_7676_7F76_767F) | digits
    func digit(_ place: UInt64) -> Int64 {
        Int64(truncatingIfNeeded: digits >> (8 * place) & 0x0F)
    }
    guard beyond & highs == 0, digit(1) < 6 else { return nil }
    let seconds = digit(1) &* 10 &+ digit(2)
    return seconds &* 1_000 &+ digit(4) &* 100 &+ digit(5) &* 10 &+ digit(6)
}
