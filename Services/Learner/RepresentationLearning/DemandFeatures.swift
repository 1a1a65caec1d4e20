internal import Foundation
internal import Numerics

/// (F = 544) what the encoder sees of a view: pooled convolutions, plain figures, hours of the day.
///
/// T: slots of the view; F: features; D: numbers of a representation.
enum DemandFeatures {
    /// A way to look at the series: how fine, how far back, and how wide the kernels reach.
    struct Scale {
        let slotsPerPoint: Int
        /// The newest so many points are looked at.
        let points: Int
        let dilations: [Int]
    }

    /// The last two days in slots, where kernels span 40 minutes to 11 hours, and the week in
    /// hours, where they span 9 hours to 4 days.
    static let scales = [
        Scale(slotsPerPoint: 1, points: 576, dilations: [1, 4, 16]),
        Scale(slotsPerPoint: 12, points: 168, dilations: [1, 3, 12]),
    ]
    static let convolutions = scales.map(\.dilations.count).reduce(0, +) * ConvolutionKernels.count
    static let figures = 16
    static let hours = 24
    static let count = convolutions + figures + hours

    /// (F) how much each feature counts once standardised: each of the three blocks as a whole
    /// has the same weight, whatever its number of features.
    static let weights: [Float] =
        block(convolutions) + block(figures) + block(hours)

    private static func block(_ count: Int) -> [Float] {
        Array(repeating: 1 / Float(count).squareRoot(), count: count)
    }

    /// - Parameter biases: (convolutions) scale by scale, dilation by dilation, kernel by kernel.
    static func features(of view: DemandView, biases: [Float]) -> [Float] {
        precondition(biases.count == convolutions, "\(biases.count) biases")
        var features: [Float] = []
        features.reserveCapacity(count)
        for scale in scales {
            let points = series(of: view, at: scale)
            for dilation in scale.dilations {
                let start = features.count
                features += ConvolutionKernels.sharesAbove(
                    biases[start..<start + ConvolutionKernels.count], of: points,
                    dilation: dilation)
            }
        }
        return features + plainFigures(of: view) + hourPattern(of: view)
    }

    /// Demand in logarithms, so that a kernel answers to shape and not to the biggest burst.
    static func series(of view: DemandView, at scale: Scale) -> [Float] {
        let means = scale.slotsPerPoint == 1 ? view.milliCpu : view.means(per: scale.slotsPerPoint)
        return means.suffix(scale.points).map { log1p($0) }
    }

    /// (16) level, spread, tail, activity, and how alike the series is to itself a while ago.
    private static func plainFigures(of view: DemandView) -> [Float] {
        let logs = view.milliCpu.map { log1p($0) }
        let demand = mean(view.milliCpu)
        let peak = view.milliCpu.max() ?? 0
        let calls = mean(view.invocations)
        let active = view.invocations.count { $0 > 0 }
        let hourly = view.means(per: DemandView.slotsPerHour).map { log1p($0) }
        let sorted = hourly.sorted()
        var figures = [
            log1p(demand), variance(logs).squareRoot(), log1p(peak),
            demand > 0 ? log1p(peak / demand) : 0, log1p(calls),
            calls > 0 ? log1p(variance(view.invocations) / calls) : 0,
            Float(active) / Float(max(1, view.count)),
        ]
        figures += [0.05, 0.25, 0.5, 0.95].map { quantile(ofSorted: sorted, $0) }
        figures += [1, 3, 6].map { selfCorrelation(logs, lag: $0) }
        figures += [1, 24].map { selfCorrelation(hourly, lag: $0) }
        return figures
    }

    /// (24) standardised within the function; 0 for an hour that was not seen.
    private static func hourPattern(of view: DemandView) -> [Float] {
        let hours = view.hoursOfDay().map { hour in hour.map { log1p($0) } }
        let seen = hours.compactMap { $0 }
        let (centre, deviation) = (mean(seen), variance(seen).squareRoot())
        return hours.map { hour in
            guard let hour, deviation > 1e-3 else { return 0 }
            return (hour - centre) / deviation
        }
    }
}

/// Correlation of a series with itself `lag` points before; 0 where less than two lags are known.
func selfCorrelation(_ series: [Float], lag: Int) -> Float {
    guard series.count >= 2 * lag, series.count > lag + 1 else { return 0 }
    return correlation(series[..<(series.count - lag)], series[lag...])
}
