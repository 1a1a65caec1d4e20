internal import Allocation
internal import Postgres

/// Writes plans; each replaces its cell's last.
struct PlanningTables {
    private static let hourMs: Int64 = 3_600_000
    private static let dayMs: Int64 = 86_400_000

    private let plans: [FleetPlan]

    /// - Parameter plans: one a cell.
    init(_ plans: [FleetPlan]) { self.plans = plans }

    func write(to session: inout Session) throws {
        guard !plans.isEmpty else { return }
        let cells = plans.map(\.cell)
        for table in ["plans", "plan_hours", "plan_days", "plan_switches", "plan_deferrals"] {
            try session.execute("delete from \(table) where cell = any($1)", .int4Array(cells))
        }
        try writePlans(to: &session)
        try writeHours(to: &session)
        try writeDays(to: &session)
        try writeSwitches(to: &session)
        try writeDeferrals(to: &session)
    }

    /// Each of a plan's things with its cell.
    private func rows<Row>(_ things: (FleetPlan) -> [Row]) -> (cells: [Int32], rows: [Row]) {
        let pairs = plans.flatMap { plan in things(plan).map { (plan.cell, $0) } }
        return (pairs.map(\.0), pairs.map(\.1))
    }

    private func writePlans(to session: inout Session) throws {
        try session.execute(
            """
            insert into plans select * from unnest($1::int[], $2::bigint[], $3::float8[],
                $4::float8[], $5::float8[], $6::timestamptz[])
            """,
            .int4Array(plans.map(\.cell)), .int8Array(plans.map { Int64($0.workersReady) }),
            .float8Array(plans.map { shortage($0, with: -1) }),
            .float8Array(plans.map { shortage($0, with: 0) }),
            .float8Array(plans.map { shortage($0, with: 1) }),
            .timestampMsArray(plans.map(\.asOfMs)))
    }

    /// - Parameter change: of the workers that are ready; there are never fewer than none.
    private func shortage(_ plan: FleetPlan, with change: Int) -> Double {
        let workers = max(0, plan.workersReady + change)
        return plan.purchases.first { $0.workers == workers }?.hoursShort ?? 1
    }

    private func writeHours(to session: inout Session) throws {
        let (cells, hours) = rows(\.hours)
        try session.execute(
            """
            insert into plan_hours select * from unnest($1::int[], $2::timestamptz[],
                $3::bigint[], $4::bigint[], $5::float8[], $6::float8[], $7::float8[],
                $8::float8[], $9::float8[])
            """,
            .int4Array(cells), .timestampMsArray(hours.map { $0.hour * Self.hourMs }),
            .int8Array(hours.map { Int64($0.workersP50) }),
            .int8Array(hours.map { Int64($0.workersP95) }), .float8Array(hours.map(\.milliCpu)),
            .float8Array(hours.map { $0.today?.kwh }), .float8Array(hours.map { $0.planned?.kwh }),
            .float8Array(hours.map { $0.today?.carbonG }),
            .float8Array(hours.map { $0.planned?.carbonG }))
    }

    private func writeDays(to session: inout Session) throws {
        let (cells, days) = rows(\.days)
        try session.execute(
            """
            insert into plan_days
            select cell, (day at time zone 'UTC')::date, p50, p95, to_have, placed_p50, placed_p95
            from unnest($1::int[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[],
                $6::bigint[], $7::bigint[])
                as row (cell, day, p50, p95, to_have, placed_p50, placed_p95)
            """,
            .int4Array(cells), .timestampMsArray(days.map { $0.day * Self.dayMs }),
            .int8Array(days.map { Int64($0.workersP50) }),
            .int8Array(days.map { Int64($0.workersP95) }),
            .int8Array(days.map { Int64($0.workersToHave) }),
            .int8Array(days.map { Int64($0.placedP50) }),
            .int8Array(days.map { Int64($0.placedP95) }))
    }

    private func writeSwitches(to session: inout Session) throws {
        let (cells, offs) = rows(\.offs)
        try session.execute(
            """
            insert into plan_switches select * from unnest($1::int[], $2::text[],
                $3::timestamptz[], $4::timestamptz[])
            """,
            .int4Array(cells), .textArray(offs.map(\.worker)),
            .timestampMsArray(offs.map { $0.fromHour * Self.hourMs }),
            .timestampMsArray(offs.map { $0.untilHour * Self.hourMs }))
    }

    /// Summed by the two hours: work of different slack may go the same way.
    private func writeDeferrals(to session: inout Session) throws {
        let (cells, deferred) = rows(\.deferred)
        try session.execute(
            """
            insert into plan_deferrals
            select cell, due, run, sum(milli_cpu), sum(saved)
            from unnest($1::int[], $2::timestamptz[], $3::timestamptz[], $4::float8[],
                $5::float8[]) as row (cell, due, run, milli_cpu, saved)
            group by cell, due, run
            """,
            .int4Array(cells), .timestampMsArray(deferred.map { $0.fromHour * Self.hourMs }),
            .timestampMsArray(deferred.map { $0.untilHour * Self.hourMs }),
            .float8Array(deferred.map(\.milliCpu)), .float8Array(deferred.map(\.savedG)))
    }
}
