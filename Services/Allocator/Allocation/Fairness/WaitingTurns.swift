internal import Processing
internal import Topics

/// Who is tried first when not all can be placed.
extension Cell {
    /// As of the last evaluation; of a function seen since then, of what it has shown.
    func claim(of id: FunctionID) -> Claim { claims[id] ?? profile(of: id).claim }

    /// Of the workers that may be used.
    var readyCapacity: Claim {
        ledger.workers.filter { $0.state == .ready }.reduce(Claim.none) { sum, worker in
            sum
                + Claim(
                    milliCpu: Int(worker.capacity.milliCpu),
                    memoryMb: Int(worker.capacity.memoryMb))
        }
    }

    /// By customer: what its placed functions claim.
    var usedByCustomer: [String: Claim] {
        functions.reduce(into: [:]) { used, function in
            guard !function.value.placements.isEmpty else { return }
            used[function.key.service.customer, default: .none] =
                used[function.key.service.customer, default: .none] + claim(of: function.key)
        }
    }

    /// Tries those that wait again: the best promised first, and among them the customer whose
    /// weighted dominant share is lowest, counting what was placed a moment ago.
    mutating func retryWaiting(_ effects: inout CellEffects) {
        guard ledger.workers.contains(where: { $0.state == .ready }) else { return }
        let waiting = functions.filter { $0.value.placements.isEmpty }.map(\.key)
        guard !waiting.isEmpty else { return }
        let byTier = Dictionary(grouping: waiting) { functions[$0]?.tier ?? .burstable }
        let capacity = readyCapacity
        var used = usedByCustomer
        for (tier, ids) in byTier.sorted(by: { $0.key.rank < $1.key.rank }) {
            let lottery = Lottery(
                seed: policy.fairness.lotterySeed, cell: number, slot: clock.newestSlot ?? 0,
                tier: tier)
            var queue = FairQueue(
                ids.map { Claimant(id: $0, claim: claim(of: $0)) }, used: used,
                capacity: capacity, policy.fairness, lottery)
            while let turn = queue.next() {
                let outcome = ledger.take(turn: turn, lottery, policy.fairness, profile: profile)
                for placement in outcome.placed { queue.grant(placement.claimant) }
                settle(outcome, &effects)
            }
            used = queue.used
        }
    }

    /// Those who lose a draw for the first time are told so; waiting on is no news.
    private mutating func settle(_ outcome: TurnOutcome, _ effects: inout CellEffects) {
        for placement in outcome.placed {
            let cause = placement.won ? outcome.draw.map(Cause.drawn) : nil
            settle(
                placement.claimant.id, placement.choices, because: cause ?? .waited, &effects)
        }
        guard let draw = outcome.draw else { return }
        effects.save(.fairness(.draw(draw, atMs: nowMs)))
        for id in outcome.losers where !Sentence.isLost(functions[id]?.reason ?? "") {
            decide(id, [], Sentence.lost(draw), &effects)
        }
    }
}
