/// `text` as a JSON string, quotes included; cut after `Limits.logTextBytes`.
///
/// Escapes what RFC 8259 section 7 demands; U+2028 and U+2029, which some readers take for the
/// end of the line; U+FEFF, which some drop; and what steers terminals: controls, and signs that
/// turn the direction of writing.
func jsonText(_ text: String) -> String {
    var json = "\""
    var bytes = 0
    for scalar in text.unicodeScalars {
        bytes += UTF8.width(scalar)
        if bytes > Limits.logTextBytes { return json + "…\"" }
        switch scalar {
        case "\"": json += "\\\""
        case "\\": json += "\\\\"
        case "\n": json += "\\n"
        case "\r": json += "\\r"
        case "\t": json += "\\t"
        case "\u{0}"..<" ", "\u{7f}"..."\u{9f}", "\u{2028}"..."\u{202e}",
            "\u{2066}"..."\u{2069}", "\u{feff}":
            let hex = String(scalar.value, radix: 16)
            json += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: json.unicodeScalars.append(scalar)
        }
    }
    return json + "\""
}

/// "2026-01-02T03:04:05.678Z", from milliseconds since 1970.
///
/// Days to civil date in the proleptic Gregorian calendar, counted in eras of 400 years from
/// 1 March 0000, so that the leap day ends its year.
///
/// - SeeAlso: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days
///   <https://howardhinnant.github.io/date_algorithms.html>
func utcText(ofMs time: Int64) -> String {
    let (days, ms) = time.flooredDivision(by: 86_400_000)
    let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    let clock = [ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60].map { padded($0, 2) }
    return "\(date)T\(clock.joined(separator: ":")).\(padded(ms % 1_000, 3))Z"
}

/// The longest start of `text` that has at most `bytes` bytes of UTF-8.
func cut(_ text: String, bytes: Int) -> String {
    guard text.utf8.count > bytes else { return text }
    var left = bytes
    var start = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        left -= UTF8.width(scalar)
        if left < 0 { break }
        start.append(scalar)
    }
    return String(start)
}

private func padded(_ number: Int64, _ digits: Int) -> String {
    let text = number.description
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
