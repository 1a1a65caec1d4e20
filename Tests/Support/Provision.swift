internal import Foundation
internal import Postgres

extension ThrowawayPostgres {
    /// Calls `body` with a database that has the schemas and roles of `compose/postgres`.
    public static func withProvisionedDatabase<Value>(
        _ body: (_ url: String) throws -> Value
    ) throws -> Value {
        try withDatabase { url in
            let file = "\(Products.packageFolder)/compose/postgres/provision.sql"
            let script = try String(contentsOfFile: file, encoding: .utf8)
            var session = try Session(url)
            try session.run(script: script)
            return try body(url)
        }
    }
}
