internal import Postgres

extension Views {
    /// Everything that the fleet's page and its live numbers say.
    mutating func fleet(nowMs: Int64) throws(PostgresError) -> FleetSnapshot {
        var snapshot = FleetSnapshot.unread(atMs: nowMs)
        snapshot.totals = try totals()
        snapshot.allocation = try allocation()
        snapshot.stages = []
        for stage in Stage.allCases {
            snapshot.stages.append(try progress(of: stage, nowMs: nowMs))
            snapshot.rejections += try rejections(of: stage)
        }
        snapshot.rejections.sort {
            ($1.messages, $0.topic, $0.reason) < ($0.messages, $1.topic, $1.reason)
        }
        return snapshot
    }

    private mutating func totals() throws(PostgresError) -> FleetSnapshot.Totals? {
        guard has("functions") else { return nil }
        let rows = try rows(
            """
            select coalesce(sum(invocations), 0)::bigint, coalesce(sum(success), 0)::bigint,
                count(*), max(last_seen),
                (select count(*) from (select distinct customer, service from functions) s)
            from functions
            """)
        return FleetSnapshot.Totals(
            invocations: rows[0][0], successes: rows[0][1], functions: rows[0][2],
            services: rows[0][4], lastSeenMs: rows[0][3])
    }

    private mutating func allocation() throws(PostgresError) -> FleetSnapshot.Allocation? {
        guard has("cells"), has("workers") else { return nil }
        let cells = try rows(
            """
            select coalesce(sum(functions - waiting), 0)::bigint,
                coalesce(sum(waiting), 0)::bigint, coalesce(sum(workers_ready), 0)::bigint,
                coalesce(sum(workers_used), 0)::bigint, sum(workers_sum_of_peaks)::bigint,
                sum(workers_bound)::bigint, count(*)
            from cells
            """)[0]
        let overloaded = try rows("select count(*) from workers where planned_share > 1")
        return FleetSnapshot.Allocation(
            assigned: cells[0], waiting: cells[1], workersReady: cells[2], workersUsed: cells[3],
            workersSumOfPeaks: cells[4], workersBound: cells[5],
            workersOverloaded: overloaded[0][0])
    }

    private mutating func progress(
        of stage: Stage, nowMs: Int64
    ) throws(PostgresError) -> FleetSnapshot.StageProgress {
        let view = "\(stage.rawValue)_checkpoints"
        guard has(view) else { return .init(stage: stage, hasStarted: false) }
        let row = try rows(
            """
            select count(*), coalesce(sum(lag_messages), 0)::bigint, max(checkpointed_at),
                coalesce(array_agg(distinct owner order by owner), '{}'),
                count(*) filter (where is_stuck), min(kept_at) filter (where is_stuck)
            from (
                select *, lag_messages > 0 and kept_at < $1 as is_stuck
                from (select *, coalesce(checkpointed_at, claimed_at) as kept_at from \(view)) k
            ) p
            """, .timestampMs(nowMs - Verdict.stuckMs))[0]
        return FleetSnapshot.StageProgress(
            stage: stage, hasStarted: true, partitions: row[0], lagMessages: row[1],
            owners: row[3], newestCheckpointMs: row[2], stuckPartitions: row[4],
            stuckSinceMs: row[5])
    }

    private mutating func rejections(
        of stage: Stage
    ) throws(PostgresError) -> [FleetSnapshot.Rejections] {
        let view = "\(stage.rawValue)_rejections"
        guard has(view) else { return [] }
        return try rows(
            """
            select topic, reason, messages, last_detail, last_rejected_at from \(view)
            order by messages desc, topic, reason limit $1
            """, .int(Limits.rejectionReasons)
        ).map { row in
            FleetSnapshot.Rejections(
                stage: stage, topic: row[0], reason: row[1], messages: row[2], lastDetail: row[3],
                lastRejectedMs: row[4])
        }
    }
}
