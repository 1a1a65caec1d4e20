internal import Postgres
internal import Telemetry

/// A session with PostgreSQL that is opened again for as long as it takes.
final class Database {
    private let target: Session.Target
    private let options: Session.Options
    private let stop: StopSignal
    private let dependency: Dependency
    private var session: Session?

    init(
        target: Session.Target, role: String?, schema: String, application: String,
        stop: StopSignal,
        dependency: Dependency
    ) {
        var options = Session.Options()
        options.role = role
        options.schema = schema
        options.applicationName = application
        options.connectTimeoutSeconds = Limits.connectSeconds
        self.target = target
        self.options = options
        self.stop = stop
        self.dependency = dependency
    }

    /// Runs `body` until it succeeds, waiting while PostgreSQL is away; `body` must be repeatable.
    ///
    /// - Parameter whileWaiting: called after each try that failed so.
    /// - Returns: nil when a stop was requested before it succeeded; it was tried once even so.
    /// - Throws: what is not for waiting: a statement that PostgreSQL refuses.
    func perform<Value>(
        whileWaiting: () -> Void = {}, _ body: (inout Session) throws -> Value
    ) throws -> Value? {
        var backoff = Backoff()
        while true {
            do {
                // A server that went while nothing was asked is noticed here, not by the body.
                if session?.isAlive == false { session = nil }
                if session == nil { session = try open() }
                let value = try body(&session!)
                dependency.isBack()
                return value
            } catch let error as PostgresError where Self.isForWaiting(error) {
                if error.isConnectionLost || error.sqlState == readOnly { session = nil }
                dependency.isAway("\(error)")
                guard !stop.isRequested else { return nil }
                whileWaiting()
                backoff.wait(stop)
                guard !stop.isRequested else { return nil }
            }
        }
    }

    private func open() throws -> Session {
        var session = try Session(target, options)
        // A process that froze inside a transaction holds its locks for that long; and who waits for
        // them looks up now and then, whether it is to stop. A claim that a crash of the server could
        // take back would let two processes have the same epoch: where commits do not wait for the
        // disk, ours do.
        try session.run(
            script: """
                SET idle_in_transaction_session_timeout = 10000; SET lock_timeout = 1000;
                SELECT set_config('synchronous_commit', 'on', false)
                WHERE current_setting('synchronous_commit') = 'off'
                """)
        return session
    }

    /// What passes without a change of ours: the server or the session is gone, a conflict, no room
    /// (`isRetriable`); also a statement that took too long, and a server that only reads, which a
    /// failover leaves behind.
    private static func isForWaiting(_ error: PostgresError) -> Bool {
        error.isConnectionLost || error.isRetriable || error.sqlState == queryCanceled
            || error.sqlState == readOnly
    }
}

private let queryCanceled = "57014"
private let readOnly = "25006"
