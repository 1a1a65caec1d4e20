/// A set of labelled series in the sktime text format of the UCR and UEA archives (`.ts`).
///
/// `@key value` lines and remarks (`#`, `%`), `@data`, then a line a case: channels apart by `:`,
/// values by `,`, the label last. `?` and `NaN` are missing values. Lengths may differ between
/// cases, and between channels.
///
/// - SeeAlso: <https://www.sktime.net/en/stable/api_reference/file_specifications/ts.html>
struct TimeSeriesFile {
    /// (n, C, T) missing values are NaN.
    private(set) var series: [[[Float]]] = []
    /// (n)
    private(set) var labels: [String] = []

    init(_ file: String) throws {
        let text = try TextFile(file)
        var inData = false
        for line in text.lines.indices {
            let content = text.lines[line].trimmed
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix("%") { continue }
            if inData {
                try read(content, text, line)
            } else if content.hasPrefix("@") {
                inData = try Self.header(content, text, line)
            } else {
                throw text.error(line, 0, "expected @data before the first case")
            }
        }
        guard inData else { throw EvaluationError("\(file): no @data") }
        guard !series.isEmpty else { throw EvaluationError("\(file): no cases") }
    }

    /// - Returns: whether the cases begin with the next line.
    private static func header(
        _ content: Substring, _ text: TextFile, _ line: Int
    ) throws -> Bool {
        let words = content.lowercased().split { $0 == " " || $0 == "\t" }
        let isTrue = words.count > 1 && words[1] == "true"
        switch words[0] {
        case "@data": return true
        case "@timestamps" where isTrue:
            throw text.error(line, 0, "time stamps, expected values alone")
        case "@classlabel" where !isTrue, "@targetlabel" where isTrue:
            throw text.error(line, 0, "no class labels, expected \"@classLabel true ...\"")
        default: return false
        }
    }

    private mutating func read(_ content: Substring, _ text: TextFile, _ line: Int) throws {
        let parts = content.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count > 1, let label = parts.last?.trimmed, !label.isEmpty else {
            throw text.error(line, content.count, "no label, expected one after the last \":\"")
        }
        var column = 0
        var channels: [[Float]] = []
        for part in parts.dropLast() {
            var values: [Float] = []
            for cell in part.split(separator: ",", omittingEmptySubsequences: false) {
                values.append(try Self.value(cell.trimmed, text, line, column))
                column += 1
            }
            channels.append(values)
        }
        if let first = series.first, first.count != channels.count {
            throw text.error(
                line, column, "\(channels.count) channels, expected \(first.count)")
        }
        series.append(channels)
        labels.append(String(label))
    }

    private static func value(
        _ cell: Substring, _ text: TextFile, _ line: Int, _ column: Int
    ) throws -> Float {
        if cell == "?" || cell.lowercased() == "nan" { return .nan }
        guard let value = Float(cell), value.isFinite else {
            throw text.error(line, column, "\"\(cell)\" is no number")
        }
        return value
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = drop(while: isSpace)
        guard let end = start.lastIndex(where: { !isSpace($0) }) else { return start.prefix(0) }
        return start[...end]
    }
}

/// A set with its published split.
struct LabelledSeries {
    let name: String
    let train: TimeSeriesFile
    let test: TimeSeriesFile
    /// (n of train), (n of test) numbers from 0, in the order of the labels' names.
    let trainClasses: [Int]
    let testClasses: [Int]
    let classes: Int

    init(name: String, train trainFile: String, test testFile: String) throws {
        self.name = name
        train = try TimeSeriesFile(trainFile)
        test = try TimeSeriesFile(testFile)
        guard train.series[0].count == test.series[0].count else {
            throw EvaluationError(
                "\(testFile): \(test.series[0].count) channels, expected "
                    + "\(train.series[0].count) as in \(trainFile)")
        }
        let names = Set(train.labels + test.labels).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        trainClasses = train.labels.compactMap { numbers[$0] }
        testClasses = test.labels.compactMap { numbers[$0] }
        classes = names.count
    }
}
