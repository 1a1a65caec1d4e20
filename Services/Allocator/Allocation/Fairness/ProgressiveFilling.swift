/// Weighted dominant resource fairness of demands that can be cut at will: all shares rise together
/// until a customer has what it asks for, or a resource that it needs is used up; the others rise
/// on (Ghodsi et al., NSDI 2011, section 4: progressive filling).
///
/// No customer can get a larger part without one of no larger share getting a smaller. Nobody would
/// rather have another's part, nor an equal division of everything.
public struct ProgressiveFilling: Sendable, Equatable {
    /// (n) the part of each demand that is granted, 0 to 1.
    public let granted: [Double]

    /// - Parameters:
    ///   - demands: (n)
    ///   - weights: (n) above 0.
    ///
    /// - Complexity: O(n log n).
    public init(demands: [Claim], weights: [Double], capacity: Claim) {
        precondition(demands.count == weights.count, "each demand has a weight")
        precondition(weights.allSatisfy { $0 > 0 }, "weights are above 0")
        var filling = Filling(demands, weights, capacity)
        filling.run()
        granted = filling.granted
    }
}

private struct Filling {
    /// (n, 2) demands as parts of the capacity, CPU and memory.
    private let asked: [[Double]]
    /// (n) `d_u / w_u`: the level at which a customer has all.
    private let enough: [Double]
    /// (n) what a customer's part of its demand rises by a level: `w_u / d_u`.
    private let rates: [Double]
    /// Those still rising, the soonest satisfied last.
    private var rising: [Int]
    private var level = 0.0
    /// (2) parts of the capacity left.
    private var left = [1.0, 1.0]
    private(set) var granted: [Double]

    init(_ demands: [Claim], _ weights: [Double], _ capacity: Claim) {
        let capacities = [Double(capacity.milliCpu), Double(capacity.memoryMb)]
        asked = demands.map { demand in
            zip([demand.milliCpu, demand.memoryMb], capacities).map { amount, capacity in
                amount == 0 ? 0 : Double(amount) / capacity
            }
        }
        let dominant = asked.map { $0.max() ?? 0 }
        enough = zip(dominant, weights).map { $0 / $1 }
        rates = zip(dominant, weights).map { $0 > 0 ? $1 / $0 : 0 }
        granted = dominant.map { $0 > 0 ? 0 : 1 }
        // Of a resource that there is none of, nobody gets anything.
        let possible = dominant.indices.filter { dominant[$0] > 0 && dominant[$0].isFinite }
        let enough = self.enough
        rising = possible.sorted { (enough[$0], $0) > (enough[$1], $1) }
    }

    mutating func run() {
        var speeds = self.speeds()
        while let next = rising.last {
            let full = [0, 1].map { speeds[$0] > 0 ? level + left[$0] / speeds[$0] : .infinity }
            let until = min(enough[next], full[0], full[1])
            for resource in 0...1 {
                left[resource] = max(0, left[resource] - speeds[resource] * (until - level))
            }
            level = max(level, until)
            if full.contains(where: { $0 <= until }) {
                stop { row in (0...1).contains { full[$0] <= until && row[$0] > 0 } }
                speeds = self.speeds()
            } else {
                rising.removeLast()
                granted[next] = 1
                for resource in 0...1 {
                    speeds[resource] = max(
                        0, speeds[resource] - asked[next][resource] * rates[next])
                }
                if rising.isEmpty { return }
            }
        }
    }

    /// Those who need what is used up keep what they have.
    private mutating func stop(_ isStopped: ([Double]) -> Bool) {
        for i in rising where isStopped(asked[i]) { granted[i] = min(1, level * rates[i]) }
        rising.removeAll { isStopped(asked[$0]) }
    }

    /// (2) what is used of each resource by a rise of the level by one.
    private func speeds() -> [Double] {
        rising.reduce(into: [0.0, 0.0]) { speeds, i in
            for resource in 0...1 { speeds[resource] += asked[i][resource] * rates[i] }
        }
    }
}
