internal import Synchronization

/// A process's metrics, rendered as Prometheus' text exposition format 0.0.4.
///
/// Declaring one that exists gives the same one. Updates cost a lock and a look-up: update per
/// batch. Labels are bounded: never a service, function or customer.
///
/// - SeeAlso: <https://prometheus.io/docs/instrumenting/exposition_formats/>
public final class Metrics: Sendable {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private let families = Mutex<[String: Family]>([:])
    private let readsProcess: Bool
    /// Counts an update that found its metric, named, full of label combinations.
    private let recordOverflow: @Sendable (String) -> Void

    /// - Parameter readsProcess: whether `process_*` metrics are read at every rendering.
    public init(readsProcess: Bool = true) {
        self.readsProcess = readsProcess
        let family = Family(
            "metric_updates_overflowed_total",
            "Updates counted as \"other\", because the metric had its limit of series.",
            .counter, ["metric"], seriesMax: Limits.series)
        let overflowed = Counter(family: family, overflowed: nil)
        recordOverflow = { overflowed.add(1, $0) }
        families.withLock { $0[family.name] = family }
    }

    /// - Parameter name: ends in `_total`.
    /// - Parameter seriesMax: label combinations kept apart; later ones count as "other".
    public func counter(
        _ name: String, _ help: String, labels: [String] = [], seriesMax: Int = Limits.series
    ) -> Counter {
        precondition(name.hasSuffix("_total"), "the counter \(name) does not end in _total")
        return Counter(
            family: family(name, help, .counter, labels, seriesMax), overflowed: recordOverflow)
    }

    /// - Parameter name: ends in its unit, and not in `_total`.
    public func gauge(
        _ name: String, _ help: String, labels: [String] = [], seriesMax: Int = Limits.series
    ) -> Gauge {
        precondition(!name.hasSuffix("_total"), "the gauge \(name) ends in _total")
        return Gauge(
            family: family(name, help, .gauge, labels, seriesMax), overflowed: recordOverflow)
    }

    /// - Parameter bounds: inclusive upper bounds of the buckets, ascending, finite.
    public func histogram(
        _ name: String, _ help: String, labels: [String] = [],
        bounds: [Double] = Histogram.secondsBounds, seriesMax: Int = Limits.series
    ) -> Histogram {
        precondition(
            !bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }
                && bounds.allSatisfy(\.isFinite),
            "the bounds of histogram \(name) do not ascend: \(bounds)")
        precondition(!labels.contains("le"), "histogram \(name) has a label \"le\" of its own")
        return Histogram(
            family: family(name, help, .histogram(bounds: bounds), labels, seriesMax),
            overflowed: recordOverflow)
    }

    /// All metrics by name, the series of each by their label values.
    public func render() -> String {
        var families = families.withLock { Array($0.values) }
        if readsProcess, let readings = ProcessReadings.now() { families += readings.families }
        return families.sorted { $0.name < $1.name }.map { $0.render() }.joined()
    }

    private func family(
        _ name: String, _ help: String, _ kind: Family.Kind, _ labels: [String], _ seriesMax: Int
    ) -> Family {
        let family = Family(name, help, kind, labels, seriesMax: seriesMax)
        return families.withLock { families in
            if let existing = families[name] {
                precondition(
                    existing.kind == kind && existing.labels == labels,
                    "metric \(name) is declared twice, differently")
                return existing
            }
            families[name] = family
            return family
        }
    }
}

/// A count that only rises.
public struct Counter: Sendable {
    let family: Family
    let overflowed: (@Sendable (String) -> Void)?

    /// - Parameter labels: one value for each label declared.
    public func add(_ amount: Double = 1, _ labels: String...) {
        precondition(amount >= 0 && amount.isFinite, "counter \(family.name) + \(amount)")
        family.update(labels, overflowed) { $0.value += amount }
    }

    /// - Parameter labels: one value for each label declared.
    public func add(_ amount: Int, _ labels: String...) {
        precondition(amount >= 0, "counter \(family.name) + \(amount)")
        family.update(labels, overflowed) { $0.value += Double(amount) }
    }
}

/// A number that rises and falls.
public struct Gauge: Sendable {
    let family: Family
    let overflowed: (@Sendable (String) -> Void)?

    public func set(_ value: Double, _ labels: String...) {
        family.update(labels, overflowed) { $0.value = value }
    }
    public func set(_ value: Int, _ labels: String...) {
        family.update(labels, overflowed) { $0.value = Double(value) }
    }
    public func add(_ amount: Double, _ labels: String...) {
        family.update(labels, overflowed) { $0.value += amount }
    }
    /// Forgets a series, as that of a partition that went to another process.
    public func remove(_ labels: String...) { family.remove(labels) }
}

/// How often a value fell into each of fixed buckets.
public struct Histogram: Sendable {
    /// Half a millisecond to a minute.
    public static let secondsBounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    let family: Family
    let overflowed: (@Sendable (String) -> Void)?

    /// A value that is not finite would spoil the sum for ever, and is left out.
    public func observe(_ value: Double, _ labels: String...) {
        guard value.isFinite, case .histogram(let bounds) = family.kind else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        family.update(labels, overflowed) { series in
            series.buckets[bucket] += 1
            series.value += value
        }
    }
}
