internal import Postgres

extension Views {
    /// The fullest first; nil before the allocator has started.
    mutating func workers() throws(PostgresError) -> [WorkerLine]? {
        guard has("workers") else { return nil }
        return try rows(
            """
            select \(Self.columns) from workers
            order by planned_share desc, cell, worker limit $1
            """, .int(Limits.workersListed)
        ).map(Self.line)
    }

    /// - Parameter cell: nil takes the first cell that has a worker of this name.
    mutating func worker(
        _ name: String, cell: Int?
    ) throws(PostgresError) -> WorkerDetail? {
        guard has("workers") else { return nil }
        let lines = try rows(
            """
            select \(Self.columns),
                coalesce((select array_agg(v::float8 order by place)
                    from jsonb_array_elements_text(milli_cpu_by_two_hours)
                        with ordinality as e (v, place)), '{}')
            from workers where worker = $1 order by cell
            """, .text(name))
        let row = lines.first { cell == nil || Int($0[1] as Int32) == cell }
        guard let row else { return nil }
        let line = Self.line(row)
        return WorkerDetail(
            line: line, planMilliCPU: row[11], members: try members(of: line),
            otherCells: lines.map { Int($0[1] as Int32) }.filter { $0 != line.cell },
            fleetLastSeenMs: try fleetLastSeenMs())
    }

    private static var columns: String {
        """
        worker, cell, state, milli_cpu, memory_mb, members, planned_milli_cpu,
        planned_memory_mb, guaranteed_milli_cpu, watts, as_of
        """
    }

    private static func line(_ row: Row) -> WorkerLine {
        WorkerLine(
            worker: row[0], cell: row[1], state: row[2], milliCPU: row[3], memoryMb: row[4],
            members: row[5], plannedMilliCPU: row[6], plannedMemoryMb: row[7],
            guaranteedMilliCPU: row[8], watts: row[9], asOfMs: row[10])
    }

    private mutating func members(
        of worker: WorkerLine
    ) throws(PostgresError) -> [WorkerDetail.Member] {
        guard has("assignments") else { return [] }
        let rows = try rows(
            """
            select customer, service, function, tier, (p ->> 'share')::float8
            from assignments, jsonb_array_elements(placements) p
            where cell = $1 and p ->> 'worker' = $2
            order by customer, service, function limit $3
            """, .int(worker.cell), .text(worker.worker), .int(Limits.membersListed))
        let days = try memberDays(of: worker)
        return rows.map { row in
            let name = FunctionName(customer: row[0], service: row[1], function: row[2])
            return WorkerDetail.Member(
                name: name, tier: row[3], share: row[4], days: days[name] ?? [])
        }
    }

    /// The days on which the fleet's last 24 hours lie.
    private mutating func memberDays(
        of worker: WorkerLine
    ) throws(PostgresError) -> [FunctionName: [FunctionDetail.Day]] {
        guard has("function_days"), let seenMs = try fleetLastSeenMs() else { return [:] }
        let rows = try rows(
            """
            select customer, service, function, extract(epoch from day)::bigint * 1000,
                cpu_ms::float8[]
            from function_days join (
                select customer, service, function
                from assignments, jsonb_array_elements(placements) p
                where cell = $1 and p ->> 'worker' = $2
                order by customer, service, function limit $3
            ) m using (customer, service, function)
            where day between (to_timestamp($4::bigint / 1000) at time zone 'UTC')::date - 1
                and (to_timestamp($4::bigint / 1000) at time zone 'UTC')::date
            """, .int(worker.cell), .text(worker.worker), .int(Limits.membersListed),
            .int8(seenMs))
        return rows.reduce(into: [:]) { days, row in
            let name = FunctionName(customer: row[0], service: row[1], function: row[2])
            days[name, default: []].append(
                .init(startMs: row[3], cpuMs: row[4]))
        }
    }
}
