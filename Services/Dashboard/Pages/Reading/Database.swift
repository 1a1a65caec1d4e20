internal import Postgres
internal import Synchronization

/// PostgreSQL as the pages see it: one session, opened when needed, reading schema `dashboard`.
final class Database: Sendable {
    private let target: Session.Target
    private let options: Session.Options
    private let session = Mutex<Session?>(nil)

    /// - Parameter role: to act as; nil for that of the one who connects.
    init(target: Session.Target, role: String?, statementTimeoutMs: Int) {
        var options = Session.Options()
        options.role = role
        options.schema = "dashboard"
        options.applicationName = "dashboard"
        options.isReadOnly = true
        options.statementTimeoutMs = statementTimeoutMs
        options.connectTimeoutSeconds = 2
        self.target = target
        self.options = options
    }

    /// Runs `body`, which must be repeatable: a session that ended meanwhile is opened once more.
    func read<Value: Sendable>(
        _ body: @Sendable (inout Views) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        try session.withLock { (session) throws(PostgresError) -> Value in
            let isFresh = session == nil
            do throws(PostgresError) {
                return try attempt(&session, body)
            } catch {
                guard error.isConnectionLost, !isFresh else { throw error }
                return try attempt(&session, body)
            }
        }
    }

    /// A session in which something failed is not used again: its prepared statements may be of
    /// views that a stage has replaced.
    private func attempt<Value: Sendable>(
        _ session: inout Session?, _ body: @Sendable (inout Views) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let open: Session
        if let kept = session.take() {
            open = kept
        } else {
            open = try Session(target, options)
        }
        var views = try Views(open)
        let value = try body(&views)
        session = views.release()
        return value
    }
}

/// The views there are, and a session to read them.
struct Views: ~Copyable {
    private var session: Session
    private let names: Set<String>

    init(_ opened: consuming Session) throws(PostgresError) {
        var session = opened
        let rows = try session.execute(
            """
            select relname::text from pg_class
            where relnamespace = to_regnamespace('dashboard') and relkind = 'v'
                and has_table_privilege(oid, 'select')
            """)
        names = Set(rows.map { $0[0] as String })
        self.session = session
    }

    consuming func release() -> Session { session }

    /// A stage makes its views when it first starts.
    func has(_ view: String) -> Bool { names.contains(view) }

    mutating func rows(
        _ sql: String, _ parameters: Parameter...
    ) throws(PostgresError) -> Rows {
        try session.execute(sql, parameters)
    }
}
