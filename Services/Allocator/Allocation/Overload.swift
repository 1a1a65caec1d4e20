internal import Foundation

/// How far from what was seen the load at a moment of the coming week may be.
struct Noise: Sendable {
    /// `z^2 R`, mCPU^2: of the slots' means, of all members together.
    let variance: Double

    /// - Parameters:
    ///   - variance: of all members' noise together (R).
    ///   - deviations: how many of its standard deviations count (z).
    init(variance: Int, deviations: Double) {
        self.variance = deviations * deviations * Double(max(0, variance))
    }

    /// With the variance from moment to moment within the slots, which needs no learning.
    func deviation(burst: Int) -> Double { (variance + Double(max(0, burst))).squareRoot() }
}

extension Sum {
    /// The share of time in which the load is expected to exceed a capacity:
    /// `mean_t Phi((A(t) + D(t) - C) / sqrt(z^2 R + B(t)))`, where a normal deviation stands for how
    /// the coming week will differ from the one that was seen (R) and moments from their slot's mean
    /// (B).
    ///
    /// Slots that even 5 deviations would not take over the capacity count nothing (3e-7 each).
    ///
    /// - Parameter series: what is added to the sum.
    func overload(with series: Series? = nil, capacity: Double, _ noise: Noise) -> Double {
        guard let series else {
            return overload(
                capacity, noise, highest: { blockMax[$0] }, value: { values[$0] },
                burst: { bursts.isEmpty ? 0 : bursts[$0] })
        }
        guard !values.isEmpty else {
            return Sum(series).overload(capacity: capacity, noise)
        }
        return overload(
            capacity, noise, highest: { blockMax[$0] &+ series.blockMax[$0] },
            value: { values[$0] &+ series.values[$0] },
            burst: {
                (bursts.isEmpty ? 0 : bursts[$0]) + (series.bursts.isEmpty ? 0 : series.bursts[$0])
            })
    }

    /// The same if a member left.
    func overload(without series: Series, capacity: Double, _ noise: Noise) -> Double {
        overload(
            capacity, noise, highest: { blockMax[$0] &- series.blockMin[$0] },
            value: { values[$0] &- series.values[$0] },
            burst: {
                (bursts.isEmpty ? 0 : bursts[$0]) - (series.bursts.isEmpty ? 0 : series.bursts[$0])
            })
    }

    @inline(__always)
    private func overload(
        _ capacity: Double, _ noise: Noise, highest: (Int) -> Int32, value: (Int) -> Int32,
        burst: (Int) -> Int
    ) -> Double {
        var over = 0.0
        for block in blockMax.indices {
            let deviation = noise.deviation(burst: burst(block))
            guard Double(highest(block)) + NormalTail.reach * deviation > capacity else {
                continue
            }
            let from = block * Series.blockSlots
            for slot in from..<min(from + Series.blockSlots, values.count) {
                over += NormalTail.share(
                    of: Double(value(slot)) - capacity, deviation: deviation)
            }
        }
        return values.isEmpty ? 0 : over / Double(values.count)
    }

    /// `max_b B(b)`, with a series added.
    func highestBurst(with series: Series? = nil) -> Int {
        guard let added = series?.bursts, !added.isEmpty else { return bursts.max() ?? 0 }
        guard !bursts.isEmpty else { return added.max() ?? 0 }
        var highest = 0
        for i in bursts.indices { highest = max(highest, bursts[i] + added[i]) }
        return highest
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
