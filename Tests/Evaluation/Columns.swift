import Foundation

/// Some columns of a file with a header, by their names.
struct Columns {
    private let text: TextFile
    private let places: [Int]
    private let width: Int

    init(_ text: TextFile, _ names: [String]) throws {
        guard let header = text.lines.first.map(text.cells) else {
            throw EvaluationError("\(text.file): empty")
        }
        self.text = text
        width = header.count
        places = try names.map { name in
            guard let place = header.firstIndex(where: { $0 == name }) else {
                throw text.error(0, 0, "no column \(name)")
            }
            return place
        }
    }

    /// In the order of the names.
    func cells(_ line: Int) throws -> [Substring] {
        let cells = text.cells(text.lines[line])
        guard cells.count == width else {
            throw text.error(line, 0, "\(cells.count) cells, expected \(width)")
        }
        return places.map { cells[$0] }
    }

    /// - Parameter column: a place in the names, as in all that follow.
    func wholeNumber(_ cells: [Substring], _ column: Int, _ line: Int) throws -> Int {
        guard let value = Int(cells[column]) else {
            throw error(column, line, "\"\(cells[column])\" is no whole number")
        }
        return value
    }

    func number(_ cells: [Substring], _ column: Int, _ line: Int) throws -> Double {
        guard let value = Double(cells[column]), value.isFinite else {
            throw error(column, line, "\"\(cells[column])\" is no number")
        }
        return value
    }

    /// Of a number of seconds.
    func milliseconds(_ cells: [Substring], _ column: Int, _ line: Int) throws -> Int64 {
        guard let seconds = Double(cells[column]), abs(seconds) < Self.secondsMax else {
            throw error(column, line, "\"\(cells[column])\" is no number of seconds")
        }
        return Int64((seconds * 1_000).rounded())
    }

    private static let secondsMax = 1e11

    /// `2017-10-07 01:11:39`, taken as UTC, in milliseconds since 1970.
    func time(_ cells: [Substring], _ column: Int, _ line: Int) throws -> Int64 {
        let style = Date.VerbatimFormatStyle(
            format: """
                \(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits) \
                \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\
                \(minute: .twoDigits):\(second: .twoDigits)
                """,
            locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt,
            calendar: Calendar(identifier: .gregorian))
        guard let date = try? Date(String(cells[column]), strategy: style.parseStrategy) else {
            throw error(
                column, line, "\"\(cells[column])\" is no time, expected 2017-10-07 01:11:39")
        }
        return Int64((date.timeIntervalSince1970 * 1_000).rounded())
    }

    func error(_ column: Int, _ line: Int, _ message: String) -> EvaluationError {
        text.error(line, places[column], message)
    }
}
