import Foundation
import Postgres
import TestSupport
import Testing

/// TLS between our processes and PostgreSQL, with certificates made for the test.
@Suite(
    .serialized,
    .enabled(if: ThrowawayPostgres.isInstalled && EmbeddedBroker.isBuilt, "needs PostgreSQL"))
struct `A connection to PostgreSQL` {
    /// By the settings of a process; nil: it came in.
    private func refusal(_ more: [String: String]) throws -> String? {
        let server = try ProvisionedServer.shared()
        let environment = [
            "DATABASE_URL": server.url(of: "dashboard"),
            "DATABASE_PASSWORD": ProvisionedServer.password(of: "dashboard"),
            "DASHBOARD_PORT": "0",
        ].merging(more) { $1 }
        let program = try Running("dashboard", environment: environment)
        defer { program.process.kill() }
        let port = try #require(program.port(), "\(program.said)")
        // Ready, or saying why not.
        eventually {
            fetch(port, "/ready")?.status == 200 || program.said.contains("waiting for postgres")
        }
        return fetch(port, "/ready")?.status == 200 ? nil : program.said
    }

    @Test func `is made by TLS whose name and CA are checked`() throws {
        let server = try ProvisionedServer.shared()
        let checked = [
            "DATABASE_SSLMODE": "verify-full",
            "DATABASE_SSLROOTCERT": "\(server.certificates)/ca.pem",
        ]
        #expect(try refusal(checked) == nil)
        // The same within the URL.
        let url =
            server.url(of: "dashboard")
            + "?sslmode=verify-full&sslrootcert=\(server.certificates)/ca.pem"
        #expect(try refusal(["DATABASE_URL": url]) == nil)
        var session = try Session(server.target(of: "learner"))
        let tls = try session.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
        #expect(tls[0][0] as Bool)
    }

    @Test func `is refused with the wrong CA, the wrong name, no TLS, and the wrong password`()
        throws
    {
        let server = try ProvisionedServer.shared()
        let full = ["DATABASE_SSLMODE": "verify-full"]
        let ca = ["DATABASE_SSLROOTCERT": "\(server.certificates)/ca.pem"]
        let other = full.merging(["DATABASE_SSLROOTCERT": "\(server.certificates)/other.pem"]) {
            $1
        }
        #expect(try refusal(other)?.contains("certificate verify failed") == true)
        // The certificate is localhost's.
        let address = server.url(of: "dashboard").replacing("localhost", with: "127.0.0.1")
        let byAddress = full.merging(ca) { $1 }.merging(["DATABASE_URL": address]) { $1 }
        #expect(try refusal(byAddress)?.contains("does not match host name") == true)
        #expect(try refusal(["DATABASE_SSLMODE": "disable"])?.contains("no encryption") == true)
        let wrong = full.merging(ca) { $1 }.merging(["DATABASE_PASSWORD": "wrong"]) { $1 }
        #expect(try refusal(wrong)?.contains("password authentication failed") == true)
        #expect(try refusal(["DATABASE_SSLMODE": "verify-fool"])?.contains("sslmode") == true)
    }

    @Test func `is let in by a client certificate, and by none but the right one`() throws {
        let server = try ProvisionedServer.shared()
        func target(_ role: String, with certificate: String?) -> Session.Target {
            var target = Session.Target(server.url(of: role, database: "certified"))
            let folder = server.certificates
            target.parameters = [
                ("sslmode", "verify-full"), ("sslrootcert", "\(folder)/ca.pem"),
            ]
            if let certificate {
                target.parameters += [
                    ("sslcert", "\(folder)/\(certificate).pem"),
                    ("sslkey", "\(folder)/\(certificate).key"),
                ]
            }
            return target
        }
        var session = try Session(target("predictor", with: "predictor"))
        #expect(try session.execute("select current_user::text")[0][0] as String == "predictor")
        #expect(throws: PostgresError.self) { _ = try Session(target("predictor", with: nil)) }
        #expect(throws: PostgresError.self) {
            _ = try Session(target("learner", with: "predictor"))
        }
    }

    @Test func `hands PostgreSQL no password, not even when one is set`() throws {
        // `log_statement=all`, and passwords were set by `provision.sh`.
        let server = try ProvisionedServer.shared()
        let log = server.server.log
        #expect(log.contains("create role") || log.contains("provision"))
        #expect(!log.contains("Marked-"))
        var all = try server.superuser()
        let kinds = try all.execute(
            "select distinct left(rolpassword, 14) from pg_authid where rolname = any ($1)",
            .textArray(ProvisionedServer.roles))
        #expect(kinds.map { $0[0] as String } == ["SCRAM-SHA-256$"])
    }
}
