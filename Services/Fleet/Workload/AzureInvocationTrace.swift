/// The public Azure Functions trace of 2021: single invocations, when each ended and how long it took.
///
/// - SeeAlso: Zhang et al., "Faster and Cheaper Serverless Computing on Harvested Resources" (SOSP
///   2021), and `AzureFunctionsInvocationTrace2021.md` of the AzurePublicDataset.
public struct AzureInvocationTrace: Sendable {
    struct Function: Sendable {
        let app: String
        let function: String
        var total = 0
        var leastMs = Double.infinity
        var mostMs = 0.0
    }

    /// One execution; its start is its end less its duration.
    struct Run: Sendable {
        let function: Int32
        /// Microseconds, from the trace's start, or from 1970 where the trace counts from there.
        let startMicros: Int64
        let durationMicros: Int64
    }

    /// In order of appearance.
    private(set) var functions: [Function] = []
    /// By start, then by function, then by duration: rows come in no order that one may rely on.
    private(set) var runs: [Run] = []

    public var functionCount: Int { functions.count }
    public var invocationCount: Int { runs.count }

    /// Whether ends are moments, and not seconds since the trace's start.
    var countsFrom1970: Bool { (runs.first?.startMicros ?? 0) > 1_000_000_000_000_000 }

    /// - Throws: `TraceError`, and what reading a file throws.
    public init(file path: String) throws {
        let file = try TraceFile(at: path)
        var table = StreamedTable(file: file.name, AzureInvocations())
        try file.forEachPiece { piece in try table.take(piece) }
        self.init(try table.finished())
    }

    /// - Parameter next: the file's next bytes; none at its end. The trace is too large to be held.
    init(file: String, _ next: () throws -> [UInt8]?) throws {
        var table = StreamedTable(file: file, AzureInvocations())
        while let piece = try next(), !piece.isEmpty { try table.take(piece) }
        self.init(try table.finished())
    }

    private init(_ taken: consuming AzureInvocations) {
        taken.sort()
        functions = taken.functions
        runs = taken.runs
    }
}

/// Takes the trace's rows.
private struct AzureInvocations: TakesRows {
    static let columns = ["app", "func", "end_timestamp", "duration"]
    static let allowsOtherColumns = false

    private(set) var functions: [AzureInvocationTrace.Function] = []
    private(set) var runs: [AzureInvocationTrace.Run] = []
    private var known: [[UInt8]: Int] = [:]

    private enum Column { static let (app, function, end, duration) = (0, 1, 2, 3) }
    /// The public trace has 1,980,951.
    private static let runsMax = 100_000_000

    mutating func take(_ row: TableRow) throws(TraceError) {
        let end = try row.number(Column.end, in: 0...1e10, of: "seconds")
        let duration = try row.number(Column.duration, in: 0...86_400, of: "seconds")
        let function = try function(row)
        guard runs.count < Self.runsMax else {
            throw row.error(
                Column.app, got: "one more", expected: "at most \(Self.runsMax) invocations")
        }
        functions[function].total += 1
        functions[function].leastMs = min(functions[function].leastMs, duration * 1_000)
        functions[function].mostMs = max(functions[function].mostMs, duration * 1_000)
        runs.append(
            .init(
                function: Int32(function),
                startMicros: Int64(((end - duration) * 1e6).rounded()),
                durationMicros: Int64((duration * 1e6).rounded())))
    }

    mutating func sort() {
        runs.sort {
            ($0.startMicros, $0.function, $0.durationMicros)
                < ($1.startMicros, $1.function, $1.durationMicros)
        }
    }

    private mutating func function(_ row: TableRow) throws(TraceError) -> Int {
        let key = Array(row[Column.app]) + [UInt8(ascii: ",")] + Array(row[Column.function])
        if let index = known[key] { return index }
        for column in [Column.app, Column.function] where row[column].isEmpty {
            throw row.error(column, expected: "a name")
        }
        guard functions.count < Limits.functionsMax else {
            throw row.error(
                Column.function, got: "one more",
                expected: "at most \(Limits.functionsMax) functions")
        }
        known[key] = functions.count
        functions.append(.init(app: row.text(Column.app), function: row.text(Column.function)))
        return functions.count - 1
    }
}
