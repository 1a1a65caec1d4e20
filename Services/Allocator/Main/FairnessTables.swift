internal import Allocation
internal import Postgres
internal import Topics

/// Writes how room is divided; what a batch says of one thing twice is written once, the last.
///
/// After the cells' own rows, which get further columns.
struct FairnessTables {
    private static let hourMs: Int64 = 3_600_000

    private struct CustomerKey: Hashable {
        let cell: Int32
        let customer: String
    }

    private struct HourKey: Hashable {
        let cell: Int32
        let hourMs: Int64
    }

    /// nil: the row is to go.
    private var customers: [CustomerKey: CustomerRow?] = [:]
    private var cells: [Int32: CellFairnessRow] = [:]
    private var hours: [HourKey: CellFairnessRow] = [:]
    private var draws: [(draw: Draw, atMs: Int64)] = []

    init(_ rows: [FairnessRow]) {
        for row in rows {
            switch row {
            case .customer(let row):
                let key = CustomerKey(cell: row.cell, customer: row.standing.holding.customer)
                customers[key] = .some(row)
            case .customerRemoved(let cell, let customer):
                customers[CustomerKey(cell: cell, customer: customer)] = .some(nil)
            case .cell(let row):
                cells[row.cell] = row
                let hourMs = row.asOfMs - row.asOfMs % Self.hourMs
                hours[HourKey(cell: row.cell, hourMs: hourMs)] = row
            case .draw(let draw, let atMs): draws.append((draw, atMs))
            }
        }
    }

    func write(to session: inout Session) throws {
        try removeCustomers(from: &session)
        try writeCustomers(to: &session)
        try write(
            to: "cells", Array(cells.values), asOfMs: cells.values.map(\.asOfMs), &session)
        try write(
            to: "cell_history", Array(hours.values), asOfMs: hours.keys.map(\.hourMs), &session)
        try writeDraws(to: &session)
    }

    private func removeCustomers(from session: inout Session) throws {
        let gone = customers.filter { $0.value == nil }.map(\.key)
        guard !gone.isEmpty else { return }
        try session.execute(
            """
            delete from customers using unnest($1::int[], $2::text[]) as gone (cell, customer)
            where (customers.cell, customers.customer) = (gone.cell, gone.customer)
            """, .int4Array(gone.map(\.cell)), .textArray(gone.map(\.customer)))
    }

    private func writeCustomers(to session: inout Session) throws {
        let rows = customers.values.compactMap { $0 }
        guard !rows.isEmpty else { return }
        let standings = rows.map(\.standing)
        let holdings = standings.map(\.holding)
        try session.execute(
            """
            insert into customers
            select * from unnest($1::int[], $2::text[], $3::float8[], $4::float8[], $5::float8[],
                $6::float8[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
                $11::bigint[], $12::bigint[], $13::timestamptz[])
            on conflict (cell, customer) do update set
                weight = excluded.weight, dominant_share = excluded.dominant_share,
                to_fair_share = excluded.to_fair_share, envy = excluded.envy,
                used_milli_cpu = excluded.used_milli_cpu,
                used_memory_mb = excluded.used_memory_mb,
                waiting_milli_cpu = excluded.waiting_milli_cpu,
                waiting_memory_mb = excluded.waiting_memory_mb, functions = excluded.functions,
                functions_waiting = excluded.functions_waiting, as_of = excluded.as_of
            """,
            .int4Array(rows.map(\.cell)), .textArray(holdings.map(\.customer)),
            .float8Array(holdings.map(\.weight)), .float8Array(standings.map(\.dominantShare)),
            .float8Array(standings.map(\.toFairShare)), .float8Array(standings.map(\.envy)),
            .int8Array(holdings.map { Int64($0.placed.milliCpu) }),
            .int8Array(holdings.map { Int64($0.placed.memoryMb) }),
            .int8Array(holdings.map { Int64($0.waiting.milliCpu) }),
            .int8Array(holdings.map { Int64($0.waiting.memoryMb) }),
            .int8Array(holdings.map { Int64($0.functions) }),
            .int8Array(holdings.map { Int64($0.functionsWaiting) }),
            .timestampMsArray(rows.map(\.asOfMs)))
    }

    /// Only rows that are there: the cell's own row is written before this one.
    private func write(
        to table: String, _ rows: [CellFairnessRow], asOfMs: [Int64], _ session: inout Session
    ) throws {
        guard !rows.isEmpty else { return }
        try session.execute(
            """
            update \(table) set jain = row.jain, worst_to_fair_share = row.worst, envy = row.envy
            from unnest($1::int[], $2::float8[], $3::float8[], $4::float8[], $5::timestamptz[])
                as row (cell, jain, worst, envy, as_of)
            where \(table).cell = row.cell and \(table).as_of = row.as_of
            """,
            .int4Array(rows.map(\.cell)), .float8Array(rows.map(\.jain)),
            .float8Array(rows.map(\.worst)), .float8Array(rows.map(\.envy)),
            .timestampMsArray(asOfMs))
    }

    private func writeDraws(to session: inout Session) throws {
        guard !draws.isEmpty else { return }
        let first = try prepareDays("lotteries", draws.map(\.atMs), &session)
        // A draw may come twice in a batch, and one statement cannot write a row twice.
        for (draw, atMs) in draws where atMs >= first {
            try session.execute(
                """
                insert into lotteries values ($1, $2, $3, $4, $5, $6, $7)
                on conflict (drawn_at, cell, tier, first_ticket) do update set
                    seed = excluded.seed, places = excluded.places, tickets = excluded.tickets
                """,
                .timestampMs(atMs), .int4(draw.lottery.cell), .text(draw.lottery.tier.rawValue),
                .text(draw.lottery.name), .int8(Int64(draw.places)), .json(json(draw.tickets)),
                .text(draw.tickets.first?.function.path ?? ""))
        }
    }

    private func json(_ tickets: [Draw.Ticket]) -> String {
        let parts = tickets.map { ticket in
            let id = ticket.function
            return "{\"customer\": \(quoted(id.service.customer)), "
                + "\"service\": \(quoted(id.service.service)), "
                + "\"function\": \(quoted(id.function)), "
                + "\"odds\": \(ticket.odds), \"won\": \(ticket.won)}"
        }
        return "[\(parts.joined(separator: ", "))]"
    }
}
