import Dispatch
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL"))
struct `A set of migrations` {
    private let steps = [
        Migration(
            1, "shapes", "CREATE TABLE shapes (id int8 PRIMARY KEY); CREATE TABLE log (id int8)"),
        Migration(
            2, "names", "ALTER TABLE shapes ADD COLUMN name text; INSERT INTO log VALUES (2)"),
    ]

    @Test func `applied twice do what they do once`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            let migrations = Migrations(schema: "featurizer", set: "featurizer", steps)
            try #expect(migrations.apply(to: &session) == [1, 2])
            try #expect(migrations.apply(to: &session) == [])
            try #expect(session.execute("SELECT count(*) FROM featurizer.log")[0][0] == 1)
        }
    }

    @Test func `go on where they stopped`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            let first = Migrations(schema: "learner", set: "learner", [steps[0]])
            let both = Migrations(schema: "learner", set: "learner", steps)
            try #expect(first.apply(to: &session) == [1])
            try #expect(both.apply(to: &session) == [2])
        }
    }

    @Test func `of several sets live in one schema`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            let runtime = Migration(1, "checkpoints", "CREATE TABLE checkpoints (id int8)")
            let own = Migrations(schema: "a \" schema", set: "featurizer", steps)
            let shared = Migrations(schema: "a \" schema", set: "runtime", [runtime])
            try #expect(shared.apply(to: &session) == [1])
            try #expect(own.apply(to: &session) == [1, 2])
            let tables = try session.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1",
                .text("a \" schema"))
            #expect(
                tables.map { $0[0] as String } == ["checkpoints", "log", "migrations", "shapes"])
        }
    }

    @Test func `that were edited after they were applied are refused`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            try Migrations(schema: "s", set: "s", steps).apply(to: &session)
            let edited = [steps[0], Migration(2, "names", steps[1].sql + " ")]
            #expect(throws: MigrationError.changed(set: "s", number: 2, name: "names")) {
                try Migrations(schema: "s", set: "s", edited).apply(to: &session)
            }
        }
    }

    @Test func `that are older than the database are refused`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            try Migrations(schema: "s", set: "s", steps).apply(to: &session)
            #expect(throws: MigrationError.newer(set: "s", number: 2, name: "names")) {
                try Migrations(schema: "s", set: "s", [steps[0]]).apply(to: &session)
            }
        }
    }

    @Test func `of which one fails change nothing`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            let broken = [steps[0], Migration(2, "broken", "SELECT 1 / 0")]
            let error = #expect(throws: PostgresError.self) {
                try Migrations(schema: "s", set: "s", broken).apply(to: &session)
            }
            #expect(error?.sqlState == "22012")
            let schemas = try session.execute("SELECT 1 FROM pg_namespace WHERE nspname = 's'")
            #expect(schemas.isEmpty)
            try #expect(Migrations(schema: "s", set: "s", steps).apply(to: &session) == [1, 2])
        }
    }

    @Test func `applied by many processes at once are applied once`() throws {
        try ThrowawayPostgres.withDatabase { url in
            let migrations = Migrations(schema: "s", set: "s", steps)
            let outcomes = Mutex<[[Int]?]>([])
            DispatchQueue.concurrentPerform(iterations: 6) { _ in
                let applied = try? connectAndApply(migrations, url)
                outcomes.withLock { $0.append(applied) }
            }
            let applied = outcomes.withLock { $0 }.sorted { ($0?.count ?? -1) < ($1?.count ?? -1) }
            #expect(applied == [[], [], [], [], [], [1, 2]])
        }
    }

    @Test func `work for a role that may use nothing but its schema`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            try session.run(
                script: """
                    CREATE ROLE migrations_test NOLOGIN;
                    CREATE SCHEMA own AUTHORIZATION migrations_test;
                    """)
            var options = Session.Options()
            options.role = "migrations_test"
            do {
                var own = try Session(url, options)
                let migrations = Migrations(schema: "own", set: "own", steps)
                try #expect(migrations.apply(to: &own) == [1, 2])
                try #expect(migrations.apply(to: &own) == [])
            }
            try session.run(script: "DROP SCHEMA own CASCADE; DROP ROLE migrations_test")
        }
    }

    @Test func `take number and name from their file`() {
        let migration = Migration(file: "0012-worker-load.sql", Array("SELECT 1".utf8))
        #expect(migration == Migration(12, "worker-load", "SELECT 1"))
    }

    private func connectAndApply(_ migrations: Migrations, _ url: String) throws -> [Int] {
        var session = try Session(url)
        return try migrations.apply(to: &session)
    }
}
