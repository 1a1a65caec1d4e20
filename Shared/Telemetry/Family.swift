internal import Synchronization

/// One metric with its series, one for each combination of label values.
final class Family: Sendable {
    enum Kind: Equatable {
        case counter
        case gauge
        case histogram(bounds: [Double])

        var text: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    struct Series {
        /// The number itself; a histogram's sum.
        var value = 0.0
        /// Observations of each bucket alone; the last is beyond all bounds.
        var buckets: [Int] = []
    }

    let name: String
    let help: String
    let kind: Kind
    let labels: [String]
    private let seriesMax: Int
    /// By label values.
    private let series: Mutex<[[String]: Series]>

    init(_ name: String, _ help: String, _ kind: Kind, _ labels: [String], seriesMax: Int) {
        precondition(isName(name), "\"\(name)\" is no name of a metric")
        precondition(
            labels.allSatisfy { isName($0) && !$0.contains(":") && !$0.hasPrefix("__") },
            "metric \(name) has labels with names that are none: \(labels)")
        precondition(Set(labels).count == labels.count, "metric \(name) repeats a label")
        precondition(seriesMax > 0, "metric \(name) may have no series")
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        self.seriesMax = seriesMax
        // What has no labels is there from the start, as 0.
        series = Mutex(labels.isEmpty ? [[]: Self.empty(kind)] : [:])
    }

    /// - Parameter overflowed: called, with the metric's name, when the limit of series is reached.
    func update(
        _ values: [String], _ overflowed: (@Sendable (String) -> Void)?,
        _ change: (inout Series) -> Void
    ) {
        let key = key(of: values)
        let fits = series.withLock { series in
            let fits = series[key] != nil || series.count < seriesMax
            let used = fits ? key : labels.map { _ in "other" }
            change(&series[used, default: Self.empty(kind)])
            return fits
        }
        if !fits { overflowed?(name) }
    }

    func remove(_ values: [String]) {
        let key = key(of: values)
        series.withLock { $0[key] = nil }
    }

    /// HELP, TYPE and the series ordered by label values; nothing at all when there is no series.
    func render() -> String {
        let series = series.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        guard !series.isEmpty else { return "" }
        var text = "# HELP \(name) \(escaped(help, quotes: false))\n# TYPE \(name) \(kind.text)\n"
        for (values, series) in series { text += render(series, values) }
        return text
    }

    private func render(_ series: Series, _ values: [String]) -> String {
        guard case .histogram(let bounds) = kind else {
            return "\(name)\(labelText(values)) \(number(series.value))\n"
        }
        var text = ""
        var count = 0
        for (bound, inBucket) in zip(bounds + [.infinity], series.buckets) {
            count += inBucket
            text += "\(name)_bucket\(labelText(values, le: number(bound))) \(count)\n"
        }
        text += "\(name)_sum\(labelText(values)) \(number(series.value))\n"
        return text + "\(name)_count\(labelText(values)) \(count)\n"
    }

    private func labelText(_ values: [String], le bound: String? = nil) -> String {
        var pairs = zip(labels, values).map { "\($0)=\"\(escaped($1, quotes: true))\"" }
        if let bound { pairs.append("le=\"\(bound)\"") }
        return pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
    }

    private func key(of values: [String]) -> [String] {
        precondition(
            values.count == labels.count,
            "metric \(name) has \(labels.count) labels, and got \(values.count) values")
        return values.map { cut($0, bytes: Limits.labelBytes) }
    }

    private static func empty(_ kind: Kind) -> Series {
        guard case .histogram(let bounds) = kind else { return Series() }
        return Series(buckets: Array(repeating: 0, count: bounds.count + 1))
    }
}

/// Backslash and line feed, in label values the quote as well.
private func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": escaped.append(contentsOf: #"\\"#.unicodeScalars)
        case "\n": escaped.append(contentsOf: #"\n"#.unicodeScalars)
        case "\"" where quotes: escaped.append(contentsOf: #"\""#.unicodeScalars)
        default: escaped.append(scalar)
        }
    }
    return String(escaped)
}

/// As Go's ParseFloat reads it; whole numbers without a fraction.
private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    guard let whole = Int(exactly: value), value.magnitude < 1e15 else { return value.description }
    return whole.description
}

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`
private func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
    return text.utf8.allSatisfy {
        (97...122).contains($0) || (65...90).contains($0) || (48...58).contains($0) || $0 == 95
    }
}
