internal import Topics

/// Who takes a table's rows, one after the other.
protocol TakesRows {
    /// The columns asked for; a row has its fields in this order.
    static var columns: [String] { get }
    /// Whether there may be further columns, which are passed over.
    static var allowsOtherColumns: Bool { get }

    mutating func take(_ row: TableRow) throws(TraceError)
}

/// A table of comma-separated text, taken line by line from whatever pieces it comes in.
///
/// As in `CSVTable`, a quote is content.
struct StreamedTable<Taker: TakesRows> {
    private let file: String
    private var taker: Taker
    /// Where the columns asked for are, and how many there are; nil before the header.
    private var columns: (places: [Int], count: Int)?
    private var rest: [UInt8] = []
    private var line = 0

    init(file: String, _ taker: Taker) {
        self.file = file
        self.taker = taker
    }

    /// Takes the lines that are complete; empty ones count and are passed over.
    mutating func take(_ piece: [UInt8]) throws(TraceError) {
        rest += piece
        var from = 0
        while let end = rest[from...].firstIndex(of: UInt8(ascii: "\n")) {
            try takeLine(rest[from..<end])
            from = end + 1
        }
        rest.removeSubrange(..<from)
        guard rest.count <= Limits.lineBytesMax else {
            line += 1
            throw error("line", got: "\(rest.count) bytes", "at most \(Limits.lineBytesMax)")
        }
    }

    /// Takes the last line, which need not have an end.
    ///
    /// - Returns: who took the rows.
    consuming func finished() throws(TraceError) -> Taker {
        let last = rest
        rest = []
        try takeLine(last[...])
        guard columns != nil else { throw error("header", got: "nothing", "column names") }
        return taker
    }

    private mutating func takeLine(_ bytes: ArraySlice<UInt8>) throws(TraceError) {
        line += 1
        let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
        guard !bytes.isEmpty else { return }
        let fields = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard let columns else {
            var names = fields.map { String(decoding: $0, as: UTF8.self) }
            // Spreadsheets say first that it is UTF-8.
            if names[0].unicodeScalars.first == "\u{FEFF}" {
                names[0].unicodeScalars.removeFirst()
            }
            try takeHeader(names)
            return
        }
        guard fields.count == columns.count else {
            throw error("line", got: "\(fields.count) fields", "\(columns.count)")
        }
        try taker.take(
            TableRow(
                file: file, names: Taker.columns, line: line,
                fields: columns.places.map { fields[$0] }))
    }

    private mutating func takeHeader(_ found: [String]) throws(TraceError) {
        var places: [Int] = []
        for name in Taker.columns {
            guard let place = found.firstIndex(of: name) else {
                throw error(
                    name, got: String(found.joined(separator: ",").prefix(Limits.shownBytes)),
                    "a column of this name")
            }
            places.append(place)
        }
        guard Taker.allowsOtherColumns || found.count == places.count else {
            throw error("header", got: "\(found.count) columns", "\(places.count)")
        }
        columns = (places, found.count)
    }

    private func error(_ column: String, got: String, _ expected: String) -> TraceError {
        TraceError(file: file, line: line, column: column, got: got, expected: expected)
    }
}

/// A line below the header.
struct TableRow {
    let file: String
    let names: [String]
    let line: Int
    fileprivate let fields: [ArraySlice<UInt8>]

    subscript(column: Int) -> ArraySlice<UInt8> { fields[column] }

    func text(_ column: Int) -> String { String(decoding: fields[column], as: UTF8.self) }

    /// - Throws: when the field is no number of the range.
    func number(
        _ column: Int, in range: ClosedRange<Double>, of unit: String
    ) throws(TraceError) -> Double {
        guard let value = Double(text(column)), range.contains(value) else {
            let (least, most) = (Int(range.lowerBound), Int(range.upperBound))
            throw error(column, expected: "\(unit), at least \(least) and at most \(most)")
        }
        return value
    }

    /// - Throws: when the field is no name that the topics take.
    func name(_ column: Int) throws(TraceError) -> String {
        let name = text(column)
        do throws(Rejection) { try FieldLimits.check(name: name, of: "it") } catch {
            throw self.error(
                column,
                expected: "a name of at most \(FieldLimits.nameBytesMax) bytes, "
                    + "without control characters")
        }
        return name
    }

    /// - Parameter got: what is said to be there instead of the field.
    func error(_ column: Int, got: String? = nil, expected: String) -> TraceError {
        let field = text(column)
        let shown = field.isEmpty ? "nothing" : "\"\(field.prefix(Limits.shownBytes))\""
        return TraceError(
            file: file, line: line, column: names[column], got: got ?? shown,
            expected: expected)
    }
}
