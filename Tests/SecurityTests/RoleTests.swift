import Foundation
import Postgres
import TestSupport
import Testing

/// What a process could do to PostgreSQL if its SQL were somebody else's.
@Suite(.serialized, .enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL"))
struct `A role of PostgreSQL` {
    @Test(arguments: ProvisionedServer.roles)
    func `is refused everything in every other schema`(role: String) throws {
        let server = try ProvisionedServer.shared()
        var session = try Session(server.target(of: role))
        let attempts = try Attempts.onOthers(of: role, try server.superuser())
        // Four stages with tables, partitions, indexes, functions; fewer means that none were found.
        #expect(attempts.count > 400)
        #expect(try unrefused(attempts, in: &session) == [])
        // What is allowed is noticed.
        #expect(try unrefused(["select 1"], in: &session) == ["select 1: AN001 succeeded"])
    }

    @Test(arguments: ProvisionedServer.roles)
    func `is refused what is the server's`(role: String) throws {
        let server = try ProvisionedServer.shared()
        var session = try Session(server.target(of: role))
        var other = try server.superuser()
        // Read-only is no lock, for a session can take it off: the rights must refuse by themselves.
        try session.run(script: "set default_transaction_read_only = off")
        #expect(refusals(of: Attempts.onServer(by: role), in: &session) == [])
        // Nor does it see what others ask.
        try other.execute("select 'what nobody else may read'")
        let seen = try session.execute(
            """
            select count(*) from pg_stat_activity
            where usename <> current_user and query <> '<insufficient privilege>' and query <> ''
            """)
        #expect(seen[0][0] as Int64 == 0)
    }

    @Test(arguments: SeededTables.stages)
    func `does what its stage needs in its own schema`(role: String) throws {
        let server = try ProvisionedServer.shared()
        var session = try Session(server.target(of: role))
        // Without a word about schemas.
        let rows = try session.execute("select count(*) from checkpoints")
        #expect(rows[0][0] as Int64 == 16)
        try session.run(
            script: """
                create table mine (i int); insert into mine values (1); update mine set i = 2;
                delete from mine; truncate mine; drop table mine;
                """)
        // As the processes do, who name their role.
        var options = Session.Options()
        options.role = role
        options.schema = role
        options.isReadOnly = true
        _ = try Session(server.target(of: role), options)
        let limits = try session.execute(
            "select current_setting('search_path'), current_setting('idle_in_transaction_session_timeout')"
        )
        #expect(limits[0][0] as String == role)
        #expect(limits[0][1] as String == "30s")
    }

    @Test func `of the dashboard reads every view and nothing else`() throws {
        let server = try ProvisionedServer.shared()
        var all = try server.superuser()
        var session = try Session(server.target(of: "dashboard"))
        let views = try all.execute(
            "select relname::text from pg_class where relnamespace = 'dashboard'::regnamespace")
        #expect(views.count > 15)
        for view in views {
            try session.execute("select * from dashboard.\(view[0] as String) limit 1")
        }
        let lines = try session.execute("select count(*) from functions")
        #expect(lines[0][0] as Int64 == 24)
        let writes = views.flatMap { row -> [String] in
            let view = "dashboard.\(row[0] as String)"
            return [
                "delete from \(view)", "insert into \(view) default values", "drop view \(view)",
                "alter view \(view) rename to x", "comment on view \(view) is 'x'",
                "truncate \(view)",
                "alter view \(view) owner to dashboard",
            ]
        }
        let creations = [
            "create view x as select 1", "create table x ()", "create type x as (i int)",
        ]
        #expect(try unrefused(writes + creations, in: &session) == [])
        // Who hands on a right that is not his to give is warned, and nothing happens.
        for view in views {
            try session.execute("grant select on dashboard.\(view[0] as String) to public")
        }
        let open = try all.execute(
            """
            select count(*) from pg_class c, aclexplode(relacl) a
            where relnamespace = any ($1::regnamespace[]) and a.grantee = 0
            """, .textArray(ProvisionedServer.roles))
        #expect(open[0][0] as Int64 == 0)
    }

    @Test func `is not made of one that may do more than a process of ours`() throws {
        let server = try ProvisionedServer.shared()
        var all = try server.superuser()
        try all.run(script: "alter role learner createdb")
        defer { try? all.run(script: "alter role learner nocreatedb") }
        #expect(throws: (any Error).self) { try server.provision(ProvisionedServer.database) }
    }

    @Test func `belongs to no other, and everybody else has nothing`() throws {
        let server = try ProvisionedServer.shared()
        var all = try server.superuser()
        let members = try all.execute(
            """
            select count(*) from pg_auth_members m join pg_roles r on r.oid = m.roleid
            join pg_roles w on w.oid = m.member
            where r.rolname = any ($1) or w.rolname = any ($1)
            """, .textArray(ProvisionedServer.roles))
        #expect(members[0][0] as Int64 == 0)
        try all.run(script: "create role passer_by login password 'p'")
        defer { try? all.run(script: "drop role passer_by") }
        var target = server.target(of: "passer_by")
        target.password = "p"
        let error = #expect(throws: PostgresError.self) { _ = try Session(target) }
        #expect(error?.message.contains("permission denied for database") == true)
    }

    @Test func `with one login for all is for trying it out, and says so by its option`() throws {
        // The tests' own superuser may act as each of them, without being a member.
        let server = try ProvisionedServer.shared()
        for role in ProvisionedServer.roles {
            var options = Session.Options()
            options.role = role
            _ = try Session(server.server.url(of: ProvisionedServer.database), options)
        }
    }

    /// Many attempts, tried on the server, each undone.
    ///
    /// - Returns: those that were not refused for want of rights. Of some views and kinds PostgreSQL
    ///   says first that nobody can do that to them: 55000, 42809.
    private func unrefused(
        _ attempts: [String], in session: inout Session
    ) throws -> [String] {
        let json = String(decoding: try JSONEncoder().encode(attempts), as: UTF8.self)
        try session.run(script: "set default_transaction_read_only = off")
        try session.execute("select set_config('antiphase.attempts', $1, false)", .text(json))
        try session.run(
            script: """
                do $$
                declare
                    attempt text;
                    found text[] := '{}';
                begin
                    for attempt in select json_array_elements_text(
                        current_setting('antiphase.attempts')::json)
                    loop
                        begin
                            execute attempt;
                            raise exception 'succeeded' using errcode = 'AN001';
                        exception
                            when insufficient_privilege or object_not_in_prerequisite_state
                                or wrong_object_type then null;
                            when others then
                                found := found || (attempt || ': ' || sqlstate || ' ' || sqlerrm);
                        end;
                    end loop;
                    perform set_config('antiphase.attempts', to_json(found)::text, false);
                end
                $$
                """)
        let found = try session.execute("select current_setting('antiphase.attempts')")
        return try JSONDecoder().decode([String].self, from: Data((found[0][0] as String).utf8))
    }

    /// One by one, for what no block may hold.
    private func refusals(of attempts: [String], in session: inout Session) -> [String] {
        attempts.compactMap { attempt in
            do throws(PostgresError) {
                try session.execute(attempt)
                return "succeeded: \(attempt)"
            } catch {
                return error.sqlState == "42501" ? nil : "\(attempt): \(error)"
            }
        }
    }
}
