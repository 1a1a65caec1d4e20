import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL"))
struct `A session` {
    private struct Wanted: Error {}

    @Test func `keeps what a transaction wrote once it returns`() throws {
        try withTable { session, url in
            let value = try session.transaction { session in
                try session.execute("INSERT INTO t VALUES ($1, $2)", .int8(1), .text("one"))
                return 7
            }
            #expect(value == 7)
            try #expect(rowCount(url) == 1)
        }
    }

    @Test func `keeps nothing of a transaction that throws`() throws {
        try withTable { session, url in
            #expect(throws: Wanted.self) {
                try session.transaction { session in
                    try session.execute("INSERT INTO t VALUES (1, 'one')")
                    throw Wanted()
                }
            }
            try #expect(rowCount(url) == 0)
            // And the session is as good as before.
            try session.transaction { _ = try $0.execute("INSERT INTO t VALUES (2, 'two')") }
            try #expect(rowCount(url) == 1)
        }
    }

    @Test func `says so when a transaction swallowed an error and cannot be committed`() throws {
        try withTable { session, url in
            let error = #expect(throws: PostgresError.self) {
                try session.transaction { session in
                    try session.execute("INSERT INTO t VALUES (1, 'one')")
                    _ = try? session.execute("SELECT 1 / 0")
                }
            }
            #expect(error?.sqlState == "25P02")
            try #expect(rowCount(url) == 0)
        }
    }

    @Test func `upserts a thousand rows with one statement of arrays`() throws {
        try withTable { session, url in
            let upsert = """
                INSERT INTO t AS t (id, name) SELECT * FROM unnest($1, $2)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name
                """
            let ids = (0..<1_000).map { Int64($0) }
            let first = try session.execute(
                upsert, .int8Array(ids), .textArray(ids.map { "first \($0)" }))
            #expect(first.affected == 1_000)
            try session.execute(
                upsert, .int8Array(ids), .textArray(ids.map { "second \($0)" }))
            let rows = try session.execute("SELECT id, name FROM t ORDER BY id")
            #expect(rows.map { $0["id"] as Int64 } == ids)
            #expect(rows.map { $0["name"] as String } == ids.map { "second \($0)" })
        }
    }

    @Test func `copies rows in, more than one buffer of them`() throws {
        try withTable { session, url in
            let count = 5_000
            let name = String(repeating: "ü", count: 40)
            let written = try session.copyIn("t", ["id", "name"]) { writer in
                for id in 0..<count {
                    try writer.beginRow()
                    writer.int8(Int64(id))
                    writer.text(id % 7 == 0 ? nil : name)
                }
            }
            #expect(written == count)
            let row = try session.execute("SELECT count(*), count(name), max(name) FROM t")[0]
            // Of 5,000 every seventh from 0 on is NULL: 715.
            #expect(row[0] == count)
            #expect(row[1] == count - 715)
            #expect(row[2] == name)
        }
    }

    @Test func `keeps nothing of a copy that throws, and goes on`() throws {
        try withTable { session, url in
            #expect(throws: Wanted.self) {
                try session.copyIn("t", ["id", "name"]) { writer in
                    try writer.beginRow()
                    writer.int8(1)
                    writer.text("one")
                    throw Wanted()
                }
            }
            let refused = #expect(throws: PostgresError.self) {
                try session.copyIn("t", ["id", "nothing"]) { _ in }
            }
            #expect(refused?.sqlState == "42703")
            try #expect(rowCount(url) == 0)
            try #expect(session.execute("SELECT 1")[0][0] == 1)
        }
    }

    @Test func `names what failed by its SQLSTATE and its detail`() throws {
        try withTable { session, url in
            try session.execute("INSERT INTO t VALUES (1, 'one')")
            let error = #expect(throws: PostgresError.self) {
                try session.execute("INSERT INTO t VALUES (1, 'again')")
            }
            #expect(error?.sqlState == "23505")
            #expect(error?.detail == "Key (id)=(1) already exists.")
            #expect(error?.isRetriable == false)
            #expect(error?.isConnectionLost == false)
        }
    }

    @Test func `runs more statements than it keeps prepared`() throws {
        try withTable { session, url in
            for number in 0..<300 {
                let row = try session.execute("SELECT $1 + \(number)", .int(number))[0]
                #expect(row[0] == 2 * number)
            }
        }
    }

    @Test func `runs the same text with other types`() throws {
        try withTable { session, url in
            try #expect(session.execute("SELECT pg_typeof($1)::text", .int4(1))[0][0] == "integer")
            try #expect(session.execute("SELECT pg_typeof($1)::text", .text("1"))[0][0] == "text")
        }
    }

    @Test func `acts as the role and in the schema it was opened with`() throws {
        try withTable { session, url in
            try session.run(
                script: """
                    CREATE ROLE "session \" role" NOLOGIN;
                    CREATE SCHEMA "a schema" AUTHORIZATION "session \" role";
                    """.replacing(#"session " role"#, with: #"session "" role"#))
            var options = Session.Options()
            options.role = #"session " role"#
            options.schema = "a schema"
            options.applicationName = "a test"
            do {
                var other = try Session(url, options)
                let row = try other.execute(
                    "SELECT current_user, current_schema, current_setting('application_name')")[0]
                #expect(row[0] == options.role)
                #expect(row[1] == options.schema)
                #expect(row[2] == "a test")
                let refused = #expect(throws: PostgresError.self) {
                    try other.execute("SELECT count(*) FROM public.t")
                }
                #expect(refused?.sqlState == "42501")
            }
            try session.run(
                script: #"DROP SCHEMA "a schema"; DROP ROLE "session "" role""#)
        }
    }

    @Test func `surfaces notices, and refuses to write when read-only`() throws {
        try withTable { _, url in
            let notices = Notices()
            var options = Session.Options()
            options.isReadOnly = true
            var session = try Session(url, options) { notices.lines.append($0) }
            try session.run(script: "DO $$ BEGIN RAISE NOTICE 'for you'; END $$")
            #expect(notices.lines == ["NOTICE:  for you"])
            let refused = #expect(throws: PostgresError.self) {
                try session.execute("INSERT INTO t VALUES (1, 'one')")
            }
            #expect(refused?.sqlState == "25006")
        }
    }

    @Test func `gives up a statement that takes too long`() throws {
        try withTable { _, url in
            var options = Session.Options()
            options.statementTimeoutMs = 50
            var session = try Session(url, options)
            let error = #expect(throws: PostgresError.self) {
                try session.execute("SELECT pg_sleep(60)")
            }
            #expect(error?.sqlState == "57014")
            let isAlive = session.isAlive
            #expect(isAlive)
        }
    }

    @Test func `that was ended by the server knows it is lost`() throws {
        try withTable { session, url in
            var other = try Session(url)
            let process: Int = try other.execute("SELECT pg_backend_pid()")[0][0]
            let isAlive = other.isAlive
            #expect(isAlive)
            try session.execute("SELECT pg_terminate_backend($1)", .int4(Int32(process)))
            let ended = eventually { !other.isAlive }
            #expect(ended)
            let error = #expect(throws: PostgresError.self) { try other.execute("SELECT 1") }
            #expect(error?.isConnectionLost == true)
            #expect(error?.isRetriable == true)
        }
    }

    @Test func `that cannot be opened says so without a password`() throws {
        let error = #expect(throws: PostgresError.self) {
            _ = try Session("postgresql://someone:secret@127.0.0.1:1/nothing")
        }
        #expect(error?.isConnectionLost == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func `comes back with its committed rows after the server crashed`() throws {
        try ThrowawayPostgres.withServer { server in
            let url = server.url(of: "postgres")
            var session = try Session(url)
            try session.run(script: "CREATE TABLE t (id int8)")
            try session.execute("INSERT INTO t VALUES (1)")
            // fsync is off, but a crash of the server alone loses nothing the kernel has.
            try session.execute("SET synchronous_commit = on")
            try session.execute("INSERT INTO t VALUES (2)")
            server.crash()
            let error = #expect(throws: PostgresError.self) {
                try session.execute("SELECT count(*) FROM t")
            }
            #expect(error?.isConnectionLost == true)
            try server.start()
            var again = try Session(url)
            try #expect(again.execute("SELECT count(*) FROM t")[0][0] == 2)
        }
    }

    private final class Notices { var lines: [String] = [] }

    private func rowCount(_ url: String) throws -> Int {
        var session = try Session(url)
        return try session.execute("SELECT count(*) FROM t")[0][0]
    }

    private func withTable(_ body: (inout Session, _ url: String) throws -> Void) throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            try session.run(script: "CREATE TABLE t (id int8 PRIMARY KEY, name text)")
            try body(&session, url)
        }
    }
}
