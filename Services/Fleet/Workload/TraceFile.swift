internal import Foundation

/// A trace's file, plain or packed by gzip, read in pieces: it may be too large to be held.
struct TraceFile {
    /// For messages: without its folder.
    let name: String
    private let path: String

    private static let pieceBytes = 1 << 20

    /// - Parameter names: of the file, where `place` is a folder; the first that is there is taken.
    /// - Throws: `TraceFolderError` when there is none.
    init(at place: String, named names: [String] = []) throws(TraceFolderError) {
        var isFolder = false
        if let type = try? FileManager.default.attributesOfItem(
            atPath: URL(filePath: place).resolvingSymlinksInPath().path)[.type]
            as? FileAttributeType
        {
            isFolder = type == .typeDirectory
        }
        guard isFolder else {
            path = place
            name = URL(filePath: place).lastPathComponent
            return
        }
        let found = names.first {
            FileManager.default.fileExists(atPath: URL(filePath: place).appending(path: $0).path)
        }
        guard let found else {
            throw TraceFolderError(
                folder: place,
                detail: names.isEmpty
                    ? "a folder, expected a file"
                    : "it holds no \(names.joined(separator: " and no "))")
        }
        path = URL(filePath: place).appending(path: found).path
        name = found
    }

    /// Calls `body` with the unpacked bytes, a piece at a time.
    ///
    /// - Throws: `TraceFolderError` when there is no file that can be read or it is packed and
    ///   damaged, and what `body` throws.
    func forEachPiece(_ body: ([UInt8]) throws -> Void) throws {
        guard let handle = try? FileHandle(forReadingFrom: URL(filePath: path)) else {
            throw error("no file that can be read")
        }
        defer { try? handle.close() }
        var inflation: Inflation?
        var isFirst = true
        while let data = try handle.read(upToCount: Self.pieceBytes), !data.isEmpty {
            let bytes = Array(data)
            if isFirst, Inflation.isGzip(bytes) { inflation = try Inflation() }
            isFirst = false
            guard let inflation else {
                try body(bytes)
                continue
            }
            do { try inflation.unpack(bytes, body) } catch is Inflation.Failure {
                throw error("what gzip packed is damaged")
            }
        }
        if let inflation, !inflation.isComplete { throw error("what gzip packed is cut off") }
    }

    private func error(_ detail: String) -> TraceFolderError {
        TraceFolderError(folder: path, detail: detail)
    }
}
