internal import Numerics
internal import Processing
internal import Topics

extension Cell {
    /// Takes in what arrived, plans anew, and moves what must or pays to be moved.
    mutating func evaluate(_ effects: inout CellEffects) {
        guard let newest = clock.newestSlot else { return }
        clock.window = Window(newestSlot: newest)
        changes.cell = true
        guard !functions.isEmpty || !reports.isEmpty else { return }
        for id in Array(functions.keys) { absorb(id) }
        rebuild()
        keepGuarantees(&effects)
        emptyDraining(&effects)
        retryWaiting(&effects)
        openBudget()
        relieveOverloaded(&effects)
        freeWorker(&effects)
        saveRows(&effects)
    }

    /// Evaluates one function between two evaluations of the cell.
    mutating func refresh(_ id: FunctionID) {
        release(id)
        absorb(id)
        reserve(id)
    }

    /// The ledger is the sum of the functions' profiles on the workers reported; whole numbers, so
    /// that neither order nor a restart shows.
    mutating func rebuild() {
        restored = false
        if ledger.workers.count != reports.count {
            ledger = Ledger(policy)
            for report in reports.values {
                ledger.insert(
                    WorkerLoad(
                        name: report.worker, milliCpu: report.milliCpu,
                        memoryMb: report.memoryMb, state: report.state))
            }
        }
        ledger.clear()
        members = [:]
        guard clock.window != nil else { return }
        var packing = PeakPacking()
        for id in functions.keys {
            packing.add(profile(of: id))
            reserve(id)
        }
        summary = packing.summary(
            of: ledger.workers.filter { $0.state == .ready }.map(\.capacity))
        staleRows = Set(reports.keys)
    }

    private mutating func absorb(_ id: FunctionID) {
        guard let window = clock.window, let firstSlot = functions[id]?.demand.firstSlot else {
            return
        }
        let service = services[id.service]
        let young =
            window.settledSlot - firstSlot < Limits.priorHoursMax * Limits.slotsPerHour
        let prior =
            young ? service?.prior?.divided(among: max(1, service?.functions.count ?? 1)) : nil
        if functions[id]?.pending.isEmpty == false {
            changes.pending.insert(id)
            for slot in functions[id]?.recordPending() ?? [] {
                changes.note(demandOf: id, slot: slot)
            }
        }
        if functions[id]?.demand.prior != prior || functions[id]?.demand.firstSlot != firstSlot {
            functions[id]?.demand.prior = prior
            changes.functions.insert(id)
        }
    }

    // MARK: What must move: no budget

    /// Draining workers are emptied as far as others have room, those promised most first.
    mutating func emptyDraining(_ effects: inout CellEffects) {
        for name in ledger.workers.filter({ $0.state != .ready && $0.members > 0 }).map(\.name) {
            for id in byTier(members[name] ?? []) {
                _ = move(id, from: name, because: .draining(name), &effects)
            }
        }
    }

    /// Guaranteed parts that grew beyond a worker's capacity leave it, as far as others have room.
    mutating func keepGuarantees(_ effects: inout CellEffects) {
        for name in ledger.workers.filter({ !$0.keepsGuarantees }).map(\.name) {
            for id in byTier(members[name] ?? []) where functions[id]?.tier == .guaranteed {
                guard let index = ledger.index(of: name), !ledger.workers[index].keepsGuarantees
                else { break }
                _ = move(id, from: name, because: .guarantee(name), &effects)
            }
        }
    }

    mutating func change(_ id: FunctionID, to tier: Tier, _ effects: inout CellEffects) {
        guard let function = functions[id], function.tier != tier else { return }
        release(id)
        functions[id]?.tier = tier
        reserve(id)
        decide(
            id, function.placements,
            function.placements.isEmpty ? function.reason : Sentence.tier(tier), &effects)
        keepGuarantees(&effects)
    }

    /// The publication says that it is nowhere; afterwards it is as if it had never been seen.
    mutating func forget(_ id: FunctionID, _ effects: inout CellEffects) {
        guard functions[id] != nil else { return }
        release(id)
        decide(id, [], Sentence.silent, &effects)
        effects.save(.assignmentRemoved(id))
        functions[id] = nil
        services[id.service]?.functions.removeAll { $0 == id }
        opposites[id] = nil
        changes.forget(id)
    }

    // MARK: What pays to move: within the budget

    private mutating func openBudget() {
        let hour = (clock.newestSlot ?? 0) / Limits.slotsPerHour
        guard clock.hour != hour else { return }
        clock.hour = hour
        clock.moves = 0
    }

    var movesLeft: Int { policy.movesPerHour(functions: functions.count) - clock.moves }

    /// A worker planned beyond its capacity by the hysteresis loses, as long as it is beyond its
    /// capacity, the member whose leaving lowers its plan most and that has a better home.
    private mutating func relieveOverloaded(_ effects: inout CellEffects) {
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

    /// Once an hour, the first of the emptiest workers whose every member fits the others in use is
    /// freed, in as many hours as the budget asks for: the gain is a whole worker or nothing moves.
    private mutating func freeWorker(_ effects: inout CellEffects) {
        guard clock.freeingHour != clock.hour, movesLeft > 0 else { return }
        clock.freeingHour = clock.hour
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
