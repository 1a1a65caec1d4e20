import Foundation
import Testing

@testable import Numerics

@Suite struct `A sketch` {
    /// Milliseconds, of 0 to hours.
    private func drawn(_ count: Int, _ random: inout SeededRandom) -> [Double] {
        (0..<count).map { _ in
            let size = random.uniform()
            return size < 0.05 ? 0 : exp(size * 20 - 4)
        }
    }

    private func check(_ values: [Double]) {
        var sketch = LogSketch()
        for value in values { sketch.add(value) }
        let sorted = values.sorted()
        #expect(sketch.count == values.count)
        for share in [0.001, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1] {
            let exact = sorted[LogSketch.rank(share, of: values.count) - 1]
            let got = sketch.quantile(share) ?? .nan
            #expect(
                abs(got - exact) <= exact * LogSketch.relativeErrorMax + LogSketch.leastValue,
                "\(share): \(got), exactly \(exact)")
        }
        #expect(sketch.most == sorted.last && sketch.least == sorted.first)
        let mean = values.reduce(0, +) / Double(values.count)
        #expect(abs((sketch.mean ?? .nan) - mean) <= 1e-6 * max(1, mean))
    }

    @Test(arguments: UInt64(0)..<10)
    func `is within its error of the exact quantiles`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        check(drawn(1 + Int(random.uniform() * 5_000), &random))
    }

    @Test(.enabled(if: durations != nil, "needs ../shared/traces"))
    func `is within its error of the exact quantiles of real durations`() throws {
        let text = try String(contentsOf: try #require(durations), encoding: .utf8)
        var all: [Double] = []
        for line in text.split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            let own = cells.dropFirst(3).compactMap { Double($0) }
            check(own)
            all += own
        }
        #expect(all.count > 1_000)
        check(all)
    }

    @Test(arguments: UInt64(0)..<10)
    func `is the same from parts, however they are cut and in whatever order`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let values = drawn(2_000, &random)
        var whole = LogSketch()
        for value in values { whole.add(value) }
        var parts = Array(repeating: LogSketch(), count: 7)
        for value in values { parts[Int(random.uniform() * 7)].add(value) }
        var merged = LogSketch()
        for part in parts.reversed() { merged.merge(part) }
        #expect(merged == whole)
    }

    @Test func `counts a value many times at once as one by one`() {
        var (once, single) = (LogSketch(), LogSketch())
        once.add(12.5, times: 40)
        for _ in 0..<40 { single.add(12.5) }
        #expect(once == single)
    }
}

/// Of functions in a day: average, count, least and most, and percentiles, in ms.
private let durations: URL? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let file = root.appending(path: "../shared/traces/azure2019_functions/durations.csv")
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
}()
