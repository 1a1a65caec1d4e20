internal import Foundation

/// JSON lines on standard error, one write a line: a constant message, data beside it.
///
/// Libraries take a `Log` and construct none. `info`: started, stopped, rebalanced, released;
/// `warning`: rejected; `error`: about to exit. Nothing above `debug` per message.
public struct Log: Sendable {
    private let process: String
    private let minimum: Level
    private let write: @Sendable (String) -> Void

    public enum Level: String, CaseIterable, Comparable, Sendable {
        case debug, info, warning, error

        public static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// - Parameter process: who speaks: "featurizer".
    /// - Parameter minimum: what is below it is not written.
    /// - Parameter write: gets whole lines with their line feed, from any thread.
    public init(
        process: String, minimum: Level = .info,
        write: @escaping @Sendable (String) -> Void = Log.writeToStandardError
    ) {
        self.process = process
        self.minimum = minimum
        self.write = write
    }

    public func debug(_ message: StaticString, _ data: KeyValuePairs<LogKey, LogValue> = [:]) {
        callAsFunction(.debug, message, data)
    }
    public func info(_ message: StaticString, _ data: KeyValuePairs<LogKey, LogValue> = [:]) {
        callAsFunction(.info, message, data)
    }
    public func warning(_ message: StaticString, _ data: KeyValuePairs<LogKey, LogValue> = [:]) {
        callAsFunction(.warning, message, data)
    }
    public func error(_ message: StaticString, _ data: KeyValuePairs<LogKey, LogValue> = [:]) {
        callAsFunction(.error, message, data)
    }

    public func callAsFunction(
        _ level: Level, _ message: StaticString, _ data: KeyValuePairs<LogKey, LogValue> = [:]
    ) {
        guard level >= minimum else { return }
        write(line(level, message.description, data, atMs: wallClockMs()))
    }

    func line(
        _ level: Level, _ message: String, _ data: KeyValuePairs<LogKey, LogValue>, atMs: Int64
    ) -> String {
        var line = #"{"at":"\#(utcText(ofMs: atMs))","level":"\#(level.rawValue)""#
        line += #","process":\#(jsonText(process)),"message":\#(jsonText(message))"#
        for (key, value) in data { line += #","\#(key.rawValue)":\#(value.json)"# }
        return line + "}\n"
    }

    /// A line that standard error no longer takes is lost; there is nowhere else to say so.
    public static let writeToStandardError: @Sendable (String) -> Void = { line in
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }
}

public enum Limits {
    /// Longer texts in a log line are cut, so that a line stays one write to a pipe.
    public static let logTextBytes = 1_024
    /// Label combinations a metric keeps apart when its declaration does not say.
    public static let series = 200
    /// Longer label values are cut.
    public static let labelBytes = 128
    /// Reasons of one health snapshot, and parts it waits for.
    public static let healthParts = 64
}

private func wallClockMs() -> Int64 {
    Int64((Date.now.timeIntervalSince1970 * 1_000).rounded(.down))
}
