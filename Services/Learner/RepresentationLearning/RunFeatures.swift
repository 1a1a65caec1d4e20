internal import Foundation
internal import Numerics

/// (F) features of what a run takes, its duration or its memory, hour by hour.
///
/// Kernels see how it moves around its level. The level itself, which most functions keep and kernels do
/// not see, is told by the share of hours at each of many levels: as one number it would be one direction
/// of a vector, in which a cosine sees no more than its sign.
struct RunFeatures: Equatable, Sendable {
    let bank: KernelBank

    /// Duration and memory.
    static let channelsMax = 2
    /// Such a part as many kernels as there are over load.
    static let kernelsPart = 6
    /// How much a block counts against all kernels over load together.
    static let motionWeight: Float = 0.2
    static let levelWeight: Float = 0.25
    /// Between levels, in logarithms: two to a doubling. An hour between two counts for both.
    static let levelWidth: Float = 0.346_573_6
    static let levels = Int(RunLevels.hourMax / levelWidth) + 2

    init(bank: KernelBank) { self.bank = bank }

    /// - Parameter hours: (n, H) of views; those without any hour do not know it.
    /// - Parameter kernels: over load.
    /// - Returns: nil where no view knows it.
    init?(fitting hours: [[Float]], kernels: Int, random: inout SeededRandom) {
        let known = hours.filter { !$0.isEmpty }
        guard !known.isEmpty else { return nil }
        bank = KernelBank(
            fitting: known.map { [Self.aroundLevel($0)] }, features: kernels / Self.kernelsPart,
            random: &random)
    }

    /// F
    var count: Int { bank.count + Self.levels }

    /// (F) what each standardised feature is multiplied by beside `kernels` kernels of weight 1.
    func weights(kernels: Int) -> [Float] {
        func block(_ count: Int, _ weight: Float) -> [Float] {
            Array(repeating: weight * (Float(kernels) / Float(count)).squareRoot(), count: count)
        }
        return block(bank.count, Self.motionWeight) + block(Self.levels, Self.levelWeight)
    }

    /// (F) finite.
    ///
    /// - Parameter hours: (H) finite, in logarithms; at least one.
    func features(of hours: [Float]) -> [Float] {
        bank.features(of: [Self.aroundLevel(hours)]) + Self.shares(of: hours)
    }

    /// (levels) of hours at each level, or near it; they sum to 1.
    static func shares(of hours: [Float]) -> [Float] {
        var shares = [Float](repeating: 0, count: levels)
        for hour in hours {
            let position = max(0, min(hour / levelWidth, Float(levels - 1)))
            let below = min(Int(position), levels - 2)
            let part = position - Float(below)
            shares[below] += (1 - part) / Float(hours.count)
            shares[below + 1] += part / Float(hours.count)
        }
        return shares
    }

    private static func aroundLevel(_ hours: [Float]) -> [Float] {
        let level = quantile(ofSorted: hours.sorted(), 0.5)
        return hours.map { $0 - level }
    }
}
