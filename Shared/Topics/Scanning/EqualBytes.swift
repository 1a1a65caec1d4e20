/// Whether both hold the same bytes; they are compared word by word.
public func isEqual(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    return a.withUnsafeBytes { a in
        b.withUnsafeBytes { b in
            let count = a.count
            @inline(__always) func differing(_ offset: Int) -> UInt64 {
                a.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    ^ b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            }
            guard count >= 8 else {
                for i in 0..<count where a[i] != b[i] { return false }
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
    }
}
