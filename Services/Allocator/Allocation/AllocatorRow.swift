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
    /// Risk: the week's peak with the room for noise.
    public let plannedMilliCpu: Double
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

extension Cell {
    /// Rows of workers whose plan changed since they were last saved, and the cell's.
    mutating func saveRows(_ effects: inout CellEffects) {
        for name in staleRows.sorted() {
            if let row = workerRow(name) { effects.save(.worker(row)) }
        }
        staleRows = []
        effects.save(.cell(cellRow))
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
            plannedMilliCpu: risk.milliCpu, plannedMemoryMb: risk.memoryMb,
            guaranteedMilliCpu: worker.cpu.guaranteed,
            guaranteedMemoryMb: worker.memory.guaranteed, watts: watts(worker, report),
            milliCpuByTwoHours: mondayFirst(worker.cpu.blockMax), asOfMs: nowMs)
    }

    /// `P = P_idle + (P_peak - P_idle) x u`
    private func watts(_ worker: WorkerLoad, _ report: WorkerReported) -> Double? {
        guard let idle = report.wattsIdle, let peak = report.wattsPeak else { return nil }
        guard worker.members > 0 else { return 0 }
        let sum = worker.cpu.values.reduce(into: 0) { $0 += Int($1) }
        let mean = Double(sum) / Double(worker.cpu.values.count)
        return idle + (peak - idle) * min(1, mean / report.milliCpu)
    }

    /// Day 0 of 1970 was a Thursday, so Monday is the fifth of a week's days.
    private func mondayFirst(_ blocks: [Int32]) -> [Int] {
        let monday = 4 * DemandWeek.slotsPerDay / Series.blockSlots
        guard blocks.count > monday else { return [] }
        return (blocks[monday...] + blocks[..<monday]).map(Int.init)
    }
}
