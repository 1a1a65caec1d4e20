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
        let hasDays = has("function_days")
        // The latest day of any of them is the day of all.
        let days =
            hasDays
            ? """
            left join lateral (
                select day, invocations, cpu_ms from function_days d
                where (d.customer, d.service, d.function) = (m.customer, m.service, m.function)
                order by day desc limit 1
            ) d on true
            """ : ""
        let rows = try rows(
            """
            with m as (
                select customer, service, function, tier, (p ->> 'share')::float8 as share
                from assignments, jsonb_array_elements(placements) p
                where cell = $1 and p ->> 'worker' = $2
                order by customer, service, function limit $3
            )
            select m.customer, m.service, m.function, m.tier, m.share,
                \(hasDays
                    ? "extract(epoch from d.day)::bigint * 1000, d.invocations::float8[], d.cpu_ms::float8[]"
                    : "null::bigint, null::float8[], null::float8[]")
            from m \(days) order by 1, 2, 3
            """, .int(worker.cell), .text(worker.worker), .int(Limits.membersListed))
        return rows.map { row in
            let startMs = row[5] as Int64?
            return WorkerDetail.Member(
                name: FunctionName(customer: row[0], service: row[1], function: row[2]),
                tier: row[3], share: row[4],
                day: startMs.map { .init(startMs: $0, invocations: row[6], cpuMs: row[7]) })
        }
    }
}
