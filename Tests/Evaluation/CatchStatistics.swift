import Foundation
import Numerics

/// 24 plain statistics of a series, of the kind that catch22 chose among thousands: level, spread,
/// the form of the distribution, self-correlation, runs, trend, and where it is high and low.
///
/// - SeeAlso: Lubba et al., "catch22: CAnonical Time-series CHaracteristics" (2019), table 1.
enum CatchStatistics {
    /// (C x 24)
    static func statistics(of channels: [[Float]]) -> [Float] { channels.flatMap(statistics(of:)) }

    /// (24) finite.
    static func statistics(of series: [Float]) -> [Float] {
        let known = series.filter(\.isFinite)
        guard known.count > 1 else { return Array(repeating: 0, count: 24) }
        let level = Numerics.mean(known)
        let deviation = Numerics.variance(known).squareRoot()
        let z = known.map { deviation > 1e-9 ? ($0 - level) / deviation : 0 }
        let sorted = z.sorted()
        let steps = zip(z, z.dropFirst()).map { $1 - $0 }
        func moment(_ power: Int) -> Float {
            Numerics.mean(
                z.map { value in (0..<power).reduce(1) { product, _ in product * value } })
        }
        var statistics = [level, log(deviation + 1e-6), moment(3), moment(4)]
        statistics += [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1].map { quantile(ofSorted: sorted, $0) }
        statistics += [1, 2, 3, 5, 10].map { selfCorrelation(z, lag: $0) }
        statistics += [
            Numerics.mean(steps.map(abs)), Numerics.variance(steps).squareRoot(),
            share(zip(z, z.dropFirst()).count { ($0 > 0) != ($1 > 0) }, of: z.count),
            share(longestRun(z), of: z.count), trend(z),
            share(z.firstIndex(of: sorted[sorted.count - 1]) ?? 0, of: z.count),
            share(z.firstIndex(of: sorted[0]) ?? 0, of: z.count), firstCrossing(z),
        ]
        return statistics.map { $0.isFinite ? $0 : 0 }
    }

    private static func share(_ count: Int, of all: Int) -> Float { Float(count) / Float(all) }

    private static func selfCorrelation(_ series: [Float], lag: Int) -> Float {
        guard series.count > lag + 2 else { return 0 }
        return correlation(series[..<(series.count - lag)], series[lag...])
    }

    /// Of points in a row above the mean.
    private static func longestRun(_ series: [Float]) -> Int {
        var (longest, run) = (0, 0)
        for value in series {
            run = value > 0 ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }

    /// Correlation with time.
    private static func trend(_ series: [Float]) -> Float {
        correlation(series[...], series.indices.map(Float.init)[...])
    }

    /// The first lag, as a part of the length, at which self-correlation is no more than 0.
    private static func firstCrossing(_ series: [Float]) -> Float {
        let lags = 1..<max(2, min(series.count / 2, 200))
        let lag = lags.first { selfCorrelation(series, lag: $0) <= 0 } ?? lags.upperBound
        return share(lag, of: series.count)
    }
}
