import Foundation

/// Series of equal length, read from a table of any of three layouts.
struct Utilisation {
    enum Layout: String, CaseIterable { case columns, rows, planetlab }

    /// (n, T) five-minute means, days joined; missing samples are NaN.
    var series: [[Float]]

    /// - Parameter days: how many of the file's days will be looked at, the first ones.
    init(file: String, layout: Layout, scale: Double, slotsPerDay: Int, days: Int) throws {
        let table = try Table(file: file)
        switch layout {
        case .columns: series = try Self.columns(table, Float(scale))
        case .rows: series = try Self.rows(table, Float(scale))
        case .planetlab: series = try Self.planetlab(table, Float(scale), slotsPerDay, days)
        }
        guard !series.isEmpty else { throw EvaluationError("\(file): no series") }
    }

    private static func columns(_ table: Table, _ scale: Float) throws -> [[Float]] {
        let width = table.lines.first.map { table.cells($0).count } ?? 0
        var series: [[Float]] = Array(repeating: [], count: width)
        for line in table.lines.indices.dropFirst() {
            let cells = table.cells(table.lines[line])
            guard cells.count == width else {
                throw table.error(line, cells.count, "\(cells.count) columns, expected \(width)")
            }
            for (column, cell) in cells.enumerated() {
                series[column].append(try table.value(cell, line, column) * scale)
            }
        }
        return series
    }

    private static func rows(_ table: Table, _ scale: Float) throws -> [[Float]] {
        var series: [[Float]] = []
        for line in table.lines.indices {
            series.append(
                try table.cells(table.lines[line]).enumerated().map { column, cell in
                    try table.value(cell, line, column) * scale
                })
        }
        let length = series.map(\.count).min() ?? 0
        return series.map { Array($0.prefix(length)) }
    }

    /// The file's first days in their order; only machines that have all of them.
    private static func planetlab(
        _ table: Table, _ scale: Float, _ slotsPerDay: Int, _ count: Int
    ) throws -> [[Float]] {
        var days: [String: [String: [Float]]] = [:]
        for line in table.lines.indices.dropFirst() {
            let cells = table.cells(table.lines[line])
            guard cells.count == slotsPerDay + 2 else {
                throw table.error(
                    line, cells.count, "\(cells.count) columns, expected \(slotsPerDay + 2)")
            }
            let day = try cells.indices.dropFirst(2).map { column in
                try table.value(cells[column], line, column) * scale
            }
            days[String(cells[1]), default: [:]][String(cells[0])] = day
        }
        let dates = Set(days.values.flatMap(\.keys)).sorted().prefix(count)
        return days.sorted { $0.key < $1.key }.compactMap { _, byDate in
            let found = dates.compactMap { byDate[$0] }
            return found.count == dates.count ? found.flatMap { $0 } : nil
        }
    }
}

/// A file's lines, decompressed if need be.
private struct Table {
    let file: String
    let lines: [Substring]

    init(file: String) throws {
        self.file = file
        guard let data = FileManager.default.contents(atPath: file) else {
            throw EvaluationError("\(file): no such file, or not to be read")
        }
        let text = data.starts(with: [0x1F, 0x8B]) ? try Self.decompressed(file) : data
        guard let text = String(validating: text, as: UTF8.self) else {
            throw EvaluationError("\(file): not UTF-8")
        }
        lines = text.split { $0.isNewline }
    }

    func cells(_ line: Substring) -> [Substring] {
        line.split(separator: ",", omittingEmptySubsequences: false)
    }

    /// - Parameter line: counted from 0, as is `column`; people count from 1.
    func error(_ line: Int, _ column: Int, _ text: String) -> EvaluationError {
        EvaluationError("\(file):\(line + 1):\(column + 1): \(text)")
    }

    /// NaN for a sample that is missing: empty, or below 0.
    func value(_ cell: Substring, _ line: Int, _ column: Int) throws -> Float {
        if cell.isEmpty { return .nan }
        guard let value = Float(cell), value.isFinite else {
            throw error(line, column, "\"\(cell)\" is no number")
        }
        return value < 0 ? .nan : value
    }

    private static func decompressed(_ file: String) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", "--", file]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw EvaluationError("\(file): gzip ended with \(process.terminationStatus)")
        }
        return data
    }
}
