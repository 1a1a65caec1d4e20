import Dispatch
import TestSupport
import Testing

@testable import Postgres

@Suite(.serialized, .enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL"))
struct `A session whose server crashes` {
    /// In the midst of large statements: when what is sent no longer arrives, libpq may still have the
    /// server's last warning to read, and then speaks of an error on a good connection.
    @Test func `knows that it is lost, at whatever moment`() throws {
        try ThrowawayPostgres.withServer { server in
            let large = String(repeating: "x", count: 4 << 20)
            for round in 0..<8 {
                var session = try Session(server.url(of: "postgres"))
                let crashed = DispatchSemaphore(value: 0)
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(30 + 7 * round)) {
                    server.crash()
                    crashed.signal()
                }
                let error = #expect(throws: PostgresError.self) {
                    while true { try session.execute("SELECT length($1)", .text(large)) }
                }
                #expect(error?.isConnectionLost == true)
                crashed.wait()
                try server.start()
            }
        }
    }
}
