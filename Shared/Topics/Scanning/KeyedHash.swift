/// A hash that only who knows its key can foresee: names come from customers, and whoever could
/// choose names of one hash would make every look-up a search.
///
/// Sixteen bytes at a time, xored with secrets, multiplied to 128 bits whose halves are xored.
/// - SeeAlso: Wang Yi, wyhash <https://github.com/wangyi-fudan/wyhash>, whose step this is.
public struct KeyedHash: Sendable, Equatable {
    private let first: UInt64
    private let second: UInt64

    public init(key: UInt64) {
        // SplitMix64, so that any key gives two secrets that look nothing alike.
        var state = key
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        first = next()
        second = next()
    }

    public func callAsFunction(_ bytes: Span<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { hash($0, first) }
    }

    /// Of two texts, told apart from any other two.
    public func callAsFunction(_ bytes: Span<UInt8>, after earlier: UInt64) -> UInt64 {
        bytes.withUnsafeBytes { hash($0, first ^ earlier) }
    }

    @inline(__always)
    private func hash(_ bytes: UnsafeRawBufferPointer, _ start: UInt64) -> UInt64 {
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        let count = bytes.count
        var state = start ^ UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        var place = 0
        while count - place > 16 {
            state = folded(word(place) ^ second, word(place + 8) ^ state)
            place += 16
        }
        // The last sixteen, which may have been taken in part; fewer are made up with zeros.
        var low: UInt64 = 0
        var high: UInt64 = 0
        if count >= 16 {
            low = word(count - 16)
            high = word(count - 8)
        } else if count >= 8 {
            low = word(0)
            high = word(count - 8)
        } else {
            for i in 0..<count { low |= UInt64(bytes[i]) << UInt64(8 * i) }
        }
        return folded(folded(low ^ second, high ^ state), first ^ 0x2D35_8DCC_AA6C_78A5)
    }

    @inline(__always)
    private func folded(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
