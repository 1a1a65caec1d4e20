internal import Glibc

/// A small map of byte strings that lasts: an append-only file of changes.
///
/// An entry is its length, its CRC-32C, then a byte (1 set, 0 removed), the key's length, the key
/// and the value. Reading stops at the first entry that is short or wrong: the torn end of a
/// write that nobody was told had succeeded. When most of the file is history it is written anew
/// beside the old one and renamed over it. Not thread-safe: its owner has a lock.
struct Journal {
    private let path: String
    private var file: File
    private var size = 0
    private var liveBytes = 0
    private(set) var entries: [[UInt8]: [UInt8]] = [:]
    /// How much of a torn end was cut off when the file was opened.
    private(set) var cutBytes = 0

    init(_ path: String) throws(StorageError) {
        self.path = path
        file = try File(path, create: true)
        try load()
    }

    /// Sets keys, or removes them by nil, all of them or none.
    mutating func set(_ changes: [([UInt8], [UInt8]?)]) throws(StorageError) {
        var bytes: [UInt8] = []
        for (key, value) in changes {
            let entry = Self.encode(key, value)
            // A longer one would be taken for a torn end at the next start.
            guard entry.count - 8 <= Limits.journalEntryBytes else {
                throw StorageError(operation: "write", path: path, code: EFBIG)
            }
            bytes += entry
        }
        do throws(StorageError) {
            try file.write(bytes, at: size)
        } catch {
            // What was partly written is cut now or overwritten by the next entry.
            try? file.cut(to: size)
            throw error
        }
        size += bytes.count
        for (key, value) in changes { apply(key, value) }
        if size > Limits.journalBytesBeforeRewrite && size > 4 * liveBytes {
            // The change is written already; a rewrite that fails is tried again at the next one.
            try? rewrite()
        }
    }

    func flush() throws(StorageError) { try file.flush() }

    private mutating func load() throws(StorageError) {
        let bytes = try file.read(count: try file.size(), at: 0)
        var position = 0
        while let (key, value, end) = Self.decode(bytes, at: position) {
            apply(key, value)
            position = end
        }
        size = position
        cutBytes = bytes.count - position
        if cutBytes > 0 { try file.cut(to: size) }
    }

    private mutating func apply(_ key: [UInt8], _ value: [UInt8]?) {
        if let old = entries[key] { liveBytes -= Self.overhead + key.count + old.count }
        entries[key] = value
        if let value { liveBytes += Self.overhead + key.count + value.count }
    }

    private mutating func rewrite() throws(StorageError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(liveBytes)
        for (key, value) in entries { bytes += Self.encode(key, value) }
        file = try Folder.replace(path, with: bytes)
        size = bytes.count
    }

    private static let overhead = 13

    private static func encode(_ key: [UInt8], _ value: [UInt8]?) -> [UInt8] {
        var body = WireWriter()
        body.bool(value != nil)
        body.int32(Int32(key.count))
        body.raw(key)
        body.raw(value ?? [])
        var entry = WireWriter()
        entry.int32(Int32(body.bytes.count))
        entry.int32(Int32(bitPattern: CRC32C.checksum(body.bytes)))
        entry.raw(body.bytes)
        return entry.bytes
    }

    private static func decode(
        _ bytes: [UInt8], at start: Int
    ) -> (key: [UInt8], value: [UInt8]?, end: Int)? {
        func integer(_ at: Int) -> Int {
            bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        guard start + overhead <= bytes.count else { return nil }
        let length = integer(start)
        guard length >= 5, length <= Limits.journalEntryBytes,
            length <= bytes.count - start - 8
        else { return nil }
        let end = start + 8 + length
        guard CRC32C.checksum(bytes[start + 8..<end]) == UInt32(integer(start + 4)) else {
            return nil
        }
        let keyEnd = start + overhead + integer(start + 9)
        guard keyEnd <= end else { return nil }
        let value = bytes[start + 8] == 1 ? Array(bytes[keyEnd..<end]) : nil
        return (Array(bytes[start + overhead..<keyEnd]), value, end)
    }
}

extension WireReader {
    /// Reads fields that the broker itself wrote; nil when they are not what they should be.
    static func decode<T>(
        _ bytes: [UInt8], _ body: (inout WireReader) throws(WireError) -> T
    ) -> T? {
        var copy = bytes
        return unsafe copy.withUnsafeMutableBytes { bytes in
            var reader = unsafe WireReader(bytes)
            return try? body(&reader)
        }
    }
}
