internal import Glibc

/// A small map of byte strings that lasts: an append-only file of changes.
///
/// An entry is its length, its CRC-32C, and its body: one change, or several that are made
/// together. A change is a byte (1 set, 0 removed), the key's length, the key and the value;
/// several are the byte 2, then for each its length and itself. Reading stops at the first entry
/// that is short or wrong: the torn end of a write that nobody was told had succeeded. When most
/// of the file is history it is written anew beside the old one and renamed over it. Not
/// thread-safe: its owner has a lock.
struct Journal {
    typealias Change = (key: [UInt8], value: [UInt8]?)

    let path: String
    /// What is written to, to be flushed without the owner's lock; `renew` when that fails.
    private(set) var file: File
    private var size = 0
    private var liveBytes = 0
    private(set) var entries: [[UInt8]: [UInt8]] = [:]
    /// How much of a torn end was cut off when the file was opened.
    private(set) var cutBytes = 0
    /// Whether the disk may not have what the file says: nothing is added to it then.
    private var isSuspect = false

    init(_ path: String) throws(StorageError) {
        self.path = path
        file = try File(path, create: true)
        try load()
    }

    /// What was cut at start, for the log; nil when nothing was.
    var cut: BrokerEvent? {
        cutBytes == 0 ? nil : .journalCut(path: path, position: size, bytes: cutBytes)
    }

    /// Sets keys, or removes them by nil, all of them or none.
    mutating func set(_ changes: [Change]) throws(StorageError) {
        if isSuspect { try renew() }
        let bytes = Self.entry(changes)
        // A longer one would be taken for a torn end at the next start.
        guard bytes.count - 8 <= Limits.journalEntryBytes else {
            throw StorageError(operation: "write", path: path, code: EFBIG)
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

    mutating func flush() throws(StorageError) {
        do throws(StorageError) {
            if !isSuspect { return try file.flush() }
        } catch {}
        try renew()
    }

    /// After a failed flush: the kernel reports once what it could not write, and may have dropped
    /// it, so all is written again from memory; until that succeeds nothing more is taken.
    mutating func renew() throws(StorageError) {
        isSuspect = true
        try rewrite()
        isSuspect = false
    }

    private mutating func load() throws(StorageError) {
        let bytes = try file.read(count: try file.size(), at: 0)
        var position = 0
        while let (changes, end) = Self.decode(bytes, at: position) {
            for (key, value) in changes { apply(key, value) }
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
        for (key, value) in entries { bytes += Self.entry([(key, value)]) }
        file = try Folder.replace(path, with: bytes)
        size = bytes.count
        // Were the name lost, what is added from now on would be, too.
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        do throws(StorageError) {
            try Folder.flush(folder)
        } catch {
            isSuspect = true
            throw error
        }
    }
}

// MARK: - As bytes

extension Journal {
    private static let overhead = 13
    private static let several: UInt8 = 2

    private static func entry(_ changes: [Change]) -> [UInt8] {
        var body = WireWriter()
        if changes.count == 1 {
            body.raw(encode(changes[0]))
        } else {
            body.raw([several])
            for change in changes { body.byteArray(encode(change)) }
        }
        var entry = WireWriter()
        entry.int32(Int32(body.bytes.count))
        entry.int32(Int32(bitPattern: CRC32C.checksum(body.bytes)))
        entry.raw(body.bytes)
        return entry.bytes
    }

    private static func encode(_ change: Change) -> [UInt8] {
        var writer = WireWriter()
        writer.bool(change.value != nil)
        writer.byteArray(change.key)
        writer.raw(change.value ?? [])
        return writer.bytes
    }

    private static func decode(
        _ bytes: [UInt8], at start: Int
    ) -> (changes: [Change], end: Int)? {
        guard let length = integer(bytes[start...]),
            let sum = integer(bytes[start...].dropFirst(4)),
            length >= 1, length <= Limits.journalEntryBytes, length <= bytes.count - start - 8
        else { return nil }
        let end = start + 8 + length
        var body = bytes[start + 8..<end]
        guard CRC32C.checksum(body) == UInt32(sum) else { return nil }
        guard body.first == several else {
            return decode(body).map { ([$0], end) }
        }
        var changes: [Change] = []
        body = body.dropFirst()
        while !body.isEmpty {
            guard let size = integer(body), size <= body.count - 4,
                let change = decode(body.dropFirst(4).prefix(size))
            else { return nil }
            changes.append(change)
            body = body.dropFirst(4 + size)
        }
        return (changes, end)
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) -> Change? {
        let rest = bytes.dropFirst()
        guard let isSet = bytes.first, isSet <= 1, let size = integer(rest),
            size <= rest.count - 4
        else { return nil }
        let key = Array(rest.dropFirst(4).prefix(size))
        return (key, isSet == 1 ? Array(rest.dropFirst(4 + size)) : nil)
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.count < 4 ? nil : bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
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
