internal import Foundation
internal import Numerics

/// (F) plain figures of demand that kernels tell badly: how it moves from slot to slot, how alike
/// it is to itself a while ago, and at which hours of the day it is high.
struct SeriesFigures: Equatable, Sendable {
    let slotsPerDay: Int

    /// How much a block counts against all kernels together.
    static let motionWeight: Float = 0.5
    static let hoursWeight: Float = 0.25

    private static let stepShares = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99]
    private static let lagMinutes = [5, 10, 15, 30, 60, 120, 360, 720, 1_440]
    private static let minutesPerDay = 1_440

    private static let motionCount = stepShares.count + lagMinutes.count
    private var hours: Int { min(24, slotsPerDay) }

    /// F
    var count: Int { Self.motionCount + hours }

    /// (F) what each standardised figure is multiplied by beside `kernels` kernels of weight 1.
    func weights(kernels: Int) -> [Float] {
        func block(_ count: Int, _ weight: Float) -> [Float] {
            Array(repeating: weight * (Float(kernels) / Float(count)).squareRoot(), count: count)
        }
        return block(Self.motionCount, Self.motionWeight) + block(hours, Self.hoursWeight)
    }

    /// (F) finite.
    ///
    /// - Parameter series: (T) finite, in logarithms.
    /// - Parameter slotOfDay: of its first point.
    func figures(of series: [Float], slotOfDay: Int) -> [Float] {
        let steps = zip(series, series.dropFirst()).map { abs($1 - $0) }.sorted()
        // In logarithms of a hundredth: below it steps are as good as none.
        let motion = Self.stepShares.map { log1p(100 * quantile(ofSorted: steps, $0)) }
        let recurrence = Self.lagMinutes.map { minutes in
            selfCorrelation(series, lag: max(1, minutes * slotsPerDay / Self.minutesPerDay))
        }
        return motion + recurrence + hourPattern(of: series, slotOfDay: slotOfDay)
    }

    /// (hours) less their mean; 0 for an hour that was not seen.
    private func hourPattern(of series: [Float], slotOfDay: Int) -> [Float] {
        var sums = [Double](repeating: 0, count: hours)
        var counts = [Int](repeating: 0, count: hours)
        for (index, value) in series.enumerated() {
            let hour = (slotOfDay + index) % slotsPerDay * hours / slotsPerDay
            sums[hour] += Double(value)
            counts[hour] += 1
        }
        let means = (0..<hours).map { counts[$0] == 0 ? nil : Float(sums[$0] / Double(counts[$0])) }
        let centre = mean(means.compactMap { $0 })
        return means.map { $0.map { $0 - centre } ?? 0 }
    }
}
