internal import Numerics

/// Correlation of a series with itself `lag` points before; 0 where less than two lags are known.
func selfCorrelation(_ series: [Float], lag: Int) -> Float {
    guard series.count >= 2 * lag, series.count > lag + 1 else { return 0 }
    return correlation(series[..<(series.count - lag)], series[lag...])
}
