internal import Scanning
internal import Topics

/// A name, as it comes from a record.
enum Name {
    /// A text in the record's bytes.
    case scanned(ScannedText)
    case text(String)
    /// One that was checked and written before.
    case prepared(PreparedName)
    /// The record's place, which is the same whenever it is read again.
    case place
}

/// A name that was checked, as JSON without its quotes and as a path's part.
final class PreparedName: Sendable {
    let json: [UInt8]
    let path: [UInt8]

    init(_ name: String, of field: StaticString) throws(Rejection) {
        try FieldLimits.check(name: name, of: field)
        json = jsonBytes(name)
        path = pathBytes(name)
    }
}

/// - Precondition: it holds no control characters: nothing else has to be escaped.
func jsonBytes(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in name.utf8 {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            bytes.append(UInt8(ascii: "\\"))
        }
        bytes.append(byte)
    }
    return bytes
}

/// As `ServiceID.path` has it.
func pathBytes(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in name.utf8 {
        switch byte {
        case UInt8(ascii: "/"): bytes += "%2F".utf8
        case UInt8(ascii: "%"): bytes += "%25".utf8
        default: bytes.append(byte)
        }
    }
    return bytes
}

extension ScannedText {
    /// Whether it is a name as it stands: not empty, not long, nothing escaped, no control character.
    @inline(__always)
    func isPlainName(in source: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !isEscaped, count > 0, count <= FieldLimits.nameBytesMax else { return false }
        var odd: UInt8 = 0
        // Without a branch, so that many bytes are looked at in one step; JSON has none below 0x20.
        for byte in bytes(in: source) { odd |= byte == 0x7F ? 1 : 0 }
        return odd == 0
    }

    /// Whether it is a path's part as it stands.
    @inline(__always)
    func isPlainPath(in source: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !isEscaped else { return false }
        var odd: UInt8 = 0
        for byte in bytes(in: source) { odd |= (byte == 0x2F ? 1 : 0) | (byte == 0x25 ? 1 : 0) }
        return odd == 0
    }

    @inline(__always)
    func bytes(in source: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: source[Int(offset)..<Int(offset + count)])
    }
}
