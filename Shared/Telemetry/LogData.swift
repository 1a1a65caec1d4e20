/// Every key of a log line there is, so that none is spelled twice. Units come last.
public enum LogKey: String, CaseIterable, Sendable {
    // What it is about.
    case address, cell, cluster, command, customer, file, function, group, header, key
    case format, metric, model, name, part, path, port, query, schema, service, setting
    case processID = "process_id"
    case signal, source, stage, state, table, thread, topic, value, version, worker
    // Where in a topic.
    case epoch, lag, offset, partition, partitions, position
    // How it went.
    case attempt, code, error, expected, from, got, outcome, reason, sqlstate, status, to
    // How much.
    case bytes, count, functions, limit, messages, queued, rejected, rows, seed, services
    case duplicates, invocations, late, published, slots, workers
    case digest, loss, score
    case batchMs = "batch_ms"
    case durationMs = "duration_ms"
    case fromMs = "from_ms"
    case intervalMs = "interval_ms"
    case memoryMb = "memory_mb"
    case perSecond = "per_second"
    case slotStartMs = "slot_start_ms"
    case startedAtMs = "started_at_ms"
    case toMs = "to_ms"
    case waitMs = "wait_ms"
}

/// One value of a log line: `["topic": "shapes"]`, `[.count: 3]`, `[.error: "\(error)"]`; for
/// variables `.string(text)`, `.integer(count)`, `.double(loss)`, `.bool(ready)`.
public enum LogValue: Equatable, Sendable {
    case string(String)
    case integer(Int)
    case double(Double)
    case bool(Bool)

    var json: String {
        switch self {
        case .string(let text): jsonText(text)
        case .integer(let number): number.description
        // JSON has no infinity and no NaN.
        case .double(let number): number.isFinite ? number.description : jsonText("\(number)")
        case .bool(let truth): truth.description
        }
    }
}

extension LogValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
