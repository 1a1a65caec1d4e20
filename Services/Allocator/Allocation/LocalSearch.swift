internal import Topics

/// A move that lowers what the budgets are expected to pay.
struct Relief: Equatable {
    /// Its place among the members given.
    let member: Int
    let to: Int
    /// Overload saved, in budgets of the tiers concerned; a worker that is within its budget
    /// everywhere counts below 1.
    let gain: Double
}

extension Ledger {
    /// The move of one member of a worker that saves most; nil when none saves.
    ///
    /// - Parameters:
    ///   - parts: the members' parts, with the workers each must not go to.
    ///   - opening: whether a member may go to an empty worker.
    func bestRelief(
        of index: Int, _ parts: [(part: Profile, excluding: [Int])],
        opening: Bool
    ) -> Relief? {
        let before = workers[index].budgets(policy)
        guard before > 0 else { return nil }
        // No move gains more than its leaving saves: those that save most are looked at first.
        let saved = parts.map { before - workers[index].budgets(without: $0.part, policy) }
        var best: Relief?
        for member in parts.indices.sorted(by: { (-saved[$0], $0) < (-saved[$1], $1) }) {
            let entry = parts[member]
            guard saved[member] > best?.gain ?? Self.leastGain else { break }
            let found = candidates(for: entry.part) {
                $0 != index && !entry.excluding.contains($0)
                    && (opening || workers[$0].members > 0)
            }
            for to in found {
                let gain = saved[member] - cost(of: entry.part, at: to)
                if gain > best?.gain ?? Self.leastGain {
                    best = Relief(member: member, to: to, gain: gain)
                }
            }
        }
        return best
    }

    /// What a part would add to the overload of a worker, in budgets.
    private func cost(of part: Profile, at index: Int) -> Double {
        workers[index].overload(with: part, policy).reduce(0) { sum, entry in
            sum + (entry.share - workers[index].overload[entry.rank])
                / policy.budgets[entry.rank]
        }
    }

    /// Less is rounding, or not worth a move.
    private static let leastGain = 0.01
}
