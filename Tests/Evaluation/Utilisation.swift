/// Series of equal length, read from a table of any of three layouts.
struct Utilisation {
    enum Layout: String, CaseIterable { case columns, rows, planetlab }

    /// (n, T) five-minute means, days joined; missing samples are NaN.
    var series: [[Float]]

    /// - Parameter days: how many of the file's days will be looked at, the first ones.
    init(file: String, layout: Layout, scale: Double, slotsPerDay: Int, days: Int) throws {
        let table = try TextFile(file)
        switch layout {
        case .columns: series = try Self.columns(table, Float(scale))
        case .rows: series = try Self.rows(table, Float(scale))
        case .planetlab: series = try Self.planetlab(table, Float(scale), slotsPerDay, days)
        }
        guard !series.isEmpty else { throw EvaluationError("\(file): no series") }
    }

    private static func columns(_ table: TextFile, _ scale: Float) throws -> [[Float]] {
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

    private static func rows(_ table: TextFile, _ scale: Float) throws -> [[Float]] {
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
        _ table: TextFile, _ scale: Float, _ slotsPerDay: Int, _ count: Int
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
