/// A picture of values over time: stacked areas, lines over them, and levels across.
struct Chart: Sendable, Equatable {
    /// One thing's values, a slot each; nil where there is none.
    struct Series: Sendable, Equatable {
        var name: String
        /// What the style sheet colours it by: "self", "before", "opposite", "member-1".
        var style: String
        var values: [Double?]
        /// What values are multiplied by to be drawn, where shapes are compared and not sizes.
        var scale = 1.0
        var link: Address?
    }

    /// A height worth knowing: a capacity.
    struct Level: Sendable, Equatable {
        var name: String
        var style: String
        var value: Double
    }

    enum Unit: Sendable { case invocationsPerSecond, milliCPU }

    /// Names the picture in its page.
    var id: String
    var title: String
    var unit: Unit
    var startMs: Int64
    var slotMs = Times.slotMs
    var slots: Int
    /// Drawn on one another, the first at the bottom.
    var stacked: [Series] = []
    var lines: [Series] = []
    var levels: [Level] = []
    /// Where the same values are as CSV.
    var csv: Address?

    func text(_ value: Double) -> String {
        switch unit {
        case .invocationsPerSecond: Numbers.rounded(value, trims: true) + Numbers.space + "/s"
        case .milliCPU: Numbers.cpu(value)
        }
    }

    var unitText: String {
        switch unit {
        case .invocationsPerSecond: "invocations per second"
        case .milliCPU: "CPU in use"
        }
    }

    /// What the areas add up to; nil where none has a value.
    var sums: [Double?] {
        (0..<slots).map { slot in
            let present = stacked.compactMap { slot < $0.values.count ? $0.values[slot] : nil }
            return present.isEmpty ? nil : present.reduce(0, +)
        }
    }

    var highest: Double {
        let drawn = lines.flatMap { line in line.values.map { ($0 ?? 0) * line.scale } }
        return ([0] + sums.map { $0 ?? 0 } + drawn + levels.map(\.value)).max() ?? 0
    }

    /// The picture in a sentence, for those who do not see it.
    var summary: String {
        let series =
            stacked.isEmpty
            ? lines
            : [
                Series(
                    name: stacked.count == 1 ? stacked[0].name : "All together", style: "",
                    values: sums)
            ] + lines
        return series.prefix(3).compactMap { line in
            let present = line.values.enumerated().compactMap { slot, value in
                value.map { (slot, $0) }
            }
            guard let most = present.max(by: { $0.1 < $1.1 }),
                let least = present.min(by: { $0.1 < $1.1 })
            else { return nil }
            return "\(line.name): highest \(text(most.1)) at \(clock(most.0)), "
                + "lowest \(text(least.1)) at \(clock(least.0))."
        }.joined(separator: " ")
    }

    private func clock(_ slot: Int) -> String {
        Times.clock(startMs + Int64(slot) * slotMs) + " UTC"
    }

    /// The values with their times, a slot a line (RFC 4180).
    var csvText: String {
        let all = stacked + lines
        var text = (["time"] + all.map(\.name)).map(csvField).joined(separator: ",") + "\r\n"
        for slot in 0..<slots {
            let values = all.map { line in
                (slot < line.values.count ? line.values[slot] : nil).map { "\($0)" } ?? ""
            }
            let time = Times.machine(startMs + Int64(slot) * slotMs)
            text += ([time] + values).joined(separator: ",") + "\r\n"
        }
        return text
    }
}

/// Quoted where needed; a leading sign that a spreadsheet would take for a formula is disarmed.
///
/// By scalars: to Swift a comma before a combining accent is one character with it, and no comma.
func csvField(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let isFormula = scalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
    let safe = isFormula ? "'" + text : text
    guard safe.unicodeScalars.contains(where: { "\",\r\n".unicodeScalars.contains($0) }) else {
        return safe
    }
    var field = "\""
    for scalar in safe.unicodeScalars {
        if scalar == "\"" { field.unicodeScalars.append("\"") }
        field.unicodeScalars.append(scalar)
    }
    return field + "\""
}
