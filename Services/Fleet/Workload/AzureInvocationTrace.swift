internal import Foundation

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
        let handle: FileHandle
        do {
            handle = try FileHandle(forReadingFrom: URL(filePath: path))
        } catch {
            throw TraceFolderError(folder: path, detail: "no file that can be read")
        }
        defer { try? handle.close() }
        let name = URL(filePath: path).lastPathComponent
        try self.init(file: name) { try handle.read(upToCount: Self.pieceBytes).map(Array.init) }
    }

    /// - Parameter next: the file's next bytes; none at its end. The trace is too large to be held.
    init(file: String, _ next: () throws -> [UInt8]?) throws {
        var reader = AzureInvocationReader(file: file)
        while let piece = try next(), !piece.isEmpty { try reader.take(piece) }
        (functions, runs) = try reader.finished()
        runs.sort {
            ($0.startMicros, $0.function, $0.durationMicros)
                < ($1.startMicros, $1.function, $1.durationMicros)
        }
    }

    private static let pieceBytes = 1 << 20
}

/// Reads the trace's lines, whatever pieces they come in.
private struct AzureInvocationReader {
    typealias Function = AzureInvocationTrace.Function

    let file: String
    private var rest: [UInt8] = []
    private var line = 0
    private var columns: (app: Int, function: Int, end: Int, duration: Int)?
    private var functions: [Function] = []
    private var runs: [AzureInvocationTrace.Run] = []
    private var known: [[UInt8]: Int] = [:]

    /// Longer lines are none of this trace's.
    private static let lineBytesMax = 4_096
    /// The public trace has 1,980,951.
    private static let runsMax = 100_000_000
    private static let names = ["app", "func", "end_timestamp", "duration"]

    init(file: String) { self.file = file }

    mutating func take(_ piece: [UInt8]) throws(TraceError) {
        rest += piece
        var from = 0
        while let end = rest[from...].firstIndex(of: UInt8(ascii: "\n")) {
            try takeLine(rest[from..<end])
            from = end + 1
        }
        rest.removeSubrange(..<from)
        guard rest.count <= Self.lineBytesMax else {
            line += 1
            throw error("line", got: "\(rest.count) bytes", "at most \(Self.lineBytesMax)")
        }
    }

    mutating func finished() throws(TraceError) -> ([Function], [AzureInvocationTrace.Run]) {
        try takeLine(rest[...])
        guard columns != nil else { throw error("header", got: "nothing", "column names") }
        return (functions, runs)
    }

    private mutating func takeLine(_ bytes: ArraySlice<UInt8>) throws(TraceError) {
        line += 1
        let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
        guard !bytes.isEmpty else { return }
        let fields = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard let columns else {
            try takeHeader(fields.map { String(decoding: $0, as: UTF8.self) })
            return
        }
        guard fields.count >= Self.names.count else {
            throw error("line", got: "\(fields.count) fields", "\(Self.names.count)")
        }
        let end = try number(fields[columns.end], "end_timestamp", upTo: 1e10)
        let duration = try number(fields[columns.duration], "duration", upTo: 86_400)
        let function = try function(fields[columns.app], fields[columns.function])
        guard runs.count < Self.runsMax else {
            throw error("line", got: "one more", "at most \(Self.runsMax) invocations")
        }
        functions[function].total += 1
        functions[function].leastMs = min(functions[function].leastMs, duration * 1_000)
        functions[function].mostMs = max(functions[function].mostMs, duration * 1_000)
        runs.append(
            .init(
                function: Int32(function), startMicros: Int64(((end - duration) * 1e6).rounded()),
                durationMicros: Int64((duration * 1e6).rounded())))
    }

    private mutating func takeHeader(_ names: [String]) throws(TraceError) {
        func index(_ name: String) throws(TraceError) -> Int {
            guard let index = names.firstIndex(of: name) else {
                throw error(
                    name, got: String(names.joined(separator: ",").prefix(Limits.shownBytes)),
                    "a column of this name")
            }
            return index
        }
        let columns = (
            app: try index("app"), function: try index("func"), end: try index("end_timestamp"),
            duration: try index("duration")
        )
        guard names.count == Self.names.count else {
            throw error("header", got: "\(names.count) columns", "\(Self.names.count)")
        }
        self.columns = columns
    }

    private mutating func function(
        _ app: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>
    ) throws(TraceError) -> Int {
        let key = Array(app) + [UInt8(ascii: ",")] + Array(name)
        if let index = known[key] { return index }
        guard !app.isEmpty else { throw error("app", got: "nothing", "a name") }
        guard !name.isEmpty else { throw error("func", got: "nothing", "a name") }
        guard functions.count < Limits.functionsMax else {
            throw error("func", got: "one more", "at most \(Limits.functionsMax) functions")
        }
        known[key] = functions.count
        functions.append(
            Function(
                app: String(decoding: app, as: UTF8.self),
                function: String(decoding: name, as: UTF8.self)))
        return functions.count - 1
    }

    private func number(
        _ field: ArraySlice<UInt8>, _ column: String, upTo most: Double
    ) throws(TraceError) -> Double {
        let text = String(decoding: field, as: UTF8.self)
        guard let value = Double(text), (0...most).contains(value) else {
            throw error(
                column, got: "\"\(text.prefix(Limits.shownBytes))\"",
                "seconds, at least 0 and at most \(Int(most))")
        }
        return value
    }

    private func error(_ column: String, got: String, _ expected: String) -> TraceError {
        TraceError(file: file, line: line, column: column, got: got, expected: expected)
    }
}
