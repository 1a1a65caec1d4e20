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

    /// A worker planned beyond its capacity by the hysteresis loses, as long as it is beyond its
    /// capacity, the member whose leaving lowers its plan most and that has a better home.
    mutating func relieveOverloaded(_ effects: inout CellEffects) {
        for worker in ledger.workers
        where worker.state == .ready && worker.fullness(policy) > policy.relief {
            let percent = Int(((worker.fullness(policy) - 1) * 100).rounded())
            let cause = Cause.overloaded(worker.name, percent: percent)
            while movesLeft > 0, let index = ledger.index(of: worker.name),
                ledger.workers[index].fullness(policy) > 1
            {
                var moved = false
                for id in byRelief(of: index) where !moved {
                    moved = move(id, from: worker.name, because: cause, &effects)
                }
                guard moved else { break }
                clock.moves += 1
            }
        }
    }

    /// Members by how much their leaving relieves a worker, most first; then the least promised.
    private func byRelief(of index: Int) -> [FunctionID] {
        let worker = ledger.workers[index]
        var ordered: [(id: FunctionID, left: Double, rank: Int)] = []
        for id in members[worker.name] ?? [] {
            guard let function = functions[id] else { continue }
            let part = profile(of: id).divided(by: function.placements.count)
            ordered.append(
                (id, worker.fullness(without: part, policy), -function.tier.rank))
        }
        ordered.sort { a, b in (a.left, a.rank, a.id) < (b.left, b.rank, b.id) }
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
                        id, from: name, because: .freeing(name), fill: policy.consolidatedFill,
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
                    for: entry.part, excluding: occupied, fill: policy.consolidatedFill,
                    opening: false)
            else { return nil }
            trial.reserve(entry.part, at: choice.worker)
        }
        return ordered.map(\.id)
    }
}
