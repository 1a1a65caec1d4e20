/// `(sum x)^2 / (n sum x^2)`: 1 when all are equal, 1/n when one has everything (Jain, Chiu and Hawe,
/// DEC-TR-301, 1984). 1 of nothing, and when nobody has anything.
public func jainIndex(_ values: [Double]) -> Double {
    let sum = values.reduce(0, +)
    let squares = values.reduce(0) { $0 + $1 * $1 }
    return squares > 0 ? sum * sum / (Double(values.count) * squares) : 1
}

/// What a customer has, and what it asks for in all.
public struct Holding: Sendable, Equatable {
    public let customer: String
    public let weight: Double
    public var placed = Claim.none
    public var waiting = Claim.none
    public var functions = 0
    public var functionsWaiting = 0

    public init(customer: String, weight: Double) {
        self.customer = customer
        self.weight = weight
    }

    public mutating func add(_ claim: Claim, waits: Bool) {
        functions += 1
        if waits {
            waiting = waiting + claim
            functionsWaiting += 1
        } else {
            placed = placed + claim
        }
    }
}

/// How evenly a cell's room is divided.
public struct FairnessReport: Sendable, Equatable {
    public struct Standing: Sendable, Equatable {
        public let holding: Holding
        /// Weighted: `max_r used_r / (w C_r)`.
        public let dominantShare: Double
        /// What it has, over what progressive filling would give it of all that is placed.
        public let toFairShare: Double
        /// How much more of what it asks for it would have with another's part, scaled to its own
        /// weight; 0 when it would rather have nobody else's.
        public let envy: Double
    }

    /// In the order of the holdings.
    public let standings: [Standing]
    /// Over `toFairShare`.
    public let jain: Double
    /// The smallest `toFairShare`; 1 without customers.
    public let worst: Double
    /// The largest.
    public let envy: Double

    /// - Complexity: O(n log n).
    public init(_ holdings: [Holding], capacity: Claim) {
        let asked = holdings.map { $0.placed + $0.waiting }
        let placed = holdings.reduce(Claim.none) { $0 + $1.placed }
        let fair = ProgressiveFilling(
            demands: asked, weights: holdings.map(\.weight), capacity: placed)
        let envy = Envy(holdings)
        standings = holdings.indices.map { i in
            let weight = holdings[i].weight
            let share = holdings[i].placed.dominantShare(of: capacity, weight: weight)
            let entitled =
                fair.granted[i] * asked[i].dominantShare(of: capacity, weight: weight)
            return Standing(
                holding: holdings[i], dominantShare: share,
                toFairShare: entitled > 0 ? share / entitled : 1, envy: envy.of(holdings[i]))
        }
        jain = jainIndex(standings.map(\.toFairShare))
        worst = standings.map(\.toFairShare).min() ?? 1
        self.envy = standings.map(\.envy).max() ?? 0
    }
}

/// Whom a customer would change with: of all parts only those count that no other exceeds in both
/// resources.
private struct Envy {
    /// For a weight of one; CPU falls and memory rises along them.
    private var front: [(milliCpu: Double, memoryMb: Double)] = []

    init(_ holdings: [Holding]) {
        let parts = holdings.map { holding in
            (
                milliCpu: Double(holding.placed.milliCpu) / holding.weight,
                memoryMb: Double(holding.placed.memoryMb) / holding.weight
            )
        }
        for part in parts.sorted(by: { $0 > $1 })
        where part.memoryMb > front.last?.memoryMb ?? -1 {
            front.append(part)
        }
    }

    func of(_ holding: Holding) -> Double {
        let asked = holding.placed + holding.waiting
        let own = met(
            asked, (Double(holding.placed.milliCpu), Double(holding.placed.memoryMb)))
        // The least of two: one falls along the front and the other rises, so the best is where
        // they cross.
        var (low, high) = (0, front.count)
        while low < high {
            let middle = (low + high) / 2
            let part = front[middle]
            if part.memoryMb * Double(asked.milliCpu) < part.milliCpu * Double(asked.memoryMb) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let others = [low - 1, low].filter(front.indices.contains).map { i in
            met(
                asked, (front[i].milliCpu * holding.weight, front[i].memoryMb * holding.weight))
        }
        return max(0, (others.max() ?? 0) - own)
    }

    /// The part of what is asked for that can be run with so much of each.
    private func met(_ asked: Claim, _ part: (milliCpu: Double, memoryMb: Double)) -> Double {
        min(
            1, asked.milliCpu > 0 ? part.milliCpu / Double(asked.milliCpu) : 1,
            asked.memoryMb > 0 ? part.memoryMb / Double(asked.memoryMb) : 1)
    }
}
