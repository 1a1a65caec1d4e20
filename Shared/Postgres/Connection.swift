internal import CLibPQ

/// Sole owner of a `PGconn` and of the statements prepared in it.
final class Connection {
    let pointer: OpaquePointer
    private let onNotice: ((String) -> Void)?
    /// By SQL text and parameter types: the same text may be run with other types.
    private var prepared: [StatementKey: String] = [:]
    private var preparedCount = 0

    private struct StatementKey: Hashable {
        let sql: String
        let types: [UInt32]
    }

    init(
        _ settings: [(name: String, value: String)], onNotice: ((String) -> Void)?
    ) throws(PostgresError) {
        let names = settings.map { Connection.copy($0.name) }
        let values = settings.map { Connection.copy($0.value) }
        defer { for text in names + values { text?.deallocate() } }
        // The first setting is `dbname`, which 1 lets be a whole connection string.
        let pointer = PQconnectdbParams(
            names.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 1)
        guard let pointer else { throw PostgresError("connect", message: "out of memory") }
        guard PQstatus(pointer) == CONNECTION_OK else {
            defer { PQfinish(pointer) }
            throw PostgresError("connect", connection: pointer)
        }
        self.pointer = pointer
        self.onNotice = onNotice
        PQsetNoticeProcessor(pointer, tellNotice, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { PQfinish(pointer) }

    fileprivate func tell(_ notice: String) { onNotice?(notice) }

    /// Runs one or more statements without parameters.
    func run(_ script: String, _ attempt: String) throws(PostgresError) {
        _ = try check(PQexec(pointer, script), attempt)
    }

    func execute(_ sql: String, _ parameters: [Parameter]) throws(PostgresError) -> Result {
        precondition(parameters.count <= Limits.parametersMax, "\(parameters.count) parameters")
        let attempt = Connection.attempt(sql)
        let name = try prepare(sql, parameters.map(\.type), attempt)
        var arguments = Arguments(parameters)
        let result = arguments.withPointers { values, lengths, formats in
            if let name {
                PQexecPrepared(
                    pointer, name, Int32(parameters.count), values, lengths, formats, binary)
            } else {
                PQexecParams(
                    pointer, sql, Int32(parameters.count), parameters.map(\.type), values, lengths,
                    formats, binary)
            }
        }
        return try check(result, attempt)
    }

    func check(_ result: OpaquePointer?, _ attempt: String) throws(PostgresError) -> Result {
        let status = PQresultStatus(result)
        guard let result,
            status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                || status == PGRES_EMPTY_QUERY
        else {
            precondition(
                status != PGRES_COPY_IN && status != PGRES_COPY_OUT && status != PGRES_COPY_BOTH,
                "\(attempt): COPY goes through copyIn")
            defer { PQclear(result) }
            throw PostgresError(attempt, result: result, connection: pointer)
        }
        return Result(taking: result)
    }

    private func prepare(
        _ sql: String, _ types: [UInt32], _ attempt: String
    ) throws(PostgresError) -> String? {
        let key = StatementKey(sql: sql, types: types)
        if let name = prepared[key] { return name }
        guard preparedCount < Limits.preparedStatementsMax else { return nil }
        let name = "s\(preparedCount)"
        _ = try check(PQprepare(pointer, name, sql, Int32(types.count), types), attempt)
        preparedCount += 1
        prepared[key] = name
        return name
    }

    /// The first words of a statement: enough to find it, and never a value.
    static func attempt(_ sql: String) -> String {
        let words = sql.split(whereSeparator: \.isWhitespace).prefix(6).joined(separator: " ")
        return "run \"\(words.prefix(80))\""
    }

    private static func copy(_ text: String) -> UnsafeMutablePointer<CChar>? {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { (copy + index).initialize(to: byte) }
        return copy
    }
}

private let binary: Int32 = 1

/// The parameters of one statement, one after the other in one buffer.
private struct Arguments {
    private var buffer: [UInt8] = []
    private var starts: [Int?] = []
    private var lengths: [Int32] = []

    init(_ parameters: [Parameter]) {
        // One more, so that an empty value, too, has an address.
        buffer.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        for parameter in parameters {
            starts.append(parameter.bytes == nil ? nil : buffer.count)
            lengths.append(Int32(parameter.bytes?.count ?? 0))
            if let bytes = parameter.bytes { buffer.append(contentsOf: bytes) }
        }
        precondition(
            buffer.count <= Limits.parameterBytesMax,
            "\(buffer.count) parameter bytes, at most \(Limits.parameterBytesMax)")
        buffer.append(0)
    }

    mutating func withPointers<Value>(
        _ body: ([UnsafePointer<CChar>?], [Int32], [Int32]) -> Value
    ) -> Value {
        buffer.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { bytes in
                let values = starts.map { start in
                    start.flatMap { start in bytes.baseAddress.map { $0 + start } }
                }
                let formats = [Int32](repeating: binary, count: starts.count)
                return body(values, lengths, formats)
            }
        }
    }
}

private func tellNotice(_ opaque: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>?) {
    guard let opaque else { return }
    Unmanaged<Connection>.fromOpaque(opaque).takeUnretainedValue().tell(trimmed(text))
}
