/// Whether both hold the same bytes; they are compared word by word.
public func isEqual(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    return a.withUnsafeBytes { a in
        b.withUnsafeBytes { b in
            guard let first = a.baseAddress, let other = b.baseAddress else { return true }
            return isEqual(first, other, a.count)
        }
    }
}

/// Whether the bytes begin with a word as it stands there.
public func starts(_ bytes: Span<UInt8>, with word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count >= count else { return false }
    return bytes.withUnsafeBytes { bytes in
        guard let first = bytes.baseAddress else { return true }
        return isEqual(first, UnsafeRawPointer(word.utf8Start), count)
    }
}

@inline(__always)
private func isEqual(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Bool {
    @inline(__always) func differing(_ offset: Int) -> UInt64 {
        a.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            ^ b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
    guard count >= 8 else {
        for i in 0..<count
        where a.load(fromByteOffset: i, as: UInt8.self) != b.load(fromByteOffset: i, as: UInt8.self)
        {
            return false
        }
        return true
    }
    var offset = 0
    while offset + 8 <= count {
        guard differing(offset) == 0 else { return false }
        offset += 8
    }
    // The last eight, which may have been compared in part.
    return differing(count - 8) == 0
}
