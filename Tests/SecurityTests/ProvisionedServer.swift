import Foundation
import Postgres
import TestSupport

/// A PostgreSQL as an operator sets it up: TLS, SCRAM, and `provision.sh`.
struct ProvisionedServer {
    let server: ThrowawayPostgres
    /// Of the role, and marked, so that it is found wherever it turns up.
    static func password(of role: String) -> String { "Marked-\(role)-pa'ss \"w%rd/" }
    static let roles = SeededTables.stages + ["dashboard"]
    static let database = "antiphase"

    /// Certificates: `ca.pem` signed the server's; `other.pem` did not; `predictor.pem` with its key
    /// shows who the predictor is.
    let certificates: String

    /// Calls `body` with the one that all tests of this process share, in which every stage has
    /// migrated and holds rows.
    static func shared() throws -> ProvisionedServer { try sharedServer.get() }

    private static let sharedServer = Result { try ProvisionedServer() }

    private struct Failure: Error, CustomStringConvertible { let description: String }

    private init() throws {
        let made = try Certificates()
        certificates = made.folder
        server = try ThrowawayPostgres.started(
            settings: [
                "ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key",
                "ssl_ca_file=ca.pem", "log_statement=all",
            ]
        ) { folder in
            for name in ["server.pem", "server.key", "ca.pem"] {
                try made.copy(name, to: "\(folder)/data/\(name)")
            }
            // The superuser is the test's; everybody else needs TLS and a password, or a certificate.
            try """
            host all postgres 127.0.0.1/32 trust
            hostssl certified all 127.0.0.1/32 cert
            hostssl all all 127.0.0.1/32 scram-sha-256
            """.appending("\n").write(
                toFile: "\(folder)/data/pg_hba.conf", atomically: true, encoding: .utf8)
        }
        var admin = try Session(server.url(of: "postgres"))
        try admin.run(script: "create database \(Self.database)")
        try admin.run(script: "create database certified")
        for database in [Self.database, "certified"] { try provision(database) }
        var session = try Session(server.url(of: Self.database))
        for stage in SeededTables.stages { try SeededTables.migrate(stage, &session) }
        try SeededTables.fill(into: &session)
    }

    /// As an operator does: passwords in the environment and in files.
    func provision(_ database: String) throws {
        let folder = Products.packageFolder
        var environment = [
            "PGHOST": "127.0.0.1", "PGPORT": "\(server.port)", "PGUSER": "postgres",
            "PGDATABASE": database, "PGPASSWORD": "",
        ]
        for role in Self.roles.dropFirst() {
            environment["\(role.uppercased())_PASSWORD"] = Self.password(of: role)
        }
        let first = Self.roles[0]
        let file = "\(certificates)/\(first).password"
        try (Self.password(of: first) + "\n").write(
            toFile: file, atomically: true, encoding: .utf8)
        environment["\(first.uppercased())_PASSWORD_FILE"] = file
        let outcome = try ChildProcess.run(
            "/bin/bash", ["\(folder)/compose/postgres/provision.sh"], environment: environment,
            within: .seconds(60))
        guard outcome.ending == .exited(0) else {
            throw Failure(description: "provision: \(outcome.error)\(outcome.output)")
        }
    }

    /// Where a role logs in, without its password.
    func url(of role: String, database: String = ProvisionedServer.database) -> String {
        "postgresql://\(role)@localhost:\(server.port)/\(database)"
    }

    /// By TLS whose every claim is checked.
    func target(of role: String) -> Session.Target {
        var target = Session.Target(url(of: role))
        target.password = Self.password(of: role)
        target.parameters = [("sslmode", "verify-full"), ("sslrootcert", "\(certificates)/ca.pem")]
        return target
    }

    /// As whom the test sees everything.
    func superuser() throws -> Session { try Session(server.url(of: Self.database)) }
}

/// Throwaway certificates, as openssl makes them.
struct Certificates {
    let folder: String

    private struct Failure: Error, CustomStringConvertible { let description: String }

    init() throws {
        folder = newFolder("certificates")
        for ca in ["ca", "other"] {
            try openssl(
                "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=\(ca) -keyout \(ca).key "
                    + "-out \(ca).pem")
        }
        try "subjectAltName=DNS:localhost".write(
            toFile: "\(folder)/server.ext", atomically: true, encoding: .utf8)
        for name in ["server", "predictor"] {
            try openssl(
                "req -newkey rsa:2048 -nodes -subj /CN=\(name) -keyout \(name).key -out \(name).csr"
            )
            try openssl(
                "x509 -req -in \(name).csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
                    + "-out \(name).pem" + (name == "server" ? " -extfile server.ext" : ""))
        }
        chmod("\(folder)/predictor.key", 0o600)
    }

    func copy(_ name: String, to path: String) throws {
        try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: path)
        chmod(path, 0o600)
    }

    private func openssl(_ arguments: String) throws {
        let outcome = try ChildProcess.run(
            "/bin/sh", ["-c", "cd '\(folder)' && openssl \(arguments)"], within: .seconds(60))
        guard outcome.ending == .exited(0) else {
            throw Failure(description: "openssl \(arguments): \(outcome.error)")
        }
    }
}
