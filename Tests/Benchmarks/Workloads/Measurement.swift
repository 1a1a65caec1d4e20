internal import Glibc

/// How a benchmark went: medians of CPU time over passes, ours and the baseline's in turn.
public struct Measurement: Sendable {
    public let name: String
    public let unit: String
    public let size: Int
    public let count: Int
    public let digest: Digest
    public let passes: Int
    public let medianSeconds: Double
    public let baselineName: String?
    /// How many times as fast as the baseline: the median of the passes' ratios.
    public let ratio: Double?

    /// The result was another one in another pass, or the baseline's is.
    public struct Unequal: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Throws: `Unequal`, or what the work throws.
    public init(of benchmark: Benchmark, size: Int, passes: Int) throws {
        precondition(passes > 0, "\(passes) passes")
        let prepared = try benchmark.prepare(size)
        var outcomes: [Outcome] = []
        var seconds: [Double] = []
        var ratios: [Double] = []
        for _ in 0..<passes {
            let ours = try Self.time(prepared.start)
            outcomes.append(ours.outcome)
            seconds.append(ours.seconds)
            guard let baseline = prepared.baseline else { continue }
            let theirs = try Self.time(baseline)
            guard theirs.outcome == ours.outcome else {
                throw Unequal(
                    description: "\(benchmark.name): the baseline came to \(theirs.outcome), "
                        + "expected \(ours.outcome)")
            }
            ratios.append(theirs.seconds / ours.seconds)
        }
        guard let first = outcomes.first, outcomes.allSatisfy({ $0 == first }) else {
            throw Unequal(description: "\(benchmark.name): passes came to \(outcomes)")
        }
        name = benchmark.name
        unit = benchmark.unit
        self.size = size
        count = first.count
        digest = first.digest
        self.passes = passes
        medianSeconds = median(seconds)
        baselineName = benchmark.baselineName
        ratio = ratios.isEmpty ? nil : median(ratios)
    }

    private static func time(
        _ start: () throws -> Prepared.Pass
    ) throws -> (outcome: Outcome, seconds: Double) {
        let pass = try start()
        // CPU time, in millionths of a second: what else the machine does counts less.
        let began = clock()
        let outcome = try pass()
        // A clock that did not move must not divide by zero.
        return (outcome, Double(max(1, clock() - began)) * 1e-6)
    }

    /// One line of the table.
    public var line: String {
        var line = [
            padded(name, 18), padded("\(count) \(unit)", 20, right: true),
            padded("\(rounded(medianSeconds * 1_000)) ms", 12, right: true),
            padded("\(rounded(Double(count) / medianSeconds)) /s", 14, right: true),
            padded(
                "\(rounded(medianSeconds / Double(max(1, count)) * 1e6)) us each", 18, right: true),
            "  \(digest)",
        ].joined()
        if let ratio, let baselineName {
            line += "  \(rounded(ratio)) times \(baselineName)"
        }
        return line
    }
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// Three digits that count.
func rounded(_ value: Double) -> String {
    guard value < 100 else { return "\(Int(value.rounded()))" }
    let scale: Double = value < 1 ? 1_000 : (value < 10 ? 100 : 10)
    return "\((value * scale).rounded() / scale)"
}

func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
    let space = String(repeating: " ", count: max(1, width - text.count))
    return right ? space + text : text + space
}
