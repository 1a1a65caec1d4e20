internal import Numerics
internal import Processing
internal import Topics

/// The functions of a partition, its workers, and which function is where.
///
/// What a decision rests on changes only when the cell is evaluated, every 15 minutes of event
/// time: shapes that arrive between are kept aside. So the ledger is a function of what is kept,
/// and a restart rebuilds it exactly.
struct Cell {
    let number: Int32
    var policy: Policy

    var functions: [FunctionID: PlacedFunction] = [:]
    var services: [ServiceID: KnownService] = [:]
    /// The functions in antiphase to a function, best first; also of functions still unknown.
    var opposites: [FunctionID: [FunctionID]] = [:]
    var reports: [String: WorkerReported] = [:]
    var clock = Clock()
    var learned = LearnedDeviations()
    var measured = MeasuredOverload()
    /// As `rebuild` makes it of the above.
    var ledger: Ledger
    var members: [String: Set<FunctionID>] = [:]

    var changes = Changes()
    /// Entries were put back, and the ledger has not been rebuilt of them yet.
    var restored = false
    /// Entries were put back, and the topic has not been told again what they say.
    var isUntold = false
    /// As the last evaluation found; nil before the first.
    var summary: Summary?
    /// Workers whose rows are older than the ledger.
    var staleRows: Set<String> = []
    /// Of functions seen by the last evaluation.
    var claims: [FunctionID: Claim] = [:]
    /// By customer, as the rows say; empty after a restart, and all are then saved again.
    var savedStandings: [String: FairnessReport.Standing] = [:]
    /// What the last weeks' hours took, which plans rest on.
    var history = NeedHistory()
    /// Of functions whose work may wait for an hour or more.
    var slackHours: [FunctionID: Int] = [:]

    init(_ number: Int32, _ policy: Policy) {
        self.number = number
        self.policy = policy
        ledger = Ledger(policy)
    }

    struct Clock: Equatable {
        /// The newest slot of which a shape was seen.
        var newestSlot: Int64?
        /// As of the last evaluation.
        var window: Window?
        /// The hour since 1970 that `moves` counts for.
        var hour: Int64 = 0
        /// Voluntary moves made in it.
        var moves = 0
        /// When it was last tried with fewer workers.
        var consolidatedHour: Int64 = 0
    }

    /// Of what the decisions rest on: the end of the newest slot.
    var nowMs: Int64 { clock.newestSlot.map { ($0 + 1) * DemandWeek.slotMs } ?? 0 }

    func profile(of id: FunctionID) -> Profile {
        guard let function = functions[id], let window = clock.window else {
            preconditionFailure("function \(id) is profiled before it was seen")
        }
        let profile = Profile(function.demand, in: window, tier: function.tier)
        return policy.kind == .sumOfPeaks ? profile.atPeak : profile
    }
}

/// A function, its demand as of the last evaluation, and where it is.
struct PlacedFunction: Equatable {
    var demand: Demand
    /// Arrived since the last evaluation, by slot.
    var pending: [SlotUse] = []
    var tier: Tier
    /// Worker names; its load is spread evenly over them. Empty while it waits.
    var placements: [String] = []
    var revision = 0
    var decidedAtMs: Int64 = 0
    var reason = ""

    /// A correction supersedes; what was superseded and comes again does not.
    mutating func keep(_ use: SlotUse) {
        if let place = pending.firstIndex(where: { $0.slot == use.slot }) {
            if pending[place].correction <= use.correction { pending[place] = use }
        } else {
            pending.append(use)
        }
    }

    /// - Returns: the slots that were recorded.
    mutating func recordPending() -> [Int64] {
        let uses = pending
        pending = []
        return demand.record(uses)
    }
}

/// What predictions say of a service, and its functions that were seen.
struct KnownService: Equatable {
    var tier: Tier?
    var prior: Prior?
    var functions: [FunctionID] = []
}

/// What the cell comes to, beside packing by each function's own peak.
struct Summary: Equatable {
    let workersSumOfPeaks: Int
    let workersBound: Int
}

// MARK: - Messages

extension Cell {
    mutating func take(_ shape: FunctionShape, _ effects: inout CellEffects) throws(Rejection) {
        let id = shape.functionID
        let use = SlotUse(shape)
        if functions[id] == nil { try makeRoom(for: id, &effects) }
        noteSlack(shape)
        let newest = clock.newestSlot
        if newest.map({ use.slot > $0 }) ?? true {
            clock.newestSlot = use.slot
            changes.cell = true
            let due = Limits.evaluationSlots
            if newest.map({ $0 / due < use.slot / due }) ?? true { evaluate(&effects) }
        }
        guard functions[id] == nil else {
            functions[id]?.keep(use)
            changes.pending.insert(id)
            if functions[id]?.pending.count ?? 0 > Limits.pendingMax { refresh(id) }
            return
        }
        meet(id, use, &effects)
    }

    /// A function's first shape: it gets an assignment, if only to say that it waits.
    private mutating func meet(_ id: FunctionID, _ use: SlotUse, _ effects: inout CellEffects) {
        services[id.service, default: KnownService()].functions.append(id)
        let service = services[id.service, default: KnownService()]
        var demand = Demand(firstSlot: use.slot)
        demand.record([use])
        demand.prior = service.prior?.divided(among: service.functions.count)
        functions[id] = PlacedFunction(demand: demand, tier: service.tier ?? .burstable)
        changes.note(demandOf: id, slot: use.slot)
        place(id, because: .new, &effects)
    }

    /// - Throws: when the cell is full of functions that were active within the week.
    private mutating func makeRoom(
        for id: FunctionID, _ effects: inout CellEffects
    ) throws(Rejection) {
        guard functions.count >= Limits.functionsPerCellMax else { return }
        let silent = functions.min { a, b in
            (a.value.lastSlot, a.key) < (b.value.lastSlot, b.key)
        }
        let weekAgo = (clock.newestSlot ?? 0) - Int64(DemandWeek.slots)
        guard let silent, silent.value.lastSlot < weekAgo else {
            throw Rejection(
                .tooLarge,
                "cell \(number) has \(functions.count) functions, no room for \(id)")
        }
        forget(silent.key, &effects)
    }

    mutating func take(_ prediction: Prediction, _ effects: inout CellEffects) {
        let id = prediction.serviceID
        var service = services[id, default: KnownService()]
        let before = service
        service.tier = prediction.tier
        service.prior = Prior(prediction.milliCpu)
        guard service != before else { return }
        guard services[id] != nil || services.count < Limits.functionsPerCellMax else {
            effects.count("predictions_beyond_limit_total")
            return
        }
        services[id] = service
        changes.services.insert(id)
        guard service.tier != before.tier else { return }
        for function in service.functions.sorted() {
            change(function, to: prediction.tier, &effects)
        }
    }

    mutating func take(_ representation: Representation, _ effects: inout CellEffects) {
        let id = representation.functionID
        let kept = representation.opposite.prefix(Limits.oppositesMax).map(\.functionID)
        guard opposites[id] != nil || opposites.count < Limits.functionsPerCellMax else {
            effects.count("representations_beyond_limit_total")
            return
        }
        guard opposites[id] ?? [] != kept else { return }
        opposites[id] = kept.isEmpty ? nil : kept
        changes.opposites.insert(id)
    }

    mutating func take(_ report: WorkerReported, _ effects: inout CellEffects) throws(Rejection) {
        guard report.cell == number else {
            throw Rejection(
                .outOfRange,
                "worker \(report.worker) is of cell \(report.cell), expected \(number)")
        }
        let known = reports[report.worker]
        guard report != known else { return }
        guard report.state != .gone else { return remove(report.worker, &effects) }
        let worker = WorkerLoad(
            name: report.worker, milliCpu: report.milliCpu, memoryMb: report.memoryMb,
            state: report.state)
        if let index = ledger.index(of: report.worker) {
            ledger.update(at: index, capacity: worker.capacity, state: worker.state)
        } else {
            guard reports.count < Limits.workersPerCellMax else {
                throw Rejection(
                    .tooLarge,
                    "cell \(number) has \(reports.count) workers, no room for \(report.worker)")
            }
            ledger.insert(worker)
        }
        reports[report.worker] = report
        changes.workers.insert(report.worker)
        staleRows.insert(report.worker)
        if report.state == .ready {
            retryWaiting(&effects)
            emptyDraining(&effects)
            keepGuarantees(&effects)
        } else {
            emptyDraining(&effects)
        }
    }

    /// A worker that is gone takes its members' placements with it.
    mutating func remove(_ worker: String, _ effects: inout CellEffects) {
        guard reports[worker] != nil, let index = ledger.index(of: worker) else { return }
        let lost = byTier(members[worker] ?? [])
        for id in lost { release(id) }
        guard ledger.workers[index].members == 0 else {
            preconditionFailure("worker \(worker) keeps members after all were released")
        }
        ledger.remove(at: index)
        reports[worker] = nil
        members[worker] = nil
        staleRows.remove(worker)
        changes.workers.insert(worker)
        effects.save(.workerRemoved(cell: number, worker: worker))
        for id in lost { functions[id]?.placements = [] }
        for id in lost { place(id, because: .gone(worker), &effects) }
    }
}
