internal import Featurization
internal import Postgres
internal import Topics

/// Writes published slots, many functions at once: a row of `slots` has one slot of a block of
/// functions. Which block, and where in it, a function is told when it comes for the first time.
struct SlotTable {
    /// Functions of a block; the migration's views count with it too.
    static let blockFunctions: Int32 = 128
    static let slotsPerDay: Int64 = 288
    /// Functions of one statement.
    private static let functionsMax = 10_000
    /// Blocks of one statement.
    private static let blocksMax = 1_000

    /// Of a slot that comes twice the last one stays; what is not said stays as it was.
    func write(_ slots: [FunctionSlot], to session: inout Session) throws(PostgresError) {
        guard !slots.isEmpty else { return }
        let first = try prepareDays(Set(slots.map(\.day)), in: &session)
        for part in parts(of: slots.filter { $0.day >= first }, Self.functionsMax) {
            var blocks: [BlockKey: Block] = [:]
            for (slot, place) in zip(part, try places(of: part, in: &session)) {
                blocks[BlockKey(slot, at: place), default: Block()]
                    .set(slot, at: Int(place.number % Self.blockFunctions))
            }
            for part in parts(of: blocks.sorted { $0.key < $1.key }, Self.blocksMax) {
                try write(blocks: part, to: &session)
            }
        }
    }

    /// - Returns: the first day that is kept.
    private func prepareDays(
        _ days: Set<Int64>, in session: inout Session
    ) throws(PostgresError) -> Int64 {
        let firstMs: Int64 = try session.execute(
            "select prepare_slots($1::timestamptz[]::date[])::timestamptz",
            .timestampMsArray(days.sorted().map(startMs)))[0][0]
        return firstMs / dayMs
    }

    /// Where the load of each is kept, in their order.
    private func places(
        of slots: ArraySlice<FunctionSlot>, in session: inout Session
    ) throws(PostgresError) -> [Place] {
        let functions: [Parameter] = [
            .textArray(slots.map(\.function.service.customer)),
            .textArray(slots.map(\.function.service.service)),
            .textArray(slots.map(\.function.function)),
        ]
        if let known = try knownPlaces(of: functions, in: &session) { return known }
        // There is one writer a cell, so nobody else counts on from the same number.
        try session.execute(
            """
            with new as materialized (
                select customer, service, function, w.cell, min(w.place) as place
                from unnest($1::text[], $2::text[], $3::text[], $4::int[])
                    with ordinality as w (customer, service, function, cell, place)
                left join function_numbers n using (customer, service, function)
                where n.number is null group by 1, 2, 3, 4
            ), counted as materialized (
                -- Once a cell, not once a function: a plan from when there were few may read all.
                select cell, (select max(number) from function_numbers n where n.cell = c.cell)
                from (select distinct cell from new) c (cell)
            )
            insert into function_numbers (customer, service, function, cell, number)
            select customer, service, function, cell,
                coalesce(max + 1, 0) + row_number() over (partition by cell order by place) - 1
            from new join counted using (cell)
            """, functions + [.int4Array(slots.map(\.partition))])
        guard let places = try knownPlaces(of: functions, in: &session) else {
            preconditionFailure("a function has no number, and was just given one")
        }
        return places
    }

    /// - Returns: nil when one has none yet.
    private func knownPlaces(
        of functions: [Parameter], in session: inout Session
    ) throws(PostgresError) -> [Place]? {
        let rows = try session.execute(
            """
            select n.cell, n.number
            from unnest($1::text[], $2::text[], $3::text[])
                with ordinality as w (customer, service, function, place)
            left join function_numbers n using (customer, service, function) order by place
            """, functions)
        var places: [Place] = []
        places.reserveCapacity(rows.count)
        for row in rows {
            guard let cell: Int32 = row[0], let number: Int32 = row[1] else { return nil }
            places.append(Place(cell: cell, number: number))
        }
        return places
    }

    private func write(
        blocks: ArraySlice<(key: BlockKey, value: Block)>, to session: inout Session
    ) throws(PostgresError) {
        try session.execute(
            """
            insert into slots as s (day, cell, block, slot, invocations, cpu_ms)
            select day::date, cell, block, slot, invocations::int[], cpu_ms::float4[]
            from unnest(
                $1::timestamptz[], $2::int[], $3::int[], $4::int[], $5::text[], $6::text[]
            ) as n (day, cell, block, slot, invocations, cpu_ms)
            on conflict (day, cell, block, slot) do update set
                invocations = array(
                    select coalesce(n, o)
                    from unnest(excluded.invocations, s.invocations)
                        with ordinality as t (n, o, place) order by place),
                cpu_ms = array(
                    select coalesce(n, o)
                    from unnest(excluded.cpu_ms, s.cpu_ms)
                        with ordinality as t (n, o, place) order by place)
            """,
            .timestampMsArray(blocks.map { startMs($0.key.day) }),
            .int4Array(blocks.map(\.key.cell)), .int4Array(blocks.map(\.key.block)),
            .int4Array(blocks.map(\.key.slot)),
            .textArray(blocks.map { arrayText($0.value.invocations) }),
            .textArray(blocks.map { arrayText($0.value.cpuMs) }))
    }
}

/// A function's, among those of its cell.
private struct Place {
    let cell: Int32
    let number: Int32
}

private struct BlockKey: Hashable, Comparable {
    /// Since 1970.
    let day: Int64
    let cell: Int32
    let block: Int32
    /// Of the day.
    let slot: Int32

    init(_ slot: FunctionSlot, at place: Place) {
        day = slot.day
        cell = place.cell
        block = place.number / SlotTable.blockFunctions
        self.slot = Int32(slot.slot % SlotTable.slotsPerDay)
    }

    static func < (a: Self, b: Self) -> Bool {
        (a.day, a.cell, a.block, a.slot) < (b.day, b.cell, b.block, b.slot)
    }
}

/// What a batch says of a block's functions in a slot, nil where it says nothing.
private struct Block {
    private(set) var invocations: [Int32?]
    private(set) var cpuMs: [Float?]

    init() {
        invocations = Array(repeating: nil, count: Int(SlotTable.blockFunctions))
        cpuMs = Array(repeating: nil, count: Int(SlotTable.blockFunctions))
    }

    mutating func set(_ slot: FunctionSlot, at place: Int) {
        invocations[place] = Int32(clamping: slot.invocations)
        cpuMs[place] = Float(slot.cpuMs)
    }
}

extension FunctionSlot {
    /// Since 1970.
    fileprivate var day: Int64 { slot / SlotTable.slotsPerDay }
}

private let dayMs: Int64 = 86_400_000
private func startMs(_ day: Int64) -> Int64 { day * dayMs }

/// As PostgreSQL writes an array.
private func arrayText<Value: CustomStringConvertible>(_ values: [Value?]) -> String {
    var text = "{"
    for (place, value) in values.enumerated() {
        if place > 0 { text += "," }
        text += value?.description ?? "NULL"
    }
    return text + "}"
}
