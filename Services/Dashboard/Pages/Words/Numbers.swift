/// Numbers as people read them: grouped by narrow spaces, with no more digits than matter.
enum Numbers {
    private static let group = "\u{202f}"
    /// Between a number and its unit.
    static let space = "\u{a0}"

    /// "1 234 567".
    static func whole(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text += group }
            text.append(digit)
        }
        return number < 0 ? "−" + text : text
    }

    /// Three figures: "1 230", "12.3", "0.012"; "–" when there is no number.
    ///
    /// - Parameter trims: "20" instead of "20.0", where it stands for itself.
    static func rounded(_ number: Double, trims: Bool = false) -> String {
        guard number.isFinite else { return "–" }
        let size = abs(number)
        if size >= 1e15 { return decimal(number, places: 0) }
        switch size {
        case 0: return "0"
        case ..<0.0005: return number < 0 ? "> −0.001" : "< 0.001"
        case ..<0.1: return decimal(number, places: 3, trims: trims)
        case ..<10: return decimal(number, places: 2, trims: trims)
        case ..<100: return decimal(number, places: 1, trims: trims)
        default: return decimal(number, places: 0)
        }
    }

    /// A share of one: "99.2 %"; near the ends with more places, for there they matter.
    static func percent(_ share: Double) -> String {
        guard share.isFinite else { return "–" }
        if share > 0, share < 0.0005 { return "< 0.1" + space + "%" }
        if share > 0.99999, share < 1 { return "> 99.999" + space + "%" }
        let places = share > 0.999 && share < 1 ? 3 : share >= 0.995 && share < 1 ? 2 : 1
        return decimal(share * 100, places: places, trims: true) + space + "%"
    }

    /// "250 mCPU", "12.5 CPU".
    static func cpu(_ milliCPU: Double) -> String {
        milliCPU.magnitude >= 10_000
            ? rounded(milliCPU / 1_000, trims: true) + space + "CPU"
            : rounded(milliCPU, trims: true) + space + "mCPU"
    }

    /// "512 MB", "4.5 GB".
    static func memory(_ megabytes: Double) -> String {
        megabytes.magnitude >= 10_000
            ? rounded(megabytes / 1_024, trims: true) + space + "GB"
            : rounded(megabytes, trims: true) + space + "MB"
    }

    /// "120 ms", "30 s", "15 min".
    static func duration(ms: Double) -> String {
        switch ms.magnitude {
        case ..<1_000: rounded(ms, trims: true) + space + "ms"
        case ..<120_000: rounded(ms / 1_000, trims: true) + space + "s"
        default: rounded(ms / 60_000, trims: true) + space + "min"
        }
    }

    /// "1 function", "12 functions".
    static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        whole(number) + space + (number == 1 ? one : many ?? one + "s")
    }

    static func decimal(_ number: Double, places: Int, trims: Bool = false) -> String {
        let scales = [1, 10, 100, 1_000]
        let scale = scales[min(places, 3)]
        let scaled = (number.magnitude * Double(scale)).rounded()
        guard let units = Int(exactly: scaled) else { return "\(number)" }
        let (integer, fraction) = units.quotientAndRemainder(dividingBy: scale)
        var text = whole(integer)
        var decimals = String(fraction)
        decimals = String(repeating: "0", count: max(0, min(places, 3) - decimals.count)) + decimals
        if trims { while decimals.last == "0" { decimals.removeLast() } }
        if scale > 1, !decimals.isEmpty { text += "." + decimals }
        return number < 0 && units > 0 ? "−" + text : text
    }
}
