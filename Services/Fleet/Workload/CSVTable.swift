/// A table of comma-separated text whose first line names its columns.
///
/// Public traces quote nothing; a quote is content here.
struct CSVTable {
    let file: String
    let columns: [String]
    private let bytes: [UInt8]
    /// Where the line after the header begins.
    private let body: Int

    /// - Throws: when there is no header.
    init(file: String, bytes: [UInt8]) throws(TraceError) {
        self.file = file
        self.bytes = bytes
        let end = bytes.firstIndex(of: newline) ?? bytes.count
        let header = String(decoding: withoutReturn(bytes[..<end]), as: UTF8.self)
        columns = header.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0)
        }
        guard !header.isEmpty else {
            throw TraceError(
                file: file, line: 1, column: "header", got: "nothing", expected: "column names")
        }
        body = min(bytes.count, end + 1)
    }

    /// - Throws: when no column has that name.
    func index(of column: String) throws(TraceError) -> Int {
        guard let index = columns.firstIndex(of: column) else {
            throw TraceError(
                file: file, line: 1, column: column,
                got: columns.prefix(6).joined(separator: ",") + ",...",
                expected: "a column of this name")
        }
        return index
    }

    struct Row {
        let file: String
        fileprivate(set) var line: Int
        let columns: [String]
        fileprivate let bytes: [UInt8]
        fileprivate(set) var fields: [Range<Int>]

        func text(_ column: Int) -> String {
            String(decoding: bytes[fields[column]], as: UTF8.self)
        }

        /// - Throws: when the field is no number, is negative, or not finite.
        func number(_ column: Int) throws(TraceError) -> Double {
            guard let value = Double(text(column)), value >= 0, value.isFinite else {
                throw error(column, expected: "a number, at least 0")
            }
            return value
        }

        /// - Throws: when the field is no whole number up to `UInt32.max`.
        func count(_ column: Int) throws(TraceError) -> UInt32 {
            var value: UInt32 = 0
            var overflows = false
            for byte in bytes[fields[column]] {
                guard (48...57).contains(byte), !overflows else {
                    throw error(column, expected: "a whole number up to 4294967295")
                }
                let (tens, beyondTens) = value.multipliedReportingOverflow(by: 10)
                let (sum, beyondSum) = tens.addingReportingOverflow(UInt32(byte - 48))
                (value, overflows) = (sum, beyondTens || beyondSum)
            }
            guard !fields[column].isEmpty, !overflows else {
                throw error(column, expected: "a whole number up to 4294967295")
            }
            return value
        }

        func error(_ column: Int, expected: String) -> TraceError {
            let got = text(column)
            return TraceError(
                file: file, line: line, column: columns[column],
                got: got.isEmpty ? "nothing" : "\"\(got.prefix(Limits.shownBytes))\"",
                expected: expected)
        }
    }

    /// Calls `body` with each row; empty lines count and are passed over.
    ///
    /// - Throws: when a row has not as many fields as the header, and what `body` throws.
    func forEachRow(_ body: (borrowing Row) throws(TraceError) -> Void) throws(TraceError) {
        var row = Row(file: file, line: 1, columns: columns, bytes: bytes, fields: [])
        var at = self.body
        while at < bytes.count {
            row.line += 1
            let start = at
            row.fields.removeAll(keepingCapacity: true)
            var fieldStart = at
            while at < bytes.count, bytes[at] != newline {
                if bytes[at] == comma {
                    row.fields.append(fieldStart..<at)
                    fieldStart = at + 1
                }
                at += 1
            }
            let end = start + withoutReturn(bytes[start..<at]).count
            row.fields.append(min(fieldStart, end)..<end)
            at += 1
            guard end > start else { continue }
            guard row.fields.count == columns.count else {
                throw TraceError(
                    file: file, line: row.line, column: columns[0],
                    got: "\(row.fields.count) fields", expected: "\(columns.count)")
            }
            try body(row)
        }
    }
}

/// What in a trace's file is not as it should be.
public struct TraceError: Error, Equatable, CustomStringConvertible {
    public let file: String
    public let line: Int
    public let column: String
    public let got: String
    public let expected: String

    public var description: String {
        "read \(file), line \(line), column \(column): got \(got), expected \(expected)"
    }
}

private let newline = UInt8(ascii: "\n")
private let comma = UInt8(ascii: ",")

private func withoutReturn(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    line.last == UInt8(ascii: "\r") ? line.dropLast() : line
}
