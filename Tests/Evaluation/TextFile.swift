import Foundation

/// A file's lines, decompressed if need be.
struct TextFile {
    let file: String
    /// Without empty ones.
    let lines: [Substring]
    /// Of each line in the file, counted from 0.
    private let numbers: [Int]

    init(_ file: String) throws {
        self.file = file
        guard let data = FileManager.default.contents(atPath: file) else {
            throw EvaluationError("\(file): no such file, or not to be read")
        }
        let text = data.starts(with: [0x1F, 0x8B]) ? try Self.decompressed(file) : data
        guard let text = String(validating: text, as: UTF8.self) else {
            throw EvaluationError("\(file): not UTF-8")
        }
        let all = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        numbers = all.indices.filter { !all[$0].isEmpty }
        lines = numbers.map { all[$0] }
    }

    func cells(_ line: Substring) -> [Substring] {
        line.split(separator: ",", omittingEmptySubsequences: false)
    }

    /// - Parameter line: a place in `lines`.
    /// - Parameter column: counted from 0; people count from 1.
    func error(_ line: Int, _ column: Int, _ text: String) -> EvaluationError {
        EvaluationError("\(file):\(numbers[line] + 1):\(column + 1): \(text)")
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
