internal import Foundation
internal import Postgres

extension ThrowawayPostgres {
    /// Calls `body` with a database that has the schemas and roles of `compose/postgres`.
    public static func withProvisionedDatabase<Value>(
        _ body: (_ url: String) throws -> Value
    ) throws -> Value {
        try withDatabase { url in
            try provision(url)
            return try body(url)
        }
    }

    /// Makes the schemas and roles of `compose/postgres` in this server's first database.
    /// - Returns: its URL.
    public func provisioned() throws -> String {
        let url = url(of: "postgres")
        try Self.provision(url)
        return url
    }

    private static func provision(_ url: String) throws {
        let file = "\(Products.packageFolder)/compose/postgres/provision.sql"
        let script = try String(contentsOfFile: file, encoding: .utf8)
        var session = try Session(url)
        try session.run(script: script)
    }
}
