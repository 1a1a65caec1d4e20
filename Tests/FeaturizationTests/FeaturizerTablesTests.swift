import Postgres
import TestSupport
import Testing
import Topics

@testable import Featurization
@testable import Featurizer

@Suite(.enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL's programs"))
struct `The featurizer's tables` {
    @Test func `hold a function's slots as they come, and a correction in place`() throws {
        try withTables { session in
            try write([slot("f", 18_000 * 288 + 5, 7, cpuMs: 1.5)], &session)
            try write([slot("g", 18_000 * 288 + 5, 8), slot("f", 18_000 * 288 + 287, 9)], &session)
            try write([slot("f", 18_001 * 288, 1)], &session)
            #expect(try day("f", 18_000, &session) == [5: 7, 287: 9])
            #expect(try day("g", 18_000, &session) == [5: 8])
            #expect(try day("f", 18_001, &session) == [0: 1])
            #expect(try day("g", 18_001, &session) == nil)
            // The later of two in a batch, and of two batches, stays; the others' slots do too.
            try write(
                [slot("f", 18_000 * 288 + 5, 70), slot("f", 18_000 * 288 + 5, 71, cpuMs: 2.5)],
                &session)
            #expect(try day("f", 18_000, &session) == [5: 71, 287: 9])
            #expect(try day("g", 18_000, &session) == [5: 8])
            let cpuMs = try session.execute(
                "select cpu_ms[6] from dashboard.function_days where function = 'f' order by day")
            #expect(cpuMs[0][0] as Float? == 2.5)
            #expect(cpuMs[1][0] as Float? == nil)
        }
    }

    @Test func `are the same after what was written is written again`() throws {
        try withTables { session in
            let batches = (0..<3).map { (step: Int64) in
                (0..<300).map { slot("f\($0 * 7 % 300)", 18_000 * 288 + step, $0, cell: $0 % 2) }
                    + [.function(totals("f\(step)", invocations: 5))]
            }
            for batch in batches { try write(batch, &session) }
            let once = try everything(&session)
            for batch in batches { try write(batch, &session) }
            #expect(try everything(&session) == once)
            // 150 functions a cell are two blocks, numbered without a gap.
            #expect(try count("slots", &session) == 3 * 2 * 2)
            #expect(try count("function_numbers", &session) == 300)
            #expect(
                try session.execute("select cell, max(number) from function_numbers group by 1")
                    .allSatisfy { $0[1] as Int32 == 149 })
            for function in 0..<300 {
                let found = try day("f\(function * 7 % 300)", 18_000, &session)
                #expect(found == [0: function, 1: function, 2: function])
            }
        }
    }

    @Test func `are as they were when the transaction that numbered a function is undone`() throws {
        struct Undone: Error {}
        try withTables { session in
            #expect(throws: Undone.self) {
                try session.transaction { session in
                    try FeaturizerTables().write([slot("lost", 0, 1)], to: &session)
                    throw Undone()
                }
            }
            try write([slot("kept", 18_000 * 288, 2)], &session)
            try write([slot("lost", 18_000 * 288, 3)], &session)
            #expect(try day("kept", 18_000, &session) == [0: 2])
            #expect(try day("lost", 18_000, &session) == [0: 3])
        }
    }

    @Test func `hold 30 days`() throws {
        try withTables { session in
            try write([slot("f", 18_000 * 288, 1), slot("f", 18_001 * 288, 2)], &session)
            try write([slot("f", 18_030 * 288, 3)], &session)
            #expect(try day("f", 18_000, &session) == nil)
            #expect(try day("f", 18_001, &session) == [0: 2])
            // What is older still is not written, and what comes with it is.
            try write([slot("f", 18_000 * 288, 4), slot("f", 18_002 * 288, 5)], &session)
            #expect(try day("f", 18_000, &session) == nil)
            #expect(try day("f", 18_002, &session) == [0: 5])
            #expect(try count("slot_days", &session) == 3)
        }
    }

    @Test func `show the whole fleet's slots`() throws {
        try withTables { session in
            let at: Int64 = 18_000 * 288 + 9
            try write(
                (0..<200).map { slot("f\($0)", at, 2, cpuMs: 0.5, cell: $0 % 3) }
                    + [slot("f0", at, 5, cpuMs: 0, cell: 0), slot("g", at + 1, 1, cell: 0)],
                &session)
            let rows = try session.execute(
                "select slot, invocations::bigint, cpu_ms from dashboard.slots order by slot")
            #expect(rows.map { $0[0] as Int16 } == [9, 10])
            #expect(rows.map { $0[1] as Int64 } == [199 * 2 + 5, 1])
            #expect(rows[0][2] as Double == 99.5)
        }
    }

    @Test func `hold the last totals of each function`() throws {
        try withTables { session in
            try write(
                [
                    .function(totals("f", invocations: 1)), .function(totals("g", invocations: 2)),
                    .function(totals("f", invocations: 3)),
                ], &session)
            try write([.function(totals("g", invocations: 4))], &session)
            let rows = try session.execute(
                "select function, invocations from dashboard.functions order by 1")
            #expect(rows.map { $0[1] as Int64 } == [3, 4])
        }
    }

    @Test func `say what every column of a view is`() throws {
        try withTables { session in
            let silent = try session.execute(
                """
                select relname || '.' || attname from pg_attribute
                join pg_class on pg_class.oid = attrelid
                where relnamespace = 'dashboard'::regnamespace and relkind = 'v' and attnum > 0
                    and col_description(attrelid, attnum) is null
                """)
            #expect(silent.map { $0[0] as String } == [])
        }
    }

    @Test func `take over what was kept before slots had rows of their own`() throws {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            var session = try openAsFeaturizer(url)
            let before = Array(Featurizer.migrations.prefix(1))
            try Migrations(schema: "featurizer", set: "featurizer", before).apply(to: &session)
            try session.run(script: Self.daysOfBefore)
            let told = "select function, day, invocations, cpu_ms from dashboard.function_days"
            let kept = try texts(told, &session)
            #expect(kept.count == 301)
            try Migrations(schema: "featurizer", set: "featurizer", Featurizer.migrations)
                .apply(to: &session)
            #expect(try texts(told, &session) == kept)
            #expect(try session.execute("select to_regclass('function_days') is null")[0][0])
            // And it goes on: a function of before keeps its slots, a new one gets its own.
            try write([slot("f1", 18_000 * 288 + 1, 99), slot("new", 18_000 * 288, 1)], &session)
            #expect(try day("f1", 18_000, &session) == [0: 1, 1: 99, 287: 1])
            #expect(try day("new", 18_000, &session) == [0: 1])
        }
    }

    /// 300 functions on a day, f0 on another too; one slot in three has a shape.
    private static let daysOfBefore = """
        select prepare_function_days(array['2019-04-14', '2019-04-15']::date[]);
        insert into functions
        select 'a', 's', 'f' || f, f % 2, null, null, 1, null, 1, 1, 0, 0, 0, 0, 0, 0, 0, now(), now()
        from generate_series(1, 299) f;
        insert into function_days
        select 'a', 's', 'f' || f, day,
            array_agg(case when slot % 3 = 0 or slot = 287 then f + slot * (day - '2019-04-14') end
                order by slot),
            array_agg(case when slot % 3 = 0 or slot = 287 then f / 7.0::float4 end order by slot)
        from generate_series(0, 299) f, generate_series(0, 287) slot,
            (values (date '2019-04-14'), (date '2019-04-15')) d (day)
        where f = 0 or day = '2019-04-14'
        group by f, day;
        update function_days set invocations = array[1] || array_fill(null::int, array[286]) || 1
        where function = 'f1';
        """
}

extension `The featurizer's tables` {
    private func withTables(_ body: (inout Session) throws -> Void) throws {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            var session = try openAsFeaturizer(url)
            try Migrations(schema: "featurizer", set: "featurizer", Featurizer.migrations)
                .apply(to: &session)
            try body(&session)
        }
    }

    private func openAsFeaturizer(_ url: String) throws -> Session {
        var options = Session.Options()
        options.role = "featurizer"
        options.schema = "featurizer"
        return try Session(url, options)
    }

    private func write(_ rows: [FeaturizerRow], _ session: inout Session) throws {
        try session.transaction { session in
            try FeaturizerTables().write(rows, to: &session)
        }
    }

    /// A function's day as the dashboard sees it, its slots that have a shape; nil without the day.
    private func day(
        _ function: String, _ day: Int64, _ session: inout Session
    ) throws -> [Int: Int]? {
        let rows = try session.execute(
            """
            select invocations from dashboard.function_days
            where function = $1 and day = ($2::timestamptz)::date
            """, .text(function), .timestampMs(day * 86_400_000))
        guard let row = rows.first else { return nil }
        #expect(rows.count == 1)
        let slots: [Int32?] = row[0]
        #expect(slots.count == 288)
        return slots.enumerated().reduce(into: [:]) { $0[$1.offset] = $1.element.map { Int($0) } }
    }

    private func everything(_ session: inout Session) throws -> [String] {
        try ["functions", "function_numbers", "slots", "slot_days"]
            .flatMap { try texts("select * from \($0)", &session) }
    }

    private func texts(_ query: String, _ session: inout Session) throws -> [String] {
        try session.execute("select t::text from (\(query)) t order by 1").map { $0[0] }
    }

    private func count(_ table: String, _ session: inout Session) throws -> Int {
        try session.execute("select count(*) from \(table)")[0][0]
    }

    private func slot(
        _ function: String, _ slot: Int64, _ invocations: Int, cpuMs: Double = 1, cell: Int = 3
    ) -> FeaturizerRow {
        .slot(
            FunctionSlot(
                function: FunctionID(customer: "a", service: "s", function: function),
                partition: Int32(cell), slot: slot, invocations: invocations, cpuMs: cpuMs))
    }

    private func totals(_ function: String, invocations: Int) -> FunctionTotals {
        var counts = OutcomeCounts()
        counts.add(.success, invocations)
        return FunctionTotals(
            function: FunctionID(customer: "a", service: "s", function: function), partition: 3,
            trigger: nil, runtime: "r", memoryMb: 128, deadlineMs: nil, counts: counts,
            coldStarts: 0, firstSeenMs: 1, lastSeenMs: 2)
    }
}
