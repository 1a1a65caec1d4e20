internal import Foundation

/// Figures for people, as a table of Markdown that reads well in a terminal, too.
public struct ReportTable: Sendable, CustomStringConvertible {
    public let title: String
    public let columns: [String]
    public private(set) var rows: [[String]] = []
    /// Below the table.
    public var notes: [String] = []

    init(_ title: String, _ columns: [String]) {
        self.title = title
        self.columns = columns
    }

    mutating func add(_ row: [String]) {
        precondition(row.count == columns.count, "\(row.count) cells, \(columns.count) columns")
        rows.append(row)
    }

    public var description: String {
        let widths = columns.indices.map { column in
            ([columns] + rows).map { $0[column].count }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            return "| \(padded.joined(separator: " | ")) |"
        }
        let rule =
            "| \(widths.map { String(repeating: "-", count: $0) }.joined(separator: " | ")) |"
        return
            (["\(title):", "", line(columns), rule] + rows.map(line)
            + notes.flatMap { ["", $0] }).joined(separator: "\n")
    }
}

/// A count with its thousands apart.
func grouped(_ value: Double) -> String { grouped(Int(value.rounded())) }

func grouped(_ value: Int) -> String {
    var text = ""
    for (place, digit) in String(value.magnitude).reversed().enumerated() {
        if place > 0, place % 3 == 0 { text.append(",") }
        text.append(digit)
    }
    return (value < 0 ? "-" : "") + String(text.reversed())
}

/// A ratio, to be held against others of its kind.
func times(_ ratio: Double) -> String { String(format: "%.2f", ratio) }
