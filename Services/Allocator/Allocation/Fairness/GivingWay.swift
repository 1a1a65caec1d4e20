internal import Processing
internal import Topics

/// How newcomers get in where others have everything: within the hour's budget of moves, best-effort
/// functions of customers with a higher share give way to those that wait.
///
/// Only as long as the one who gives still has, after it, no less than the one who gets: each
/// exchange lifts the lower of two shares, and none can be undone by another. So it ends.
extension Cell {
    mutating func giveWay(_ effects: inout CellEffects) {
        guard movesLeft > 0, ledger.workers.contains(where: { $0.state == .ready }) else { return }
        var used = usedByCustomer
        let capacity = readyCapacity
        for claimant in firstInLine(used, capacity) where movesLeft > 0 {
            let customer = claimant.id.service.customer
            let trade = Trade(
                claimant, share: share(of: customer, used, adding: claimant.claim, capacity),
                capacity: capacity)
            guard let leaving = leavers(for: trade, used) else { continue }
            for id in leaving {
                release(id)
                decide(id, [], Sentence.gaveWay(to: claimant.id), &effects)
                clock.moves += 1
                let giver = id.service.customer
                used[giver] = (used[giver] ?? .none) - claim(of: id)
            }
            place(claimant.id, because: .fairness, &effects)
            used[customer] = (used[customer] ?? .none) + claimant.claim
        }
    }

    /// Of each customer the smallest function that waits: the best promised first, then those of
    /// the lowest share.
    private func firstInLine(_ used: [String: Claim], _ capacity: Claim) -> [Claimant] {
        var smallest: [String: (rank: Int, claimant: Claimant)] = [:]
        for (id, function) in functions where function.placements.isEmpty {
            let new = (rank: function.tier.rank, claimant: Claimant(id: id, claim: claim(of: id)))
            guard let known = smallest[id.service.customer], !isBefore(new, known) else {
                smallest[id.service.customer] = new
                continue
            }
        }
        let line = smallest.map { customer, first in
            (
                rank: first.rank, share: share(of: customer, used, adding: .none, capacity),
                claimant: first.claimant
            )
        }
        return line.sorted {
            ($0.rank, $0.share, $0.claimant.id) < ($1.rank, $1.share, $1.claimant.id)
        }.prefix(Limits.givingTriesMax).map(\.claimant)
    }

    private func isBefore(
        _ a: (rank: Int, claimant: Claimant), _ b: (rank: Int, claimant: Claimant)
    ) -> Bool {
        let (x, y) = (a.claimant, b.claimant)
        return (a.rank, x.claim.milliCpu, x.claim.memoryMb, x.id)
            < (b.rank, y.claim.milliCpu, y.claim.memoryMb, y.id)
    }

    private func share(
        of customer: String, _ used: [String: Claim], adding claim: Claim, _ capacity: Claim
    ) -> Double {
        ((used[customer] ?? .none) + claim).dominantShare(
            of: capacity, weight: policy.fairness.weight(of: customer))
    }

    /// The fewest functions of one worker whose leaving makes room; nil when there are none.
    private func leavers(for trade: Trade, _ used: [String: Claim]) -> [FunctionID]? {
        let whole = profile(of: trade.claimant.id)
        var best: [FunctionID]?
        for (worker, givers) in givers(for: trade, used).prefix(Limits.givingWorkersMax) {
            guard let index = ledger.index(of: worker) else { continue }
            var (trial, left, leaving) = (ledger, used, [FunctionID]())
            let most = min(movesLeft, Limits.givingPartsMax, (best?.count ?? .max) - 1)
            for id in givers where leaving.count < most {
                let giver = id.service.customer
                let after = (left[giver] ?? .none) - claim(of: id)
                guard trade.permits(after, policy.fairness.weight(of: giver)) else { continue }
                left[giver] = after
                trial.release(profile(of: id), at: index)
                leaving.append(id)
                var probe = trial
                if case .placed = probe.place(whole) {
                    best = leaving
                    break
                }
            }
        }
        return best
    }

    /// By worker, best-effort functions that are on it alone: of the customers of the highest share
    /// first, and of each the largest first.
    private func givers(
        for trade: Trade, _ used: [String: Claim]
    ) -> [(worker: String, functions: [FunctionID])] {
        var ordered: [(share: Double, claim: Claim, id: FunctionID, worker: String)] = []
        for (id, function) in functions
        where function.tier == .bestEffort && function.placements.count == 1 {
            let customer = id.service.customer
            let held = share(of: customer, used, adding: .none, trade.capacity)
            guard customer != trade.claimant.id.service.customer, held > trade.share else {
                continue
            }
            ordered.append((held, claim(of: id), id, function.placements[0]))
        }
        ordered.sort {
            (-$0.share, -$0.claim.milliCpu, -$0.claim.memoryMb, $0.id)
                < (-$1.share, -$1.claim.milliCpu, -$1.claim.memoryMb, $1.id)
        }
        var places: [String: Int] = [:]
        return ordered.reduce(into: []) { workers, giver in
            if let place = places[giver.worker] {
                workers[place].functions.append(giver.id)
            } else {
                places[giver.worker] = workers.count
                workers.append((giver.worker, [giver.id]))
            }
        }
    }
}

/// Who gets, and what it will then have.
private struct Trade {
    let claimant: Claimant
    /// Weighted dominant share after it got.
    let share: Double
    let capacity: Claim

    init(_ claimant: Claimant, share: Double, capacity: Claim) {
        self.claimant = claimant
        self.share = share
        self.capacity = capacity
    }

    /// - Parameter left: what the giver has after it gave.
    func permits(_ left: Claim, _ weight: Double) -> Bool {
        left.dominantShare(of: capacity, weight: weight) >= share
    }
}

extension Limits {
    /// Customers that wait, for whom others are asked to give way, an evaluation.
    static let givingTriesMax = 4
    /// Workers on which that is tried, and functions that leave one.
    static let givingWorkersMax = 8
    static let givingPartsMax = 16
}
