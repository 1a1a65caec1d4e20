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
        measureOverload(&effects)
        calibrate()
        keepGuarantees(&effects)
        emptyDraining(&effects)
        retryWaiting(&effects)
        openBudget()
        relieveMemory(&effects)
        relieveOverloaded(&effects)
        giveWay(&effects)
        consolidate(&effects)
        saveRows(&effects)
        saveFairness(&effects)
        plan(&effects)
    }

    /// Evaluates one function between two evaluations of the cell.
    mutating func refresh(_ id: FunctionID) {
        release(id)
        absorb(id)
        claims[id] = profile(of: id).claim
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
        claims = [:]
        guard clock.window != nil else { return }
        var packing = PeakPacking()
        for id in functions.keys {
            let profile = profile(of: id)
            packing.add(profile)
            claims[id] = profile.claim
            reserve(id, profile, isAssessed: false)
        }
        ledger.assess()
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
        claims[id] = nil
        slackHours[id] = nil
        changes.forget(id)
    }
}
