internal import Numerics
internal import Processing
public import Topics

/// A row of the allocator's tables.
public enum AllocatorRow: Sendable, Equatable {
    /// Where a function is now.
    case assignment(Assignment)
    /// One decision of many, kept for a while.
    case assignmentHistory(Assignment)
    case assignmentRemoved(FunctionID)
    case worker(WorkerRow)
    case workerRemoved(cell: Int32, worker: String)
    case cell(CellRow)
    case fairness(FairnessRow)
    case plan(FleetPlan)
    case overload(OverloadRow)
}

/// A worker and its plan.
public struct WorkerRow: Sendable, Equatable {
    public let cell: Int32
    public let worker: String
    public let state: WorkerReported.State
    public let milliCpu: Double
    public let memoryMb: Double
    /// Parts of functions on it.
    public let members: Int
    /// What the members' tiers need for all but what one worker may use of their budgets.
    public let plannedMilliCpu: Double
    /// The week's peak with the room for noise.
    public let plannedMemoryMb: Double
    public let guaranteedMilliCpu: Int
    public let guaranteedMemoryMb: Int
    /// At the week's mean load; 0 while it is empty and may be off; nil when unknown.
    public let watts: Double?
    /// (84) mCPU: the planned peak of every two hours of the week from Monday 00:00 UTC; empty
    /// without members.
    public let milliCpuByTwoHours: [Int]
    public let asOfMs: Int64
}

/// A cell in one line.
public struct CellRow: Sendable, Equatable {
    public let cell: Int32
    public let functions: Int
    public let waiting: Int
    public let workersReady: Int
    public let workersUsed: Int
    /// What first-fit decreasing on each function's own peak would use; nil without ready workers.
    public let workersSumOfPeaks: Int?
    /// What no placement can undercut.
    public let workersBound: Int?
    /// Voluntary moves in the current hour of event time.
    public let moves: Int
    public let asOfMs: Int64
}

/// How a cell keeps one tier's budget.
public struct OverloadRow: Sendable, Equatable {
    public let cell: Int32
    public let tier: Tier
    /// The share of its workers' slots in which the tier may get less CPU than it needs.
    public let budget: Double
    /// The share foretold of the placement as it is.
    public let expected: Double
    /// The standard deviations of noise that room is left for, and the days it was learned from.
    public let deviations: Double
    public let days: Int
    /// With members of the tier.
    public let workers: Int
    /// Of those workers in the hour of event time, as measured; and those over capacity.
    public let slots: Int
    public let over: Int
    /// When the hour began.
    public let hourMs: Int64
}

extension Cell {
    /// Rows of workers whose plan changed since they were last saved, and the cell's.
    mutating func saveRows(_ effects: inout CellEffects) {
        for name in staleRows.sorted() {
            if let row = workerRow(name) { effects.save(.worker(row)) }
        }
        staleRows = []
        effects.save(.cell(cellRow))
        for row in overloadRows() { effects.save(.overload(row)) }
    }

    var waiting: Int { functions.values.count { $0.placements.isEmpty } }

    var cellRow: CellRow {
        CellRow(
            cell: number, functions: functions.count, waiting: waiting,
            workersReady: ledger.workers.count { $0.state == .ready },
            workersUsed: ledger.workersUsed, workersSumOfPeaks: summary?.workersSumOfPeaks,
            workersBound: summary?.workersBound, moves: clock.moves, asOfMs: nowMs)
    }

    private func workerRow(_ name: String) -> WorkerRow? {
        guard let index = ledger.index(of: name), let report = reports[name] else { return nil }
        let worker = ledger.workers[index]
        let risk = worker.risk(policy)
        return WorkerRow(
            cell: number, worker: name, state: worker.state, milliCpu: report.milliCpu,
            memoryMb: report.memoryMb, members: worker.members,
            plannedMilliCpu: worker.plannedMilliCpu(policy), plannedMemoryMb: risk.memoryMb,
            guaranteedMilliCpu: worker.guaranteed.milliCpu,
            guaranteedMemoryMb: worker.guaranteed.memoryMb, watts: watts(worker, report),
            milliCpuByTwoHours: mondayFirst(worker.cpu.all.blockMax), asOfMs: nowMs)
    }

    /// `P = P_idle + (P_peak - P_idle) x u`
    private func watts(_ worker: WorkerLoad, _ report: WorkerReported) -> Double? {
        guard let idle = report.wattsIdle, let peak = report.wattsPeak else { return nil }
        guard worker.members > 0 else { return 0 }
        let sum = worker.cpu.all.values.reduce(into: 0) { $0 += Int($1) }
        let mean = Double(sum) / Double(worker.cpu.all.values.count)
        return idle + (peak - idle) * min(1, mean / report.milliCpu)
    }

    /// Day 0 of 1970 was a Thursday, so Monday is the fifth of a week's days.
    private func mondayFirst(_ blocks: [Int32]) -> [Int] {
        let monday = 4 * DemandWeek.slotsPerDay / Series.blockSlots
        guard blocks.count > monday else { return [] }
        return (blocks[monday...] + blocks[..<monday]).map(Int.init)
    }
}
