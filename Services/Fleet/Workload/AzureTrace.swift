internal import Numerics

/// The public Azure Functions trace of 2019, as its tables say it.
///
/// - SeeAlso: Shahrad et al., "Serverless in the Wild" (USENIX ATC 2020), section 3, and the
///   layout that `AzureFunctionsDataset2019.md` of the AzurePublicDataset describes.
public struct AzureTrace: Sendable {
    /// A function, with what the tables say of it.
    struct Function: Sendable {
        let owner: String
        let app: String
        let function: String
        let trigger: String
        var durationMs: QuantileCurve?
        var memoryMb: QuantileCurve?
        var total = 0
    }

    /// `count` invocations of `function` in `minute`, which counts from the first day's midnight.
    struct Cell: Sendable {
        let minute: Int32
        let function: Int32
        let count: UInt32
    }

    /// In order of appearance.
    private(set) var functions: [Function] = []
    /// By minute, then by function; minutes without invocations have none.
    private(set) var cells: [Cell] = []
    /// The first minute that has a column, and the one after the last.
    public private(set) var minutes = 0..<0

    public var functionCount: Int { functions.count }
    public var invocationCount: Int { functions.reduce(0) { $0 + $1.total } }
    /// Owner, app, function and the invocations that the tables count, in order of appearance.
    public var totals: [(owner: String, app: String, function: String, count: Int)] {
        functions.map { ($0.owner, $0.app, $0.function, $0.total) }
    }

    /// The same counts again and again, minute after minute: a fleet with a perfect rhythm. What is
    /// drawn for them differs from time to time.
    public func repeated(times: Int) -> AzureTrace {
        var whole = self
        for time in 1..<max(1, times) {
            let later = Int32(time * minutes.count)
            whole.cells += cells.map {
                Cell(minute: $0.minute + later, function: $0.function, count: $0.count)
            }
        }
        whole.minutes = minutes.lowerBound..<minutes.lowerBound + max(1, times) * minutes.count
        for i in functions.indices { whole.functions[i].total *= max(1, times) }
        return whole
    }

    /// A file's name and content.
    public typealias File = (name: String, bytes: [UInt8])

    /// - Parameter invocations: one a day, in order.
    /// - Parameter durations: any number; the first that knows a function counts.
    /// - Parameter memory: as `durations`; by function, or by app as the public set has it.
    public init(invocations: [File], durations: [File], memory: [File]) throws(TraceError) {
        var known: [String: Int] = [:]
        for (day, file) in invocations.enumerated() {
            guard day < Limits.traceDaysMax else {
                throw TraceError(
                    file: file.name, line: 1, column: "header", got: "day \(day + 1)",
                    expected: "at most \(Limits.traceDaysMax) days")
            }
            try read(try CSVTable(file: file.name, bytes: file.bytes), day: day, &known)
        }
        for file in durations {
            try readDurations(try CSVTable(file: file.name, bytes: file.bytes), known)
        }
        for file in memory {
            try readMemory(try CSVTable(file: file.name, bytes: file.bytes), known)
        }
        cells.sort { ($0.minute, $0.function) < ($1.minute, $1.function) }
    }

    private mutating func read(
        _ table: CSVTable, day: Int, _ known: inout [String: Int]
    ) throws(TraceError) {
        let owner = try table.index(of: "HashOwner")
        let app = try table.index(of: "HashApp")
        let name = try table.index(of: "HashFunction")
        let trigger = try table.index(of: "Trigger")
        let minuteOfColumn = try minutes(of: table)
        let first = day * dayMinutes + (minuteOfColumn.first?.minute ?? 0)
        let last = day * dayMinutes + (minuteOfColumn.last?.minute ?? 0)
        minutes = (day == 0 ? first : minutes.lowerBound)..<last + 1
        var perMinute = Array(repeating: 0, count: minuteOfColumn.count)
        try table.forEachRow { row throws(TraceError) in
            let key = row.text(app) + "/" + row.text(name)
            let index = known[key] ?? functions.count
            if index == functions.count {
                guard index < Limits.functionsMax else {
                    throw row.error(name, expected: "at most \(Limits.functionsMax) functions")
                }
                for column in [owner, app, name, trigger] where row.text(column).isEmpty {
                    throw row.error(column, expected: "a name")
                }
                known[key] = index
                functions.append(
                    Function(
                        owner: row.text(owner), app: row.text(app), function: row.text(name),
                        trigger: row.text(trigger)))
            }
            for (i, (column, minute)) in minuteOfColumn.enumerated() {
                let count = try row.count(column)
                guard count > 0 else { continue }
                perMinute[i] += Int(count)
                guard perMinute[i] <= Limits.tracedPerMinuteMax else {
                    throw row.error(
                        column,
                        expected: "at most \(Limits.tracedPerMinuteMax) invocations a minute, "
                            + "of all functions")
                }
                cells.append(
                    Cell(
                        minute: Int32(day * dayMinutes + minute), function: Int32(index),
                        count: count))
                functions[index].total += Int(count)
            }
        }
    }

    /// Which columns are minutes of the day, counted from 0.
    ///
    /// The public set names them 1 to 1440, so that column 1 is 00:00; a table without a column
    /// 1440 is an excerpt whose columns count from 0, as minute 480 is 08:00.
    private func minutes(of table: CSVTable) throws(TraceError) -> [(column: Int, minute: Int)] {
        var named: [(column: Int, minute: Int)] = []
        for (column, name) in table.columns.enumerated() {
            if let minute = Int(name) { named.append((column, minute)) }
        }
        let base = named.contains { $0.minute == dayMinutes } ? 1 : 0
        let minutes = named.map { (column: $0.column, minute: $0.minute - base) }
        for (i, entry) in minutes.enumerated() {
            let expected = (minutes.first?.minute ?? 0) + i
            guard (0..<dayMinutes).contains(entry.minute), entry.minute == expected else {
                throw TraceError(
                    file: table.file, line: 1, column: table.columns[entry.column],
                    got: "minute \(entry.minute)",
                    expected: "minutes of one day, each one more than the one before")
            }
        }
        guard !minutes.isEmpty else {
            throw TraceError(
                file: table.file, line: 1, column: "header", got: "no minute",
                expected: "columns named by the minute of the day")
        }
        return minutes
    }

    private mutating func readDurations(
        _ table: CSVTable, _ known: [String: Int]
    ) throws(TraceError) {
        let app = try table.index(of: "HashApp")
        let name = try table.index(of: "HashFunction")
        var columns: [(Double, Int)] = [(0, try table.index(of: "Minimum"))]
        for percent in [1, 25, 50, 75, 99] {
            columns.append(
                (Double(percent) / 100, try table.index(of: "percentile_Average_\(percent)")))
        }
        columns.append((1, try table.index(of: "Maximum")))
        try table.forEachRow { row throws(TraceError) in
            guard let index = known[row.text(app) + "/" + row.text(name)],
                functions[index].durationMs == nil
            else { return }
            functions[index].durationMs = try curve(row, columns, least: 0.1)
        }
    }

    private mutating func readMemory(
        _ table: CSVTable, _ known: [String: Int]
    ) throws(TraceError) {
        let app = try table.index(of: "HashApp")
        let function = table.columns.firstIndex(of: "HashFunction")
        let lowest = try table.index(of: "AverageAllocatedMb_pct1")
        var columns: [(Double, Int)] = [(0, lowest)]
        for percent in [5, 25, 50, 75, 95, 99, 100] {
            columns.append(
                (Double(percent) / 100, try table.index(of: "AverageAllocatedMb_pct\(percent)")))
        }
        var ofApp: [String: [Int]] = [:]
        if function == nil {
            for (index, known) in functions.enumerated() {
                ofApp[known.app, default: []] += [index]
            }
        }
        try table.forEachRow { row throws(TraceError) in
            let named = function.map {
                known[row.text(app) + "/" + row.text($0)].map { [$0] } ?? []
            }
            for index in named ?? ofApp[row.text(app), default: []]
            where functions[index].memoryMb == nil {
                functions[index].memoryMb = try curve(row, columns, least: 1)
            }
        }
    }
}

private func curve(
    _ row: borrowing CSVTable.Row, _ columns: [(Double, Int)], least: Double
) throws(TraceError) -> QuantileCurve {
    var points: [(probability: Double, value: Double)] = []
    for (probability, column) in columns { points.append((probability, try row.number(column))) }
    return QuantileCurve(points, least: least)
}
