import Foundation
import Postgres
import TestSupport
import Testing

/// `compose/up` as a user runs it: who else gets in?
@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(if: ThrowawayPostgres.isInstalled && UpRun.isBuilt, "needs PostgreSQL and a build"))
struct `What compose/up starts` {
    @Test func `is this user's alone, and each process has a role of its own`() throws {
        try withTemporaryFolder { folder in
            let up = try UpRun(home: "\(folder)/home")
            defer { up.stop() }
            try #require(
                eventually(within: .seconds(60)) {
                    !up.process.isRunning || up.process.standardError.contains("antiphase: running")
                } && up.process.isRunning, "\(up.process.standardError)")
            let database = try Session.Target(up.text("database.url"))
            // Every stage has migrated, and so has logged in.
            try #require(
                eventually(within: .seconds(30)) { (try? up.logins(database).count) == 5 },
                "\(up.process.standardError)")
            #expect(try up.logins(database) == up.expectedLogins)

            expectLoopback(up)
            try expectClosedFiles(up)
            try expectClosedDatabase(up, database)
            try expectSilence(up)
        }
    }

    private func expectLoopback(_ up: UpRun) {
        let tree = Sockets.tree(of: up.process.processID)
        let places = tree.map { Sockets.listening(of: $0) }.reduce(Set()) { $0.union($1) }
        // PostgreSQL, the broker, four stages, the fleet and the dashboard.
        #expect(places.count == 8, "\(places)")
        #expect(places.filter { !$0.isLoopback }.isEmpty, "\(places)")
    }

    /// But for what an upper folder of theirs already closes.
    private func expectClosedFiles(_ up: UpRun) throws {
        var open: [String] = []
        let walk = FileManager.default.enumerator(atPath: up.home)
        var count = 0
        while let path = walk?.nextObject() as? String {
            if path.hasPrefix("postgres/") { continue }
            let all = try FileManager.default.attributesOfItem(atPath: "\(up.home)/\(path)")
            guard all[.type] as? FileAttributeType != .typeSymbolicLink else { continue }
            count += 1
            let mode = (all[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
            if mode & 0o077 != 0 { open.append(path) }
        }
        #expect(count > 20)
        #expect(open == [])
    }

    private func expectClosedDatabase(_ up: UpRun, _ database: Session.Target) throws {
        for role in ProvisionedServer.roles + ["antiphase"] {
            var target = Session.Target(try up.url(of: role))
            #expect(throws: PostgresError.self) { _ = try Session(target) }
            target.password = "wrong"
            #expect(throws: PostgresError.self) { _ = try Session(target) }
        }
        var target = Session.Target(try up.url(of: "learner"))
        target.password = try up.text("roles/learner.password")
        var session = try Session(target)
        try session.execute("select count(*) from representations")
        for refused in [
            "select * from featurizer.functions", "set role featurizer", "select * from pg_authid",
            "select * from dashboard.functions",
        ] {
            let error = #expect(throws: PostgresError.self) { try session.execute(refused) }
            #expect(error?.sqlState == "42501", "\(refused)")
        }
    }

    /// No password in a log, an argument, or the environment of one that does not need it.
    private func expectSilence(_ up: UpRun) throws {
        var secrets = [try up.text("postgres.password")]
        for role in ProvisionedServer.roles {
            secrets.append(try up.text("roles/\(role).password"))
        }
        #expect(Set(secrets).count == 6 && secrets.allSatisfy { $0.count >= 20 })
        var texts = [up.process.standardError, up.process.standardOutput]
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(up.home)/logs") {
            texts.append(try up.text("logs/\(name)"))
        }
        #expect(texts.count > 8)
        for process in Sockets.tree(of: up.process.processID) {
            let command = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
            texts.append(command ?? "")
        }
        for name in [
            "featurizer", "learner", "predictor", "allocator", "dashboard", "fleet", "broker",
        ] {
            let process = try up.text("\(name).pid")
            let environment = try String(
                contentsOfFile: "/proc/\(process)/environ", encoding: .utf8)
            texts.append(environment)
        }
        for text in texts {
            #expect(secrets.filter { text.contains($0) } == [])
        }
    }
}

/// One run, with a generated fleet.
final class UpRun {
    static let isBuilt = configuration != nil

    private static let root = URL(fileURLWithPath: Products.packageFolder)
    /// The configuration of the running tests, when the script would run programs of this build.
    private static let configuration: String? = {
        guard let program = Products.path(of: "broker") else { return nil }
        let built = URL(fileURLWithPath: program).resolvingSymlinksInPath()
        let configuration = built.deletingLastPathComponent().lastPathComponent
        let run = root.appendingPathComponent(".build/\(configuration)/broker")
        return run.resolvingSymlinksInPath() == built ? configuration : nil
    }()

    let home: String
    let process: ChildProcess

    init(home: String) throws {
        self.home = home
        process = try ChildProcess(
            Self.root.appendingPathComponent("compose/up").path,
            [
                "--no-build", "--configuration", Self.configuration ?? "debug", "--port", "18380",
                "--speed", "600",
            ],
            environment: [
                "ANTIPHASE_HOME": home, "KAFKA_BOOTSTRAP_SERVERS": "", "DATABASE_URL": "",
            ])
    }

    func stop() {
        process.interrupt()
        if process.wait(within: .seconds(30)) == nil { process.terminate() }
        process.wait(within: .seconds(10))
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(home)/\(name)", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Without a password.
    func url(of role: String) throws -> String {
        let whole = try text("database.url")
        let place = whole[(whole.lastIndex(of: "@") ?? whole.startIndex)...]
        return "postgresql://\(role)\(place)"
    }

    /// Who is logged in as whom, of our programs.
    func logins(_ database: Session.Target) throws -> Set<String> {
        var session = try Session(database)
        let rows = try session.execute(
            """
            select distinct application_name || ' is ' || usename from pg_stat_activity
            where application_name = any ($1)
            """, .textArray(ProvisionedServer.roles))
        return Set(rows.map { $0[0] as String })
    }

    var expectedLogins: Set<String> { Set(ProvisionedServer.roles.map { "\($0) is \($0)" }) }
}
