internal import Processing
internal import Topics

/// Moves that pay but need not be: within the budget of the hour.
extension Cell {
    mutating func openBudget() {
        let hour = (clock.newestSlot ?? 0) / Limits.slotsPerHour
        guard clock.hour != hour else { return }
        clock.hour = hour
        clock.moves = 0
    }

    var movesLeft: Int { policy.movesPerHour(functions: functions.count) - clock.moves }

    /// Once a tier's overload exceeds its budget by the hysteresis, the worst worker loses the member
    /// whose move saves most, until all tiers are within their budgets; a worker in use takes it if
    /// that saves anything, else an empty one.
    mutating func relieveOverloaded(_ effects: inout CellEffects) {
        guard isOverBudget(times: policy.relief) else { return }
        var stuck: Set<String> = []
        while movesLeft > 0, stuck.count < Limits.stuckWorkersMax, isOverBudget(times: 1),
            let worker = mostOverloaded(but: stuck)
        {
            guard
                relieve(worker, opening: false, &effects)
                    || relieve(worker, opening: true, &effects)
            else {
                stuck.insert(worker)
                continue
            }
            clock.moves += 1
        }
    }

    private func isOverBudget(times: Double) -> Bool {
        policy.budgets.indices.contains { rank in
            let most = policy.budgets[rank] * Policy.worstWorker * times
            return ledger.exceeds(rank: rank, times: times)
                || ledger.workers.contains { $0.overload[rank] > most }
        }
    }

    private func mostOverloaded(but stuck: Set<String>) -> String? {
        let worst = ledger.workers.filter { !stuck.contains($0.name) }.max { a, b in
            // Of those alike the first by name.
            (a.budgets(policy), b.name) < (b.budgets(policy), a.name)
        }
        return worst.flatMap { $0.budgets(policy) > 0 ? $0.name : nil }
    }

    private mutating func relieve(
        _ worker: String, opening: Bool, _ effects: inout CellEffects
    ) -> Bool {
        guard let index = ledger.index(of: worker) else { return false }
        let ids = byTier(members[worker] ?? [])
        let parts = ids.map { id in
            let placements = functions[id]?.placements ?? []
            return (
                part: profile(of: id).divided(by: placements.count),
                excluding: placements.compactMap(ledger.index)
            )
        }
        guard let relief = ledger.bestRelief(of: index, parts, opening: opening) else {
            return false
        }
        let share = ledger.workers[index].overload.max() ?? 0
        relocate(
            ids[relief.member], parts[relief.member].part, from: worker,
            to: ledger.choice(relief.to, for: parts[relief.member].part),
            because: .overloaded(worker, share: share), &effects)
        return true
    }

    /// Memory cannot be throttled: a worker planned beyond its own by the hysteresis loses members
    /// until it is within it, those that need most first.
    mutating func relieveMemory(_ effects: inout CellEffects) {
        for worker in ledger.workers where worker.state == .ready {
            let risk = worker.risk(policy).memoryMb
            guard risk > Policy.memoryRelief * worker.capacity.memoryMb else { continue }
            let percent = Int(((risk / worker.capacity.memoryMb - 1) * 100).rounded())
            for id in byMemory(members[worker.name] ?? []) where movesLeft > 0 {
                guard let index = ledger.index(of: worker.name),
                    ledger.workers[index].overrunsMemory(policy)
                else { break }
                let cause = Cause.overMemory(worker.name, percent: percent)
                if move(id, from: worker.name, because: cause, &effects) { clock.moves += 1 }
            }
        }
    }

    /// The largest first, then the least promised.
    private func byMemory(_ ids: Set<FunctionID>) -> [FunctionID] {
        var ordered: [(id: FunctionID, need: Double, rank: Int)] = []
        for id in ids {
            guard let function = functions[id] else { continue }
            let part = profile(of: id).divided(by: function.placements.count)
            ordered.append((id, part.need(policy).memoryMb, function.tier.rank))
        }
        ordered.sort { a, b in (-a.need, -a.rank, a.id) < (-b.need, -b.rank, b.id) }
        return ordered.map(\.id)
    }

    /// Once an hour: fewer workers for functions that were spread, then a worker less.
    mutating func consolidate(_ effects: inout CellEffects) {
        guard clock.consolidatedHour != clock.hour else { return }
        clock.consolidatedHour = clock.hour
        joinSpread(&effects)
        freeWorker(&effects)
    }

    /// A function that needs fewer workers than it has is put on fewer, if none has to be opened.
    private mutating func joinSpread(_ effects: inout CellEffects) {
        let spread = functions.filter { $0.value.placements.count > 1 }.keys.sorted()
        for id in spread where movesLeft > 0 {
            guard let before = functions[id]?.placements.count else { continue }
            let (keptLedger, keptMembers) = (ledger, members)
            release(id)
            let used = keptLedger.workersUsed
            if case .placed(let choices) = ledger.place(profile(of: id)),
                choices.count < before, ledger.workersUsed <= used
            {
                settle(id, choices, because: .joining, &effects)
                clock.moves += 1
            } else {
                (ledger, members) = (keptLedger, keptMembers)
            }
        }
    }

    /// The first of the emptiest workers whose every member fits the others in use is
    /// freed, over as many hours as the budget asks for: a whole worker is gained or nothing.
    private mutating func freeWorker(_ effects: inout CellEffects) {
        let candidates = ledger.workers.filter { $0.state == .ready && $0.members > 0 }
            .map { ($0.fullness(policy), $0.name) }.sorted { $0 < $1 }
        guard candidates.count > 1 else { return }
        for (_, name) in candidates.prefix(Limits.freeingTriesMax) {
            guard let leaving = leavers(of: name) else { continue }
            for id in leaving where movesLeft > 0 {
                guard
                    move(
                        id, from: name, because: .freeing(name), share: policy.consolidatedShare,
                        opening: false, &effects)
                else { break }
                clock.moves += 1
            }
            return
        }
    }

    /// A worker's members, the largest first, if all of them fit the other workers in use.
    private func leavers(of name: String) -> [FunctionID]? {
        guard let index = ledger.index(of: name), let window = clock.window,
            let ids = members[name],
            ids.count <= policy.movesPerHour(functions: functions.count) * Limits.freeingHoursMax
        else { return nil }
        var ordered: [(id: FunctionID, part: Profile, need: Double)] = []
        for id in ids {
            guard let function = functions[id],
                window.settledSlot - function.demand.firstSlot >= Limits.freeingHistorySlots
            else { return nil }
            let part = profile(of: id).divided(by: function.placements.count)
            ordered.append((id, part, part.need(policy).milliCpu))
        }
        ordered.sort { a, b in (-a.need, a.id) < (-b.need, b.id) }
        var trial = ledger
        for entry in ordered {
            trial.release(entry.part, at: index)
            let occupied = (functions[entry.id]?.placements ?? []).compactMap(trial.index)
            guard
                let choice = trial.choose(
                    for: entry.part, excluding: occupied, share: policy.consolidatedShare,
                    opening: false)
            else { return nil }
            trial.reserve(entry.part, at: choice.worker)
        }
        return ordered.map(\.id)
    }
}
