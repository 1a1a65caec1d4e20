internal import Numerics
public import Topics

/// A draw of places among equal claims, which anybody can do again.
///
/// Its seed is fixed before those who take part are known: by a setting, the cell, the tier and the
/// slot of event time. Those who take part are in the order of their names, so that the seed and
/// the names say who wins.
public struct Lottery: Sendable, Equatable {
    public let seed: UInt64
    public let cell: Int32
    public let slot: Int64
    public let tier: Tier

    public init(seed: UInt64, cell: Int32, slot: Int64, tier: Tier) {
        self.seed = seed
        self.cell = cell
        self.slot = slot
        self.tier = tier
    }

    /// What the draw's numbers are made from, as it is published.
    public var name: String { "\(seed)/\(cell)/\(slot)/\(tier.rawValue)" }

    /// The chance of each of n to get one of `places`: in proportion to their weights, at most 1.
    ///
    /// - Returns: (n), sums to `min(places, n)`.
    public static func odds(weights: [Double], places: Int) -> [Double] {
        guard places < weights.count else { return weights.map { _ in 1 } }
        var left = Double(max(0, places))
        var weight = weights.reduce(0, +)
        var odds = Array(repeating: 0.0, count: weights.count)
        let heaviestFirst = weights.indices.sorted { (weights[$0], $1) > (weights[$1], $0) }
        // Whoever would get more than one place gets one; the others share the rest.
        let capped = heaviestFirst.prefix { i in
            guard left * weights[i] >= weight else { return false }
            left -= 1
            weight -= weights[i]
            return true
        }
        for i in capped { odds[i] = 1 }
        for i in heaviestFirst.dropFirst(capped.count) { odds[i] = left * weights[i] / weight }
        return odds
    }

    /// Where a draw cannot have all, those of the lowest lots take part.
    func lot(of customer: String) -> UInt64 {
        var random = SeededRandom(seed: seed, for: "\(name) \(customer)")
        return random.next()
    }

    /// - Parameter odds: (n), by the names of those who take part.
    /// - Returns: (n) who won.
    public func draw(odds: [Double]) -> [Bool] {
        var random = SeededRandom(seed: seed, for: name)
        return DependentRounding.rounded(odds, using: &random)
    }
}

/// What a lottery came to.
public struct Draw: Sendable, Equatable {
    public struct Ticket: Sendable, Equatable {
        public let function: FunctionID
        public let odds: Double
        public let won: Bool
    }

    public let lottery: Lottery
    public let places: Int
    /// By name.
    public let tickets: [Ticket]

    /// - Parameter claimants: each with its customer's weight.
    init(_ lottery: Lottery, places: Int, among claimants: [(id: FunctionID, weight: Double)]) {
        self.lottery = lottery
        self.places = places
        let ordered = claimants.sorted { $0.id < $1.id }
        let odds = Lottery.odds(weights: ordered.map(\.weight), places: places)
        let won = lottery.draw(odds: odds)
        tickets = ordered.indices.map {
            Ticket(function: ordered[$0].id, odds: odds[$0], won: won[$0])
        }
    }
}
