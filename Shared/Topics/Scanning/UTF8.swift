/// Bytes of the scalar that begins at `place`, 0 when they are not UTF-8.
///
/// - SeeAlso: Unicode 15, table 3-7: well-formed UTF-8 byte sequences.
func scalarLength(_ place: UnsafePointer<UInt8>, before end: UnsafePointer<UInt8>) -> Int {
    let first = place.pointee
    if first < 0x80 { return 1 }
    let left = end - place
    func isContinuation(_ i: Int) -> Bool { place[i] & 0xC0 == 0x80 }
    switch first {
    case 0xC2...0xDF:
        return left >= 2 && isContinuation(1) ? 2 : 0
    case 0xE0...0xEF:
        guard left >= 3, isContinuation(1), isContinuation(2) else { return 0 }
        if first == 0xE0, place[1] < 0xA0 { return 0 }
        if first == 0xED, place[1] > 0x9F { return 0 }
        return 3
    case 0xF0...0xF4:
        guard left >= 4, isContinuation(1), isContinuation(2), isContinuation(3) else { return 0 }
        if first == 0xF0, place[1] < 0x90 { return 0 }
        if first == 0xF4, place[1] > 0x8F { return 0 }
        return 4
    default:
        return 0
    }
}

/// What a scanned text says.
///
/// - Parameter bytes: those that `text` was scanned in.
public func string(_ text: ScannedText, in bytes: Span<UInt8>) -> String {
    let first = Int(text.offset)
    let count = Int(text.count)
    precondition(first + count <= bytes.count, "text was scanned in other bytes")
    return bytes.withUnsafeBufferPointer { all in
        let raw = UnsafeBufferPointer(rebasing: all[first..<first + count])
        guard text.isEscaped else { return String(decoding: raw, as: UTF8.self) }
        return unescaped(raw)
    }
}

/// - Parameter raw: a text that `JSONCursor.text` went through.
func unescaped(_ raw: UnsafeBufferPointer<UInt8>) -> String {
    var plain: [UInt8] = []
    plain.reserveCapacity(raw.count)
    do throws(ScanFailure) {
        var cursor = try JSONCursor(raw)
        while cursor.position < cursor.end {
            if cursor.position.pointee == UInt8(ascii: "\\") {
                let scalar = try cursor.escape()
                guard let scalar = Unicode.Scalar(scalar) else {
                    preconditionFailure("escape \(scalar) was scanned and is no scalar")
                }
                plain.append(contentsOf: String(scalar).utf8)
            } else {
                plain.append(cursor.position.pointee)
                cursor.position += 1
            }
        }
    } catch {
        preconditionFailure("text was scanned and is malformed: \(error)")
    }
    return String(decoding: plain, as: UTF8.self)
}
