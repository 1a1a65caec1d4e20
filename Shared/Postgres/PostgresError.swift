internal import CLibPQ

/// What the server or libpq refused.
public struct PostgresError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The five characters of SQLSTATE, nil when no server answered.
    public let sqlState: String?
    /// What was attempted, lower case.
    public let attempt: String
    public let message: String
    public let detail: String?
    /// Whether the session is gone: open another. What it had not committed is undone; whether
    /// a commit that failed so took place is not known.
    public let isConnectionLost: Bool

    /// Whether the same transaction may succeed later, in this session or another.
    public var isRetriable: Bool {
        guard !isConnectionLost else { return true }
        guard let sqlState else { return false }
        // 40: rolled back by a conflict. 53: no memory, disk or connection. 55P03: locked.
        return sqlState.hasPrefix("40") || sqlState.hasPrefix("53") || sqlState == "55P03"
    }

    public var description: String {
        let state = sqlState.map { " (\($0))" } ?? ""
        let detail = detail.map { ": \($0)" } ?? ""
        return "postgres: \(attempt): \(message)\(detail)\(state)"
    }

    init(
        _ attempt: String, message: String, detail: String? = nil, sqlState: String? = nil,
        isConnectionLost: Bool = false
    ) {
        self.attempt = attempt
        self.message = message
        self.detail = detail
        self.sqlState = sqlState
        self.isConnectionLost = isConnectionLost
    }

    /// The last error of a connection, where there is no result to ask.
    init(_ attempt: String, connection: OpaquePointer?) {
        self.init(
            attempt, message: trimmed(PQerrorMessage(connection)),
            isConnectionLost: PQstatus(connection) != CONNECTION_OK)
    }

    init(_ attempt: String, result: OpaquePointer?, connection: OpaquePointer?) {
        guard let result else {
            self.init(attempt, connection: connection)
            return
        }
        let state = PQresultErrorField(result, field("C")).map { String(cString: $0) }
        let primary = PQresultErrorField(result, field("M")) ?? PQresultErrorMessage(result)
        // 08: connection. 57P01..3: the server shuts down, has crashed, or is starting. Without a state
        // it is libpq that speaks: what it sent did not arrive. While it still has something of the
        // server's to read, a warning that all ends, it calls such a connection good.
        let ended = state.map { $0.hasPrefix("08") || $0.hasPrefix("57P0") } ?? true
        self.init(
            attempt, message: trimmed(primary),
            detail: PQresultErrorField(result, field("D")).map { trimmed($0) }, sqlState: state,
            isConnectionLost: ended || PQstatus(connection) != CONNECTION_OK)
    }
}

/// PostgreSQL's letter for a field of an error (protocol, "Error and Notice Message Fields").
private func field(_ letter: Unicode.Scalar) -> Int32 { Int32(letter.value) }

func trimmed(_ text: UnsafePointer<CChar>?) -> String {
    guard let text else { return "" }
    var string = String(cString: text)
    while let last = string.last, last.isWhitespace { string.removeLast() }
    return string
}
