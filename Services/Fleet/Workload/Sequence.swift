/// An event's place in a workload: the minute in which it ends, counted from the workload's
/// start, and its rank among those of that minute.
///
/// It can be told without counting what came before, so a workload of any length goes on from
/// any place at once.
public struct Sequence: Hashable, Comparable, Sendable {
    public let minute: Int
    public let rank: Int

    public init(minute: Int, rank: Int) {
        precondition(rank >> Limits.rankBits == 0, "\(rank) executions end in minute \(minute)")
        self.minute = minute
        self.rank = rank
    }

    public static func < (a: Self, b: Self) -> Bool { a.number < b.number }

    /// Rises along the workload.
    var number: UInt64 { UInt64(minute) << Limits.rankBits | UInt64(rank) }

    /// The invocation's id: `g1.k3f9-1a2b3c`.
    func invocation(run: String) -> String { run + "-" + String(number, radix: 36) }

    /// - Parameter id: the label that may end it says nothing of the place.
    /// - Returns: nil when the id is not one of this run.
    public init?(invocation id: String, run: String) {
        guard id.utf8.count > run.utf8.count + 1, id.hasPrefix(run + "-") else { return nil }
        let parts = id.dropFirst(run.count + 1)
            .split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        // Not from text that we did not write: an upper-case digit, a sign, a leading zero.
        guard let number = UInt64(parts[0], radix: 36), String(number, radix: 36) == parts[0],
            parts.count == 1 || UInt64(parts[1]).map({ "\($0)" == parts[1] }) == true
        else { return nil }
        self.init(
            minute: Int(number >> Limits.rankBits),
            rank: Int(number & (1 << Limits.rankBits - 1)))
    }
}
