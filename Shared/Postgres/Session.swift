internal import CLibPQ

/// One session with PostgreSQL, used by one thread at a time; leaving scope ends it.
///
/// It does not reconnect: what was under way is lost with the session, and only the caller knows
/// how to begin again.
public struct Session: ~Copyable {
    public struct Options: Sendable {
        /// The role to act as from the start (`SET ROLE`).
        public var role: String?
        /// The schema in which names without one are looked up.
        public var schema: String?
        public var applicationName = "antiphase"
        /// How long the server works on one statement; nil for ever.
        public var statementTimeoutMs: Int? = 60_000
        /// How long to wait for a server; libpq takes whole seconds, at least 2.
        public var connectTimeoutSeconds = 10
        public var isReadOnly = false

        public init() {}
    }

    let connection: Connection
    private var isInTransaction = false

    /// - Parameters:
    ///   - url: a libpq connection string or URI; empty reads `PGHOST` and its siblings.
    ///   - onNotice: told the server's notices, which are dropped otherwise.
    public init(
        _ url: String, _ options: Options = Options(), onNotice: ((String) -> Void)? = nil
    ) throws(PostgresError) {
        try self.init(Target(url), options, onNotice: onNotice)
    }

    public init(
        _ target: Target, _ options: Options = Options(), onNotice: ((String) -> Void)? = nil
    ) throws(PostgresError) {
        try target.check()
        let connection = try Connection(
            target.settings + [
                ("application_name", options.applicationName),
                ("connect_timeout", "\(max(2, options.connectTimeoutSeconds))"),
                ("client_encoding", "UTF8"),
                // A server that vanished without a word is noticed within half a minute.
                ("keepalives_idle", "10"), ("keepalives_interval", "5"),
                ("keepalives_count", "4"), ("tcp_user_timeout", "30000"),
            ], onNotice: onNotice)
        var setup =
            "SET TIME ZONE 'UTC';SET statement_timeout = \(options.statementTimeoutMs ?? 0);"
        if options.isReadOnly { setup += "SET default_transaction_read_only = on;" }
        if let role = options.role { setup += "SET ROLE \(quoted(role));" }
        if let schema = options.schema { setup += "SET search_path = \(quoted(schema));" }
        try connection.run(setup, "set up the session")
        self.connection = connection
    }

    /// Whether the server had not hung up when last heard of, asked without waiting.
    public var isAlive: Bool {
        // Reading what has arrived is how libpq finds out that the other side is gone.
        PQconsumeInput(connection.pointer) == 1 && PQstatus(connection.pointer) == CONNECTION_OK
    }

    /// Runs one statement with `$1…` bound to `parameters`, and returns its rows.
    ///
    /// It is prepared once a session, by its text: build no text from values.
    @discardableResult
    public mutating func execute(
        _ sql: String, _ parameters: Parameter...
    ) throws(PostgresError) -> Rows {
        try execute(sql, parameters)
    }

    @discardableResult
    public mutating func execute(
        _ sql: String, _ parameters: [Parameter]
    ) throws(PostgresError) -> Rows {
        Rows(try connection.execute(sql, parameters))
    }

    /// Runs several statements at once, without parameters and results.
    public mutating func run(script: String) throws(PostgresError) {
        try connection.run(script, Connection.attempt(script))
    }

    /// Runs `body` in a transaction: commits when it returns, rolls back when it throws.
    ///
    /// - Precondition: no transaction is open.
    /// - Throws: what `body` threw; or `PostgresError`, when the commit failed, or `body` swallowed
    ///   the error of a statement and so could not be committed.
    @discardableResult
    public mutating func transaction<Value>(
        _ body: (inout Session) throws -> Value
    ) throws -> Value {
        precondition(!isInTransaction, "a transaction inside a transaction")
        try connection.run("BEGIN", "begin a transaction")
        isInTransaction = true
        defer { isInTransaction = false }
        let value: Value
        do {
            value = try body(&self)
        } catch {
            // When this fails the session is gone, and the server rolls back by itself.
            try? connection.run("ROLLBACK", "roll back")
            throw error
        }
        let result = try connection.check(PQexec(connection.pointer, "COMMIT"), "commit")
        // A transaction in which a statement failed answers COMMIT by rolling back.
        guard String(cString: PQcmdStatus(result.pointer)) == "COMMIT" else {
            throw PostgresError(
                "commit", message: "rolled back, because a statement in it had failed",
                sqlState: "25P02")
        }
        return value
    }

    /// Writes many rows with COPY, the fastest way in where no row is there yet.
    ///
    /// - Parameters:
    ///   - table: its name in SQL, as are `columns`; both are code, never input.
    ///   - body: writes the rows; when it throws, none of them is kept.
    /// - Returns: how many rows were written.
    @discardableResult
    public mutating func copyIn(
        _ table: String, _ columns: [String], _ body: (inout CopyWriter) throws -> Void
    ) throws -> Int {
        let attempt = "copy into \(table)"
        let names = columns.joined(separator: ", ")
        let start = PQexec(
            connection.pointer, "COPY \(table) (\(names)) FROM STDIN (FORMAT binary)")
        defer { PQclear(start) }
        guard PQresultStatus(start) == PGRES_COPY_IN else {
            throw PostgresError(attempt, result: start, connection: connection.pointer)
        }
        var writer = CopyWriter(connection, columns: columns.count, attempt)
        do {
            try body(&writer)
            try writer.finish()
        } catch {
            PQputCopyEnd(connection.pointer, "the writer threw")
            drain()
            throw error
        }
        guard PQputCopyEnd(connection.pointer, nil) == 1 else {
            throw PostgresError(attempt, connection: connection.pointer)
        }
        defer { drain() }
        let result = try connection.check(PQgetResult(connection.pointer), attempt)
        return Rows(result).affected
    }

    private func drain() {
        while let result = PQgetResult(connection.pointer) { PQclear(result) }
    }

    /// Something that can interrupt this session's statement from another thread.
    public func canceller() -> Canceller { Canceller(connection.pointer) }
}

/// A name as SQL writes it, whatever is in it.
func quoted(_ identifier: String) -> String {
    // By scalars: a quotation mark with an accent on it is a mark to PostgreSQL.
    let quote: Unicode.Scalar = "\""
    var name = String.UnicodeScalarView([quote])
    for scalar in identifier.unicodeScalars {
        if scalar == quote { name.append(quote) }
        name.append(scalar)
    }
    name.append(quote)
    return String(name)
}

/// Interrupts the statement that a session is running; the statement then fails with 57014.
///
/// `@unchecked Sendable` is true because a `PGcancel` is never changed after it was made, and
/// libpq allows `PQcancel` on any thread, even after the session has ended.
public final class Canceller: @unchecked Sendable {
    private let pointer: OpaquePointer?

    init(_ connection: OpaquePointer) { pointer = PQgetCancel(connection) }

    deinit { PQfreeCancel(pointer) }

    /// Asks the server; false when it could not be asked.
    @discardableResult
    public func cancel() -> Bool {
        var reason = [CChar](repeating: 0, count: 256)
        return PQcancel(pointer, &reason, Int32(reason.count)) == 1
    }
}
