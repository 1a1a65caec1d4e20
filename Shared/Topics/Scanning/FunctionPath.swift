extension ScannedInvocation {
    /// `customer/service/function` as one piece, when every text that it gives is plain: not empty,
    /// not long, nothing escaped, and nothing in it that a path or a name needs a second look at.
    ///
    /// - Returns: nil when one is not, which says nothing about whether it is right.
    public func plainPath(in bytes: Span<UInt8>, nameBytesMax: Int) -> [UInt8]? {
        bytes.withUnsafeBufferPointer { all in
            guard let start = all.baseAddress else { return nil }
            func isPlain(_ text: ScannedText) -> Bool {
                let count = Int(text.count)
                guard !text.isEscaped, count > 0, count <= nameBytesMax else { return false }
                var odd: UInt8 = 0
                for byte in UnsafeBufferPointer(start: start + Int(text.offset), count: count) {
                    // "/" and "%" are written otherwise in a path; the others are no name's. No
                    // branch, so that many bytes are looked at in one step.
                    odd |= (byte == 0x2F ? 1 : 0) | (byte == 0x25 ? 1 : 0)
                    odd |= (byte == 0x7F ? 1 : 0) | (byte < 0x20 ? 1 : 0)
                }
                return odd == 0
            }
            guard isPlain(customer), isPlain(service), isPlain(function), isPlain(invocation),
                !has(.trigger) || isPlain(trigger), !has(.runtime) || isPlain(runtime),
                !has(.worker) || isPlain(worker)
            else { return nil }
            let count = Int(customer.count + service.count + function.count) + 2
            return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                func append(_ text: ScannedText) {
                    let from = UnsafeRawPointer(start + Int(text.offset))
                    UnsafeMutableRawBufferPointer(buffer).baseAddress?
                        .advanced(by: initialized)
                        .copyMemory(from: from, byteCount: Int(text.count))
                    initialized += Int(text.count)
                }
                func appendSlash() {
                    buffer[initialized] = 0x2F
                    initialized += 1
                }
                append(customer)
                appendSlash()
                append(service)
                appendSlash()
                append(function)
            }
        }
    }
}

/// A number for some bytes, the same everywhere and always: eight at a time multiplied in.
///
/// Unkeyed, so whoever looks up by it compares the bytes too.
public func digest(of bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { raw in
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        var i = 0
        while i + 8 <= raw.count {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: i, as: UInt64.self))
            state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
            state ^= state >> 29
            i += 8
        }
        var tail = UInt64(truncatingIfNeeded: raw.count) << 56
        var shift: UInt64 = 0
        while i < raw.count {
            tail ^= UInt64(raw[i]) << shift
            shift += 8
            i += 1
        }
        state = (state ^ tail) &* 0x9E37_79B9_7F4A_7C15
        return state ^ state >> 32
    }
}
