import Postgres
import TestSupport
import Testing
import Topics

@testable import Allocation
@testable import Allocator

@Suite(.enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL's programs"))
struct `The allocator's tables` {
    @Test func `hold the last of each thing, and 30 days of decisions`() throws {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            var options = Session.Options()
            options.role = "allocator"
            options.schema = "allocator"
            var session = try Session(url, options)
            try Migrations(schema: "allocator", set: "allocator", Allocator.migrations)
                .apply(to: &session)
            let dayMs: Int64 = 86_400_000
            try write(
                [
                    .assignment(assignment("f", [], day: 18_000, revision: 1)),
                    .assignmentHistory(assignment("f", [], day: 18_000, revision: 1)),
                    .assignment(assignment("f", ["w\"1"], day: 18_000, revision: 2)),
                    .assignmentHistory(assignment("f", ["w\"1"], day: 18_000, revision: 2)),
                    .assignment(assignment("gone", ["w"], day: 18_000, revision: 1)),
                    .worker(workerRow("w1")), .worker(workerRow("w2")),
                    .cell(cellRow(asOfMs: 18_000 * dayMs + 5_000_000)),
                ], &session)
            try write(
                [
                    .assignmentRemoved(function("gone")),
                    .workerRemoved(cell: 3, worker: "w2"),
                    .cell(cellRow(asOfMs: 18_000 * dayMs + 6_000_000)),
                ], &session)
            let now = try session.execute(
                "select function, workers, revision from dashboard.assignments")
            #expect(now.count == 1)
            #expect(now[0][1] as String == "w\"1")
            #expect(now[0][2] as Int == 2)
            #expect(try count("dashboard.assignment_history", &session) == 2)
            #expect(try count("dashboard.workers", &session) == 1)
            #expect(try count("dashboard.cells", &session) == 1)
            #expect(try count("dashboard.cell_history", &session) == 1)
            // 30 days on, the first day's decisions go; what is older still is not written.
            try write(
                [
                    .assignmentHistory(assignment("f", [], day: 18_030, revision: 3)),
                    .assignmentHistory(assignment("f", [], day: 18_001, revision: 2)),
                    .assignmentHistory(assignment("f", [], day: 17_999, revision: 1)),
                ], &session)
            #expect(try count("assignment_history", &session) == 2)
        }
    }

    @Test func `say what every column of a view is`() throws {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            var options = Session.Options()
            options.role = "allocator"
            options.schema = "allocator"
            var session = try Session(url, options)
            try Migrations(schema: "allocator", set: "allocator", Allocator.migrations)
                .apply(to: &session)
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

    private func write(_ rows: [AllocatorRow], _ session: inout Session) throws {
        try session.transaction { session in
            try AllocatorTables().write(rows, to: &session)
        }
    }

    private func count(_ table: String, _ session: inout Session) throws -> Int {
        try session.execute("select count(*) from \(table)")[0][0]
    }

    private func assignment(
        _ name: String, _ workers: [String], day: Int64, revision: Int
    ) -> Assignment {
        Assignment(
            function(name), cell: 3, tier: .burstable,
            placements: workers.map { .init(worker: $0, share: 1 / Double(workers.count)) },
            reason: "because", decidedAtMs: day * 86_400_000 + 1_000, revision: revision)
    }

    private func workerRow(_ name: String) -> WorkerRow {
        WorkerRow(
            cell: 3, worker: name, state: .ready, milliCpu: 4_000, memoryMb: 8_192, members: 1,
            plannedMilliCpu: 1, plannedMemoryMb: 2, guaranteedMilliCpu: 0, guaranteedMemoryMb: 0,
            watts: nil, milliCpuByTwoHours: [1, 2], asOfMs: 0)
    }

    private func cellRow(asOfMs: Int64) -> CellRow {
        CellRow(
            cell: 3, functions: 1, waiting: 0, workersReady: 1, workersUsed: 1,
            workersSumOfPeaks: nil, workersBound: nil, moves: 0, asOfMs: asOfMs)
    }
}
