public import Topics

/// What came of a turn.
public struct TurnOutcome: Sendable, Equatable {
    public struct Placement: Sendable, Equatable {
        public let claimant: Claimant
        public let choices: [Choice]
        /// It won its place in the draw.
        public let won: Bool
    }

    public fileprivate(set) var placed: [Placement] = []
    /// Of those who are not placed, these lost.
    public fileprivate(set) var losers: [FunctionID] = []
    /// When places were too few.
    public fileprivate(set) var draw: Draw?
}

extension Ledger {
    /// Equal claims: all are placed, or none can be, or the places are drawn by lot.
    ///
    /// There are as many places as there would be for the smallest of them. Winners are tried first;
    /// one that is larger than others may not fit. Where room is left over, losers are tried.
    public mutating func take(
        turn: [Claimant], _ lottery: Lottery, _ rules: FairnessRules,
        profile: (FunctionID) -> Profile
    ) -> TurnOutcome {
        let smallestFirst = turn.sorted { a, b in
            (a.claim.milliCpu, a.claim.memoryMb, a.id) < (b.claim.milliCpu, b.claim.memoryMb, b.id)
        }
        guard turn.count > 1 else { return place(smallestFirst, won: false, profile) }
        var trial = self
        let tried = trial.place(smallestFirst, won: false, profile)
        if tried.placed.count == turn.count { self = trial }
        guard !tried.placed.isEmpty, tried.placed.count < turn.count else { return tried }
        let draw = Draw(
            lottery, places: tried.placed.count,
            among: turn.map { ($0.id, rules.weight(of: $0.id.service.customer)) })
        let claims = Dictionary(uniqueKeysWithValues: turn.map { ($0.id, $0) })
        func claimants(won: Bool) -> [Claimant] {
            draw.tickets.filter { $0.won == won }.compactMap { claims[$0.function] }
        }
        var outcome = place(claimants(won: true), won: true, profile)
        let others = claimants(won: false)
        outcome.placed += place(others, won: false, profile).placed
        let placed = Set(outcome.placed.map(\.claimant.id))
        outcome.losers = others.map(\.id).filter { !placed.contains($0) }
        outcome.draw = draw
        return outcome
    }

    private mutating func place(
        _ claimants: [Claimant], won: Bool, _ profile: (FunctionID) -> Profile
    ) -> TurnOutcome {
        var outcome = TurnOutcome()
        for claimant in claimants {
            guard case .placed(let choices) = place(profile(claimant.id)) else { continue }
            outcome.placed.append(.init(claimant: claimant, choices: choices, won: won))
        }
        return outcome
    }
}
