internal import Featurization
internal import Postgres
internal import Topics

/// Writes the featurizer's rows; what a batch says of one thing twice is written once, the last.
struct FeaturizerTables {
    /// Rows of one statement.
    private static let rowsMax = 1_000

    func write(_ rows: [FeaturizerRow], to session: inout Session) throws {
        var totals: [FunctionTotals] = []
        var places: [FunctionID: Int] = [:]
        var slots: [FunctionSlot] = []
        for row in rows {
            switch row {
            case .function(let total):
                // In any order: no other process writes of these functions.
                let place = places[total.function, default: totals.count]
                if place < totals.count {
                    totals[place] = total
                } else {
                    places[total.function] = place
                    totals.append(total)
                }
            case .slot(let slot): slots.append(slot)
            }
        }
        for part in parts(of: totals, Self.rowsMax) { try write(totals: part, to: &session) }
        try SlotTable().write(slots, to: &session)
    }

    private func write(
        totals: ArraySlice<FunctionTotals>, to session: inout Session
    ) throws {
        func counts(_ path: KeyPath<OutcomeCounts, Int>) -> Parameter {
            .int8Array(totals.map { Int64($0.counts[keyPath: path]) })
        }
        try session.execute(
            """
            insert into functions
            select * from unnest(
                $1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[],
                $7::float8[], $8::float8[], $9::bigint[], $10::bigint[], $11::bigint[],
                $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
                $17::bigint[], $18::timestamptz[], $19::timestamptz[])
            on conflict (customer, service, function) do update set
                cell = excluded.cell, trigger = excluded.trigger, runtime = excluded.runtime,
                memory_mb = excluded.memory_mb, deadline_ms = excluded.deadline_ms,
                invocations = excluded.invocations, success = excluded.success,
                error = excluded.error, timeout = excluded.timeout,
                out_of_memory = excluded.out_of_memory, throttled = excluded.throttled,
                killed = excluded.killed, unknown = excluded.unknown,
                cold_starts = excluded.cold_starts, first_seen = excluded.first_seen,
                last_seen = excluded.last_seen
            """,
            .textArray(totals.map(\.function.service.customer)),
            .textArray(totals.map(\.function.service.service)),
            .textArray(totals.map(\.function.function)), .int4Array(totals.map(\.partition)),
            .textArray(totals.map(\.trigger)), .textArray(totals.map(\.runtime)),
            .float8Array(totals.map(\.memoryMb)), .float8Array(totals.map(\.deadlineMs)),
            counts(\.total), counts(\.success), counts(\.error), counts(\.timeout),
            counts(\.outOfMemory), counts(\.throttled), counts(\.killed), counts(\.unknown),
            .int8Array(totals.map { Int64($0.coldStarts) }),
            .timestampMsArray(totals.map(\.firstSeenMs)),
            .timestampMsArray(totals.map(\.lastSeenMs)))
    }
}

/// In pieces of at most that many.
func parts<Row>(of rows: [Row], _ most: Int) -> [ArraySlice<Row>] {
    stride(from: 0, to: rows.count, by: most).map { rows[$0..<min($0 + most, rows.count)] }
}
