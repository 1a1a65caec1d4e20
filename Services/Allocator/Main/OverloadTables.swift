internal import Allocation
internal import Postgres
internal import Topics

/// Writes how the tiers' budgets are kept; of one hour of a tier the last row counts.
struct OverloadTables {
    func write(_ rows: [AllocatorRow], to session: inout Session) throws {
        var hours: [Key: OverloadRow] = [:]
        var newest: [Key: OverloadRow] = [:]
        for case .overload(let row) in rows {
            hours[Key(cell: row.cell, tier: row.tier, hourMs: row.hourMs)] = row
            newest[Key(cell: row.cell, tier: row.tier, hourMs: 0)] = row
        }
        guard !hours.isEmpty else { return }
        try session.execute(
            """
            insert into overload select * from \(Self.unnested)
            on conflict (cell, tier) do update set \(Self.figures), hour = excluded.hour
            """, parameters(Array(newest.values)))
        let first = try prepareDays(
            "overload_history", hours.values.map(\.hourMs), &session)
        try session.execute(
            """
            insert into overload_history select * from \(Self.unnested) where hour >= $11
            on conflict (hour, cell, tier) do update set \(Self.figures)
            """, parameters(Array(hours.values)) + [.timestampMs(first)])
    }

    private struct Key: Hashable {
        let cell: Int32
        let tier: Tier
        let hourMs: Int64
    }

    private static let unnested = """
        unnest($1::int[], $2::text[], $3::float8[], $4::float8[], $5::float8[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::timestamptz[])
            as row (cell, tier, budget, expected, deviations, days, workers, slots, over, hour)
        """

    private static let figures = """
        budget = excluded.budget, expected = excluded.expected, deviations = excluded.deviations,
        days = excluded.days, workers = excluded.workers, slots = excluded.slots,
        over = excluded.over
        """

    private func parameters(_ rows: [OverloadRow]) -> [Parameter] {
        [
            .int4Array(rows.map(\.cell)), .textArray(rows.map(\.tier.rawValue)),
            .float8Array(rows.map(\.budget)), .float8Array(rows.map(\.expected)),
            .float8Array(rows.map(\.deviations)), .int8Array(rows.map { Int64($0.days) }),
            .int8Array(rows.map { Int64($0.workers) }), .int8Array(rows.map { Int64($0.slots) }),
            .int8Array(rows.map { Int64($0.over) }), .timestampMsArray(rows.map(\.hourMs)),
        ]
    }
}

/// Makes the partitions that rows of these times need.
///
/// - Returns: the start of the first day that is kept.
func prepareDays(
    _ history: String, _ timesMs: [Int64], _ session: inout Session
) throws -> Int64 {
    let dayMs: Int64 = 86_400_000
    let starts = Set(timesMs.map { $0 - $0 % dayMs }).sorted()
    let rows = try session.execute(
        """
        select (extract(epoch from prepare_days($1,
            array(select (day at time zone 'UTC')::date
                  from unnest($2::timestamptz[]) as day))) * 1000)::bigint
        """, .text(history), .timestampMsArray(starts))
    return rows[0][0]
}
