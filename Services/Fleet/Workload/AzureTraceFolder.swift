internal import Foundation

extension AzureTrace {
    /// Reads a folder that holds the trace's tables, unpacked, under the public set's names
    /// (`invocations_per_function_md.anon.d01.csv`, `function_durations_percentiles.anon.d01.csv`,
    /// `app_memory_percentiles.anon.d01.csv`; days in order) or as `invocations.csv`,
    /// `durations.csv` and `memory.csv`.
    ///
    /// Durations and memory may be missing.
    ///
    /// - Throws: `TraceError`, `TraceFolderError`, and what reading a file throws.
    public init(folder: String) throws {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw TraceFolderError(folder: folder, detail: "no folder that can be listed")
        }
        func files(_ short: String, _ long: String) throws -> [File] {
            let chosen = names.filter {
                $0 == "\(short).csv" || $0.hasPrefix(long + ".") && $0.hasSuffix(".csv")
            }
            return try chosen.map { name in
                let url = URL(fileURLWithPath: folder).appendingPathComponent(name)
                return (name: name, bytes: Array(try Data(contentsOf: url)))
            }
        }
        let invocations = try files("invocations", "invocations_per_function_md.anon")
        guard !invocations.isEmpty else {
            let packed = names.contains { $0.hasSuffix(".gz") || $0.hasSuffix(".xz") }
            throw TraceFolderError(
                folder: folder,
                detail: packed
                    ? "no unpacked table of invocations: unpack its archives first"
                    : "neither invocations.csv nor invocations_per_function_md.anon.dNN.csv")
        }
        try self.init(
            invocations: invocations,
            durations: try files("durations", "function_durations_percentiles.anon"),
            memory: try files("memory", "app_memory_percentiles.anon"))
    }
}

/// A folder that holds no trace.
public struct TraceFolderError: Error, Equatable, CustomStringConvertible {
    public let folder: String
    public let detail: String

    public var description: String { "read the trace in \(folder): \(detail)" }
}
