internal import Processing
internal import Topics

typealias CellEffects = Effects<AllocatorRow>

/// What made the allocator decide.
enum Cause: Equatable {
    case new
    case waited
    case draining(String)
    case gone(String)
    /// The share of the time in which it is expected over its CPU.
    case overloaded(String, share: Double)
    case overMemory(String, percent: Int)
    case guarantee(String)
    case freeing(String)
    case joining
    case drawn(Draw)
    case fairness
}

extension Cell {
    /// Finds workers for a function that has none, and says so if that is news.
    mutating func place(_ id: FunctionID, because cause: Cause, _ effects: inout CellEffects) {
        guard let function = functions[id] else { return }
        switch ledger.place(profile(of: id)) {
        case .placed(let choices):
            settle(id, choices, because: cause, &effects)
        case .waits(let shortage):
            // Waiting on is no news; losing the last worker is.
            let lost = if case .gone = cause { true } else { false }
            guard function.revision == 0 || lost else { return }
            decide(id, [], Sentence.waits(shortage, cell: number, cause), &effects)
        }
    }

    /// Moves one function's part from a worker to a better home, or leaves it where it is.
    ///
    /// - Parameter share: the part of the budgets that may be used.
    /// - Returns: whether it moved.
    mutating func move(
        _ id: FunctionID, from worker: String, because cause: Cause, share: Double = 1,
        opening: Bool = true, _ effects: inout CellEffects
    ) -> Bool {
        guard let function = functions[id], let index = ledger.index(of: worker) else {
            return false
        }
        let whole = profile(of: id)
        let part = whole.divided(by: function.placements.count)
        let occupied = function.placements.compactMap(ledger.index)
        ledger.release(part, at: index)
        let choice = ledger.choose(
            for: part, excluding: occupied, share: share, opening: opening)
        ledger.reserve(part, at: index)
        if let choice {
            relocate(id, part, from: worker, to: choice, because: cause, &effects)
            return true
        }
        guard opening else { return false }
        return spread(id, whole, because: cause, &effects)
    }

    mutating func relocate(
        _ id: FunctionID, _ part: Profile, from worker: String, to choice: Choice,
        because cause: Cause, _ effects: inout CellEffects
    ) {
        guard let function = functions[id], let index = ledger.index(of: worker) else {
            preconditionFailure("function \(id) is moved from worker \(worker), and one is unknown")
        }
        let name = ledger.workers[choice.worker].name
        let reason = self.reason(id, [choice], cause)
        ledger.release(part, at: index)
        ledger.reserve(part, at: choice.worker)
        members[worker]?.remove(id)
        members[name, default: []].insert(id)
        staleRows.formUnion([worker, name])
        decide(id, function.placements.map { $0 == worker ? name : $0 }, reason, &effects)
    }

    /// A function that outgrew its workers gets more of them, if there are.
    private mutating func spread(
        _ id: FunctionID, _ whole: Profile, because cause: Cause, _ effects: inout CellEffects
    ) -> Bool {
        guard let before = functions[id]?.placements else { return false }
        let (keptLedger, keptMembers) = (ledger, members)
        release(id)
        guard case .placed(let choices) = ledger.place(whole),
            Set(choices.map { ledger.workers[$0.worker].name }) != Set(before)
        else {
            (ledger, members) = (keptLedger, keptMembers)
            return false
        }
        settle(id, choices, because: cause, &effects)
        return true
    }

    /// What the ledger reserved becomes known.
    mutating func settle(
        _ id: FunctionID, _ choices: [Choice], because cause: Cause, _ effects: inout CellEffects
    ) {
        let names = choices.map { ledger.workers[$0.worker].name }
        let reason = self.reason(id, choices, cause)
        take(id, on: names)
        decide(id, names, reason, &effects)
    }

    /// Takes a function out of the ledger; its placements are the caller's to change.
    mutating func release(_ id: FunctionID) {
        guard let placements = functions[id]?.placements, !placements.isEmpty else { return }
        let part = profile(of: id).divided(by: placements.count)
        for worker in placements {
            guard let index = ledger.index(of: worker) else {
                preconditionFailure("\(id) is on worker \(worker), which is not in the ledger")
            }
            ledger.release(part, at: index)
            members[worker]?.remove(id)
            staleRows.insert(worker)
        }
    }

    /// Puts a function back where its placements say.
    ///
    /// - Parameter isAssessed: false for one of many, after which all workers are assessed.
    mutating func reserve(
        _ id: FunctionID, _ known: Profile? = nil, isAssessed: Bool = true
    ) {
        guard let placements = functions[id]?.placements, !placements.isEmpty else { return }
        let part = (known ?? profile(of: id)).divided(by: placements.count)
        for worker in placements {
            guard let index = ledger.index(of: worker) else {
                preconditionFailure("\(id) is on worker \(worker), which is not in the ledger")
            }
            ledger.reserveUnassessed(part, at: index)
            if isAssessed { ledger.assess(at: index) }
        }
        take(id, on: placements)
    }

    private mutating func take(_ id: FunctionID, on workers: [String]) {
        for worker in workers {
            members[worker, default: []].insert(id)
            staleRows.insert(worker)
        }
    }

    /// Makes a decision known: each one supersedes the one before.
    func assignment(of id: FunctionID, _ function: PlacedFunction) -> Assignment {
        let count = Double(function.placements.count)
        return Assignment(
            id, cell: number, tier: function.tier,
            placements: function.placements.map { .init(worker: $0, share: 1 / count) },
            reason: function.reason, decidedAtMs: function.decidedAtMs,
            revision: function.revision)
    }

    mutating func decide(
        _ id: FunctionID, _ placements: [String], _ reason: String, _ effects: inout CellEffects
    ) {
        guard var function = functions[id] else { return }
        function.placements = placements
        function.reason = reason
        function.decidedAtMs = nowMs
        function.revision += 1
        functions[id] = function
        changes.functions.insert(id)
        let assignment = assignment(of: id, function)
        if !policy.isDryRun { effects.publish(assignment) }
        effects.save(.assignment(assignment))
        effects.save(.assignmentHistory(assignment))
    }

    private func reason(_ id: FunctionID, _ choices: [Choice], _ cause: Cause) -> String {
        guard choices.count == 1 else {
            return Sentence.spread(
                choices.map { ledger.workers[$0.worker].name },
                need: profile(of: id).need(policy), cause)
        }
        let worker = ledger.workers[choices[0].worker]
        let there = members[worker.name] ?? []
        let partner = (opposites[id] ?? []).first { there.contains($0) }
        return Sentence.placed(
            id, choices[0], on: worker.name, capacity: worker.capacity,
            need: profile(of: id).need(policy), partner: partner, cause)
    }

    /// Those promised most first, then by name.
    func byTier(_ ids: Set<FunctionID>) -> [FunctionID] {
        ids.map { (functions[$0]?.tier.rank ?? 0, $0) }.sorted { $0 < $1 }.map(\.1)
    }
}
