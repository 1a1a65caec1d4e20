internal import Topics

/// What a worker's members need of one resource, summed up to each tier: those promised more are
/// served first, so a tier suffers only from its own and the ones above it.
///
/// Kept for the tiers that have members; mostly that is one.
struct TieredSum: Sendable, Equatable {
    /// (3) by rank; empty where no member is of that tier.
    private var upTo = Array(repeating: Sum(), count: Tier.allCases.count)
    /// (3) by rank.
    private(set) var members = Array(repeating: 0, count: Tier.allCases.count)
    /// The rank of the least promised member; 0 without members.
    private(set) var lowest = 0

    /// Of all members.
    var all: Sum {
        _read { yield upTo[lowest] }
    }

    /// Of those at least as promised as a rank.
    func sum(upTo rank: Int) -> Sum {
        (0...rank).last { members[$0] > 0 }.map { upTo[$0] } ?? Sum()
    }

    mutating func add(_ series: Series, rank: Int) {
        if members[rank] == 0, rank > 0 { upTo[rank] = sum(upTo: rank - 1) }
        for lower in rank..<upTo.count where lower == rank || members[lower] > 0 {
            upTo[lower].add(series)
        }
        members[rank] += 1
        lowest = max(lowest, rank)
    }

    /// - Parameter series: one that was added before, in the same rank.
    mutating func subtract(_ series: Series, rank: Int) {
        precondition(members[rank] > 0, "no member of rank \(rank) is there to leave")
        for lower in rank..<upTo.count where members[lower] > 0 { upTo[lower].subtract(series) }
        members[rank] -= 1
        guard members[rank] == 0 else { return }
        upTo[rank] = Sum()
        lowest = members.lastIndex { $0 > 0 } ?? 0
    }
}
