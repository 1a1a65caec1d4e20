internal import Featurization
internal import Postgres
internal import Topics

/// Writes the featurizer's rows; what a batch says of one thing twice is written once, the last.
struct FeaturizerTables {
    /// Rows of one statement.
    private static let rowsMax = 1_000

    func write(_ rows: [FeaturizerRow], to session: inout Session) throws {
        var totals: [FunctionID: FunctionTotals] = [:]
        var days: [FunctionDayKey: FunctionDay] = [:]
        for row in rows {
            switch row {
            case .function(let total): totals[total.function] = total
            case .slot(let slot):
                let key = FunctionDayKey(slot)
                days[key, default: FunctionDay()].set(slot)
            }
        }
        for part in parts(of: totals.sorted { $0.key < $1.key }.map(\.value)) {
            try write(totals: part, to: &session)
        }
        try write(days: days, to: &session)
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

    private func write(
        days: [FunctionDayKey: FunctionDay], to session: inout Session
    ) throws {
        guard !days.isEmpty else { return }
        let numbers = Set(days.keys.map(\.day)).sorted()
        let first = try session.execute(
            "select prepare_function_days($1::timestamptz[]::date[])::timestamptz",
            .timestampMsArray(numbers.map(startMs)))[0][0] as Int64
        let kept = days.filter { startMs($0.key.day) >= first }.sorted { $0.key < $1.key }
        for part in parts(of: kept) {
            // Slot by slot: what the batch does not say stays as it was.
            try session.execute(
                """
                insert into function_days as d
                select customer, service, function, day::date, invocations::int[],
                    cpu_ms::float4[]
                from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[],
                    $6::text[]) as n(customer, service, function, day, invocations, cpu_ms)
                on conflict (day, customer, service, function) do update set
                    invocations = (
                        select array_agg(coalesce(n, o) order by i)
                        from unnest(excluded.invocations, d.invocations)
                            with ordinality as t(n, o, i)),
                    cpu_ms = (
                        select array_agg(coalesce(n, o) order by i)
                        from unnest(excluded.cpu_ms, d.cpu_ms) with ordinality as t(n, o, i))
                """,
                .textArray(part.map(\.key.function.service.customer)),
                .textArray(part.map(\.key.function.service.service)),
                .textArray(part.map(\.key.function.function)),
                .timestampMsArray(part.map { startMs($0.key.day) }),
                .textArray(part.map { arrayText($0.value.invocations) }),
                .textArray(part.map { arrayText($0.value.cpuMs) }))
        }
    }

    private func parts<Row>(of rows: [Row]) -> [ArraySlice<Row>] {
        stride(from: 0, to: rows.count, by: Self.rowsMax).map {
            rows[$0..<min($0 + Self.rowsMax, rows.count)]
        }
    }
}

private struct FunctionDayKey: Hashable, Comparable {
    let function: FunctionID
    /// Since 1970.
    let day: Int64

    init(_ slot: FunctionSlot) {
        function = slot.function
        day = slot.slot / Int64(FunctionDay.slots)
    }

    static func < (a: Self, b: Self) -> Bool { (a.day, a.function) < (b.day, b.function) }
}

/// The slots of a day that a batch says something of.
private struct FunctionDay {
    static let slots = 288
    private(set) var invocations: [Int?] = Array(repeating: nil, count: slots)
    private(set) var cpuMs: [Double?] = Array(repeating: nil, count: slots)

    mutating func set(_ slot: FunctionSlot) {
        let index = Int(slot.slot % Int64(Self.slots))
        invocations[index] = slot.invocations
        cpuMs[index] = slot.cpuMs
    }
}

private func startMs(_ day: Int64) -> Int64 { day * 86_400_000 }

/// As PostgreSQL writes an array.
private func arrayText<Value: CustomStringConvertible>(_ values: [Value?]) -> String {
    "{" + values.map { $0?.description ?? "NULL" }.joined(separator: ",") + "}"
}
