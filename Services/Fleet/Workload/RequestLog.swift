internal import Topics

/// Requests with their outcomes, one row each: `time`, `customer`, `service` and `outcome`; other
/// columns are passed over.
///
/// A request takes no time and triggers an unknown function, for the file says neither.
struct RequestLog: TakesRows {
    static let columns = ["time", "customer", "service", "outcome"]
    static let allowsOtherColumns = true

    private(set) var runs = RecordedRuns()

    private enum Column { static let (time, customer, service, outcome) = (0, 1, 2, 3) }

    /// Our words, and what tables of labels have; capitals do not matter.
    private static let outcomes: [String: Outcome] = [
        "success": .success, "1": .success, "true": .success, "ok": .success,
        "error": .error, "0": .error, "false": .error, "fail": .error,
        "timeout": .timeout, "out_of_memory": .outOfMemory, "throttled": .throttled,
        "killed": .killed,
    ]

    mutating func take(_ row: TableRow) throws(TraceError) {
        let time = micros(try row.number(Column.time, in: 0...1e10, of: "seconds"))
        let function = RecordedTrace.Function(
            customer: try row.name(Column.customer), service: try row.name(Column.service),
            trigger: "unknown")
        let word = row.text(Column.outcome)
        guard !word.isEmpty else { throw row.error(Column.outcome, expected: "an outcome") }
        let outcome = Self.outcomes[word.lowercased()]
        if outcome == nil { runs.remarks.unknownOutcomes += 1 }
        try runs.add(
            function, firstMicros: time, startMicros: time, endMicros: time, label: -1,
            outcome: outcome ?? .error, in: row, timeColumn: Column.time)
    }
}

extension RecordedTrace {
    /// - Throws: `TraceError`, `TraceFolderError`, and what reading a file throws.
    public init(requests file: String) throws {
        let file = try TraceFile(at: file)
        var table = StreamedTable(file: file.name, RequestLog())
        try file.forEachPiece { piece in try table.take(piece) }
        self.init(
            try table.finished().runs, kind: "rq",
            originMs: GeneratedFleet.Parameters().startMs)
    }
}
