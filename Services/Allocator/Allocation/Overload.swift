internal import Foundation

/// How far apart a week that repeats and the week that comes may be.
struct Noise: Sendable, Equatable {
    /// mCPU or MB, of the noise of all members together.
    let deviation: Double

    /// - Parameters:
    ///   - variance: of all members' noise together.
    ///   - deviations: how many of its standard deviations count (z).
    init(variance: Int, deviations: Double) {
        deviation = deviations * Double(max(0, variance)).squareRoot()
    }
}

extension Sum {
    /// The share of slots in which the load is expected to exceed a capacity:
    /// `mean_t Phi((A(t) + D(t) - C) / (z sqrt(R)))`, where a normal deviation stands for how the
    /// coming week will differ from the one that was seen.
    ///
    /// Slots that even 5 deviations would not take over the capacity count nothing (3e-7 each).
    ///
    /// - Parameter series: what is added to the sum.
    func overload(with series: Series? = nil, capacity: Double, _ noise: Noise) -> Double {
        guard let series else {
            return overload(capacity, noise, highest: { blockMax[$0] }, value: { values[$0] })
        }
        guard !values.isEmpty else {
            return Sum(series).overload(capacity: capacity, noise)
        }
        return overload(
            capacity, noise, highest: { blockMax[$0] &+ series.blockMax[$0] },
            value: { values[$0] &+ series.values[$0] })
    }

    /// The same if a member left.
    func overload(without series: Series, capacity: Double, _ noise: Noise) -> Double {
        overload(
            capacity, noise, highest: { blockMax[$0] &- series.blockMin[$0] },
            value: { values[$0] &- series.values[$0] })
    }

    @inline(__always)
    private func overload(
        _ capacity: Double, _ noise: Noise, highest: (Int) -> Int32, value: (Int) -> Int32
    ) -> Double {
        let reach = NormalTail.reach * noise.deviation
        var over = 0.0
        for block in blockMax.indices where Double(highest(block)) + reach > capacity {
            let from = block * Series.blockSlots
            for slot in from..<min(from + Series.blockSlots, values.count) {
                over += NormalTail.share(
                    of: Double(value(slot)) - capacity, deviation: noise.deviation)
            }
        }
        return values.isEmpty ? 0 : over / Double(values.count)
    }
}

/// The normal distribution from a table: it is asked for hundreds of thousands of times a decision.
private enum NormalTail {
    /// Beyond so many deviations nothing counts.
    static let reach = 5.0
    private static let stepsPerDeviation = 100.0
    /// (1001) `Phi(-5), Phi(-4.99), ..., Phi(5)`
    private static let table: [Double] = (-500...500).map { step in
        0.5 * erfc(-Double(step) / stepsPerDeviation / 2.0.squareRoot())
    }

    /// - Parameter excess: expected beyond the capacity.
    static func share(of excess: Double, deviation: Double) -> Double {
        guard deviation > 0 else { return excess > 0 ? 1 : 0 }
        let place = excess / deviation
        if place <= -reach { return 0 }
        if place >= reach { return 1 }
        return table[Int((place + reach) * stepsPerDeviation + 0.5)]
    }
}
