internal import Postgres
internal import Telemetry

/// A session with PostgreSQL that is opened again for as long as it takes.
final class Database {
    private let url: String
    private let options: Session.Options
    private let stop: StopSignal
    private let log: Log
    private let health: Health
    private var session: Session?

    static let healthPart = "postgres"

    init(
        url: String, role: String?, schema: String, application: String, stop: StopSignal,
        log: Log, health: Health
    ) {
        var options = Session.Options()
        options.role = role
        options.schema = schema
        options.applicationName = application
        self.url = url
        self.options = options
        self.stop = stop
        self.log = log
        self.health = health
    }

    /// Runs `body` until it succeeds, waiting while PostgreSQL is away; `body` must be repeatable.
    ///
    /// - Parameter deadlineMs: monotonic; give up then, where a stop must not wait.
    /// - Returns: nil when a stop was requested before it succeeded.
    /// - Throws: what is not for waiting: a statement that PostgreSQL refuses.
    func perform<Value>(_ body: (inout Session) throws -> Value) throws -> Value? {
        var backoff = Backoff()
        while true {
            do {
                if session == nil { session = try Session(url, options) }
                let value = try body(&session!)
                if backoff.attempts > 0 { log.info("postgres is back") }
                health.isReady(Self.healthPart)
                return value
            } catch let error as PostgresError where error.isConnectionLost || error.isRetriable {
                if error.isConnectionLost { session = nil }
                if backoff.attempts == 0 {
                    log.warning("waiting for postgres", [.error: .string("\(error)")])
                }
                health.waits(for: Self.healthPart, "waiting for postgres: \(error)")
                guard !stop.isRequested else { return nil }
                backoff.wait(stop)
            }
        }
    }

    /// The next use opens a new session, whatever state this one was left in.
    func forgetSession() { session = nil }
}
