internal import Postgres

extension Views {
    /// The most invoked functions, or those whose name holds `search`.
    ///
    /// - Returns: at most `Limits.functionsListed`, and how many there are.
    mutating func functions(
        like search: String
    ) throws(PostgresError) -> (lines: [FunctionLine], found: Int) {
        guard has("functions") else { return ([], 0) }
        let hasAssignments = has("assignments")
        let placed =
            hasAssignments ? "left join assignments a using (customer, service, function)" : ""
        let matching = "strpos(lower(customer || '/' || service || '/' || function), lower($1)) > 0"
        let rows = try rows(
            """
            select customer, service, function, trigger, invocations::bigint, success::bigint,
                last_seen, found, \(hasAssignments ? "a.workers" : "null::text")
            from (
                select *, count(*) over () as found from functions
                where $1 = '' or \(matching)
                order by invocations desc, customer, service, function limit $2
            ) f \(placed)
            order by invocations desc, customer, service, function
            """, .text(search), .int(Limits.functionsListed))
        let lines = rows.map { row in
            FunctionLine(
                name: FunctionName(customer: row[0], service: row[1], function: row[2]),
                trigger: row[3], invocations: row[4], successes: row[5], lastSeenMs: row[6],
                workers: row[8])
        }
        return (lines, rows.first.map { $0[7] as Int } ?? 0)
    }

    mutating func detail(of name: FunctionName) throws(PostgresError) -> FunctionDetail {
        let representation = try representation(of: name)
        return FunctionDetail(
            name: name, facts: try facts(of: name), days: try days(of: name),
            representation: representation, prediction: try prediction(of: name),
            assignment: try assignment(of: name),
            oppositeDays: try representation?.opposite.first
                .map { (neighbour) throws(PostgresError) in try days(of: neighbour.name) } ?? [],
            fleetLastSeenMs: try fleetLastSeenMs())
    }

    mutating func fleetLastSeenMs() throws(PostgresError) -> Int64? {
        guard has("functions") else { return nil }
        return try rows("select max(last_seen) from functions")[0][0]
    }

    /// A column for each outcome there is.
    private static var outcomes: [String] {
        ["success", "error", "timeout", "out_of_memory", "throttled", "killed"]
    }

    private mutating func facts(
        of name: FunctionName
    ) throws(PostgresError) -> FunctionDetail.Facts? {
        guard has("functions") else { return nil }
        let rows = try rows(
            """
            select trigger, runtime, memory_mb::float8, deadline_ms::float8, invocations::bigint,
                cold_starts::bigint, first_seen, last_seen,
                \(Self.outcomes.map { "\($0)::bigint" }.joined(separator: ", "))
            from functions where customer = $1 and service = $2 and function = $3
            """, .text(name.customer), .text(name.service), .text(name.function))
        return rows.first.map { row in
            FunctionDetail.Facts(
                trigger: row[0], runtime: row[1], memoryMb: row[2], deadlineMs: row[3],
                invocations: row[4],
                outcomes: Self.outcomes.enumerated().map { place, outcome in
                    .init(name: outcome.replacing("_", with: " "), invocations: row[8 + place])
                },
                coldStarts: row[5], firstSeenMs: row[6], lastSeenMs: row[7])
        }
    }

    private mutating func days(
        of name: FunctionName
    ) throws(PostgresError) -> [FunctionDetail.Day] {
        guard has("function_days") else { return [] }
        return try rows(
            """
            select extract(epoch from day)::bigint * 1000, cpu_ms::float8[]
            from function_days where customer = $1 and service = $2 and function = $3
            order by day desc limit 2
            """, .text(name.customer), .text(name.service), .text(name.function)
        ).map { FunctionDetail.Day(startMs: $0[0], cpuMs: $0[1]) }
    }

    private mutating func representation(
        of name: FunctionName
    ) throws(PostgresError) -> FunctionDetail.Representation? {
        guard has("representations") else { return nil }
        let row = try rows(
            """
            select cluster, model_version, predictability::float8, slots, as_of
            from representations where customer = $1 and service = $2 and function = $3
            """, .text(name.customer), .text(name.service), .text(name.function)
        ).first
        guard let row else { return nil }
        return FunctionDetail.Representation(
            cluster: row[0], modelVersion: row[1], predictability: row[2], slots: row[3],
            asOfMs: row[4], nearest: try neighbours("nearest", of: name),
            opposite: try neighbours("opposite", of: name))
    }

    private mutating func neighbours(
        _ column: String, of name: FunctionName
    ) throws(PostgresError) -> [FunctionDetail.Neighbour] {
        try rows(
            """
            select n ->> 'customer', n ->> 'service', n ->> 'function', (n ->> 'score')::float8
            from representations, jsonb_array_elements(\(column)) with ordinality as e (n, place)
            where customer = $1 and service = $2 and function = $3 order by place limit $4
            """, .text(name.customer), .text(name.service), .text(name.function),
            .int(Limits.neighboursListed)
        ).map { row in
            FunctionDetail.Neighbour(
                name: FunctionName(customer: row[0], service: row[1], function: row[2]),
                score: row[3])
        }
    }

    private mutating func prediction(
        of name: FunctionName
    ) throws(PostgresError) -> FunctionDetail.Prediction? {
        guard has("predictions") else { return nil }
        return try rows(
            """
            select tier, success_rate, success_low, success_high, success_samples, success_level,
                success_baseline, invocations_per_day, invocations_per_day_low,
                invocations_per_day_high, canary_why
            from predictions where customer = $1 and service = $2
            """, .text(name.customer), .text(name.service)
        ).first.map { row in
            FunctionDetail.Prediction(
                tier: row[0], rate: row[1], low: row[2], high: row[3], samples: row[4],
                level: row[5], baseline: row[6], perDay: row[7], perDayLow: row[8],
                perDayHigh: row[9], canaryWhy: row[10])
        }
    }

    private mutating func assignment(
        of name: FunctionName
    ) throws(PostgresError) -> FunctionDetail.Assignment? {
        guard has("assignments") else { return nil }
        let row = try rows(
            """
            select cell, tier, reason, decided_at, revision from assignments
            where customer = $1 and service = $2 and function = $3
            """, .text(name.customer), .text(name.service), .text(name.function)
        ).first
        guard let row else { return nil }
        let placements = try rows(
            """
            select p ->> 'worker', (p ->> 'share')::float8
            from assignments, jsonb_array_elements(placements) p
            where customer = $1 and service = $2 and function = $3 order by 1
            """, .text(name.customer), .text(name.service), .text(name.function))
        return FunctionDetail.Assignment(
            cell: row[0], tier: row[1], reason: row[2], decidedMs: row[3], revision: row[4],
            placements: placements.map { .init(worker: $0[0], share: $0[1]) })
    }
}
