internal import Topics

/// What a worker's members need of one resource, summed up to each tier: those promised more are
/// served first, so a tier suffers only from its own and the ones above it.
///
/// Kept for the tiers that have members; mostly that is one.
struct TieredSum: Sendable, Equatable {
    /// (3) by rank; nil where no member is of that tier.
    private var upTo: [Sum?] = Array(repeating: nil, count: Tier.allCases.count)
    /// (3) by rank.
    private(set) var members = Array(repeating: 0, count: Tier.allCases.count)

    /// Of all members.
    var all: Sum { (upTo.last { $0 != nil } ?? nil) ?? Sum() }

    /// Of those at least as promised as a rank.
    func sum(upTo rank: Int) -> Sum { (upTo[...rank].last { $0 != nil } ?? nil) ?? Sum() }

    mutating func add(_ series: Series, rank: Int) {
        if upTo[rank] == nil { upTo[rank] = rank > 0 ? sum(upTo: rank - 1) : Sum() }
        for lower in rank..<upTo.count { upTo[lower]?.add(series) }
        members[rank] += 1
    }

    /// - Parameter series: one that was added before, in the same rank.
    mutating func subtract(_ series: Series, rank: Int) {
        precondition(members[rank] > 0, "no member of rank \(rank) is there to leave")
        for lower in rank..<upTo.count { upTo[lower]?.subtract(series) }
        members[rank] -= 1
        if members[rank] == 0 { upTo[rank] = nil }
    }
}
