internal import Allocation
internal import Postgres
internal import Topics

/// Writes the allocator's rows; what a batch says of one thing twice is written once, the last.
struct AllocatorTables {
    func write(_ rows: [AllocatorRow], to session: inout Session) throws {
        let batch = Batch(rows)
        try writeAssignments(batch.assignments, to: &session)
        try writeHistory(batch.history, to: &session)
        try writeWorkers(batch.workers, to: &session)
        try writeCells(Array(batch.cells.values), to: &session)
        try writeHours(Array(batch.hours.values), to: &session)
        try OverloadTables().write(rows, to: &session)
        try FairnessTables(batch.fairness).write(to: &session)
        try PlanningTables(Array(batch.plans.values)).write(to: &session)
    }

    private func writeAssignments(
        _ assignments: [FunctionID: Assignment?], to session: inout Session
    ) throws {
        let gone = assignments.filter { $0.value == nil }.map(\.key)
        if !gone.isEmpty {
            try session.execute(
                """
                delete from assignments using unnest($1::text[], $2::text[], $3::text[])
                    as gone (customer, service, function)
                where (assignments.customer, assignments.service, assignments.function)
                    = (gone.customer, gone.service, gone.function)
                """,
                .textArray(gone.map(\.service.customer)), .textArray(gone.map(\.service.service)),
                .textArray(gone.map(\.function)))
        }
        let kept = assignments.values.compactMap { $0 }
        guard !kept.isEmpty else { return }
        try session.execute(
            """
            insert into assignments select * from \(Self.unnested)
            on conflict (customer, service, function) do update set
                cell = excluded.cell, tier = excluded.tier, placements = excluded.placements,
                reason = excluded.reason, decided_at = excluded.decided_at,
                revision = excluded.revision
            """, parameters(kept))
    }

    private func writeHistory(_ decisions: [Assignment], to session: inout Session) throws {
        guard !decisions.isEmpty else { return }
        let first = try prepareDays(
            "assignment_history", decisions.map(\.decidedAtMs), &session)
        try session.execute(
            """
            insert into assignment_history select * from \(Self.unnested)
            where decided_at >= $10
            on conflict (decided_at, customer, service, function, revision) do update set
                cell = excluded.cell, tier = excluded.tier, placements = excluded.placements,
                reason = excluded.reason
            """, parameters(decisions) + [.timestampMs(first)])
    }

    private static let unnested = """
        unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::jsonb[],
            $7::text[], $8::timestamptz[], $9::bigint[])
            as row (customer, service, function, cell, tier, placements, reason, decided_at,
                revision)
        """

    private func parameters(_ assignments: [Assignment]) -> [Parameter] {
        [
            .textArray(assignments.map(\.customer)), .textArray(assignments.map(\.service)),
            .textArray(assignments.map(\.function)), .int4Array(assignments.map(\.cell)),
            .textArray(assignments.map(\.tier.rawValue)),
            .jsonArray(assignments.map { json($0.placements) }),
            .textArray(assignments.map(\.reason)),
            .timestampMsArray(assignments.map(\.decidedAtMs)),
            .int8Array(assignments.map { Int64($0.revision) }),
        ]
    }

    private func writeWorkers(
        _ workers: [Batch.WorkerKey: WorkerRow?], to session: inout Session
    ) throws {
        let gone = workers.filter { $0.value == nil }.map(\.key)
        if !gone.isEmpty {
            try session.execute(
                """
                delete from workers using unnest($1::int[], $2::text[]) as gone (cell, worker)
                where (workers.cell, workers.worker) = (gone.cell, gone.worker)
                """, .int4Array(gone.map(\.cell)), .textArray(gone.map(\.worker)))
        }
        let rows = workers.values.compactMap { $0 }
        guard !rows.isEmpty else { return }
        try session.execute(
            """
            insert into workers
            select * from unnest($1::int[], $2::text[], $3::text[], $4::float8[], $5::float8[],
                $6::bigint[], $7::float8[], $8::float8[], $9::bigint[], $10::bigint[],
                $11::float8[], $12::jsonb[], $13::timestamptz[])
            on conflict (cell, worker) do update set
                state = excluded.state, milli_cpu = excluded.milli_cpu,
                memory_mb = excluded.memory_mb, members = excluded.members,
                planned_milli_cpu = excluded.planned_milli_cpu,
                planned_memory_mb = excluded.planned_memory_mb,
                guaranteed_milli_cpu = excluded.guaranteed_milli_cpu,
                guaranteed_memory_mb = excluded.guaranteed_memory_mb, watts = excluded.watts,
                milli_cpu_by_two_hours = excluded.milli_cpu_by_two_hours,
                as_of = excluded.as_of
            """,
            .int4Array(rows.map(\.cell)), .textArray(rows.map(\.worker)),
            .textArray(rows.map(\.state.rawValue)), .float8Array(rows.map(\.milliCpu)),
            .float8Array(rows.map(\.memoryMb)), .int8Array(rows.map { Int64($0.members) }),
            .float8Array(rows.map(\.plannedMilliCpu)), .float8Array(rows.map(\.plannedMemoryMb)),
            .int8Array(rows.map { Int64($0.guaranteedMilliCpu) }),
            .int8Array(rows.map { Int64($0.guaranteedMemoryMb) }),
            .float8Array(rows.map(\.watts)),
            .jsonArray(rows.map { "\($0.milliCpuByTwoHours)" }),
            .timestampMsArray(rows.map(\.asOfMs)))
    }

    private func writeCells(_ cells: [CellRow], to session: inout Session) throws {
        guard !cells.isEmpty else { return }
        try session.execute(
            """
            insert into cells select * from \(Self.unnestedCells)
            on conflict (cell) do update set \(Self.cellFigures), as_of = excluded.as_of
            """, parameters(cells, asOfMs: cells.map(\.asOfMs)))
    }

    private func writeHours(_ cells: [CellRow], to session: inout Session) throws {
        guard !cells.isEmpty else { return }
        let hours = cells.map { $0.asOfMs - $0.asOfMs % Batch.hourMs }
        let first = try prepareDays("cell_history", hours, &session)
        try session.execute(
            """
            insert into cell_history select * from \(Self.unnestedCells) where as_of >= $10
            on conflict (as_of, cell) do update set \(Self.cellFigures)
            """, parameters(cells, asOfMs: hours) + [.timestampMs(first)])
    }

    private static let unnestedCells = """
        unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::timestamptz[])
            as row (cell, functions, waiting, workers_ready, workers_used,
                workers_sum_of_peaks, workers_bound, moves, as_of)
        """

    private static let cellFigures = """
        functions = excluded.functions, waiting = excluded.waiting,
        workers_ready = excluded.workers_ready, workers_used = excluded.workers_used,
        workers_sum_of_peaks = excluded.workers_sum_of_peaks,
        workers_bound = excluded.workers_bound, moves = excluded.moves
        """

    private func parameters(_ cells: [CellRow], asOfMs: [Int64]) -> [Parameter] {
        [
            .int4Array(cells.map(\.cell)), .int8Array(cells.map { Int64($0.functions) }),
            .int8Array(cells.map { Int64($0.waiting) }),
            .int8Array(cells.map { Int64($0.workersReady) }),
            .int8Array(cells.map { Int64($0.workersUsed) }),
            .int8Array(cells.map { $0.workersSumOfPeaks.map(Int64.init) }),
            .int8Array(cells.map { $0.workersBound.map(Int64.init) }),
            .int8Array(cells.map { Int64($0.moves) }), .timestampMsArray(asOfMs),
        ]
    }

    private func json(_ placements: [Assignment.Placement]) -> String {
        let parts = placements.map { placement in
            "{\"worker\": \(quoted(placement.worker)), \"share\": \(placement.share)}"
        }
        return "[\(parts.joined(separator: ", "))]"
    }
}

/// As JSON. Names hold no control character; see `FieldLimits`. By scalars: a mark with an accent
/// on it is still a mark.
func quoted(_ name: String) -> String {
    var text = "\""
    for scalar in name.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { text += "\\" }
        text.unicodeScalars.append(scalar)
    }
    return text + "\""
}

/// Rows by what they are about, the last of each.
private struct Batch {
    static let hourMs: Int64 = 3_600_000

    struct WorkerKey: Hashable {
        let cell: Int32
        let worker: String
    }

    struct HourKey: Hashable {
        let cell: Int32
        let hour: Int64
    }

    struct DecisionKey: Hashable {
        let id: FunctionID
        let revision: Int
        let decidedAtMs: Int64
    }

    /// nil: the row is to go.
    var assignments: [FunctionID: Assignment?] = [:]
    var workers: [WorkerKey: WorkerRow?] = [:]
    var cells: [Int32: CellRow] = [:]
    var hours: [HourKey: CellRow] = [:]
    var fairness: [FairnessRow] = []
    var plans: [Int32: FleetPlan] = [:]
    private var decisions: [DecisionKey: Assignment] = [:]
    var history: [Assignment] { Array(decisions.values) }

    init(_ rows: [AllocatorRow]) {
        for row in rows {
            switch row {
            case .assignment(let assignment):
                assignments[assignment.functionID] = .some(assignment)
            case .assignmentHistory(let assignment):
                let key = DecisionKey(
                    id: assignment.functionID, revision: assignment.revision,
                    decidedAtMs: assignment.decidedAtMs)
                decisions[key] = assignment
            case .assignmentRemoved(let id): assignments[id] = .some(nil)
            case .worker(let worker):
                workers[WorkerKey(cell: worker.cell, worker: worker.worker)] = .some(worker)
            case .workerRemoved(let cell, let worker):
                workers[WorkerKey(cell: cell, worker: worker)] = .some(nil)
            case .cell(let cell):
                cells[cell.cell] = cell
                hours[HourKey(cell: cell.cell, hour: cell.asOfMs / Self.hourMs)] = cell
            case .overload: break
            case .fairness(let row): fairness.append(row)
            case .plan(let plan): plans[plan.cell] = plan
            }
        }
    }
}
