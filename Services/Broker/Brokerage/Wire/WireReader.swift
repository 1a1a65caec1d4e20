/// Bytes that are not what the protocol says.
enum WireError: Error, Equatable {
    /// A field of `needed` bytes, with `left` bytes to the end of the request.
    case short(needed: Int, left: Int)
    case length(Int)
    case elements(Int)
}

/// Reads the protocol's fields from a request, front to back.
///
/// It does not own the bytes: it and what it returns by pointer end before they do. In the
/// flexible encoding (KIP-482) lengths are varints, and every structure ends with tagged fields.
@safe  // Every read is checked against the end; whoever makes it vouches for the bytes.
struct WireReader {
    private let bytes: UnsafeMutableRawBufferPointer
    private var position = 0
    var isFlexible = false

    init(_ bytes: UnsafeMutableRawBufferPointer) { unsafe self.bytes = bytes }

    var left: Int { unsafe bytes.count - position }

    mutating func int8() throws(WireError) -> Int8 { try integer() }
    mutating func int16() throws(WireError) -> Int16 { try integer() }
    mutating func int32() throws(WireError) -> Int32 { try integer() }
    mutating func int64() throws(WireError) -> Int64 { try integer() }
    mutating func bool() throws(WireError) -> Bool { try int8() != 0 }

    mutating func nullableString() throws(WireError) -> String? {
        let count = isFlexible ? try varint() - 1 : Int(try int16())
        if count == -1 { return nil }
        return unsafe String(decoding: try take(count), as: UTF8.self)
    }

    mutating func string() throws(WireError) -> String { try nullableString() ?? "" }

    /// A byte string in place, nil when null. It may be changed: a produced batch gets its offset.
    mutating func nullableBytes() throws(WireError) -> UnsafeMutableRawBufferPointer? {
        let count = try length()
        if count == -1 { return nil }
        return try unsafe take(count)
    }

    mutating func byteArray() throws(WireError) -> [UInt8] {
        guard let bytes = try unsafe nullableBytes() else { return [] }
        return unsafe Array(bytes)
    }

    mutating func nullableArray<T>(
        _ element: (inout WireReader) throws(WireError) -> T
    ) throws(WireError) -> [T]? {
        let count = try length()
        if count == -1 { return nil }
        // Every element takes a byte at least, so a short request cannot claim much memory.
        guard count >= 0, count <= Limits.arrayElements, count <= left else {
            throw .elements(count)
        }
        var elements: [T] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try element(&self)) }
        return elements
    }

    mutating func array<T>(
        _ element: (inout WireReader) throws(WireError) -> T
    ) throws(WireError) -> [T] {
        try nullableArray(element) ?? []
    }

    /// Skips the tagged fields at the end of a structure: none of those there are matters here.
    mutating func tags() throws(WireError) {
        guard isFlexible else { return }
        for _ in 0..<(try varint()) {
            _ = try varint()
            _ = try unsafe take(try varint())
        }
    }

    private mutating func length() throws(WireError) -> Int {
        isFlexible ? try varint() - 1 : Int(try int32())
    }

    /// An unsigned number of 32 bits in groups of seven, the lowest first.
    private mutating func varint() throws(WireError) -> Int {
        var value = 0
        for shift in stride(from: 0, to: 35, by: 7) {
            let byte = UInt8(bitPattern: try int8())
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .length(value)
    }

    private mutating func integer<T: FixedWidthInteger>() throws(WireError) -> T {
        let bytes = try unsafe take(MemoryLayout<T>.size)
        return unsafe T(bigEndian: bytes.loadUnaligned(as: T.self))
    }

    private mutating func take(_ count: Int) throws(WireError) -> UnsafeMutableRawBufferPointer {
        guard count >= 0 else { throw .length(count) }
        guard count <= left else { throw .short(needed: count, left: left) }
        defer { position += count }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[position..<position + count])
    }
}
