/// The checksum of record batches: CRC-32C (Castagnoli), eight bytes at a time by tables.
///
/// - SeeAlso: RFC 3720, appendix B.4 <https://www.rfc-editor.org/rfc/rfc3720>
enum CRC32C {
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard var next = bytes.baseAddress else { return 0 }
        var left = bytes.count
        var crc = ~UInt32(0)
        let table = unsafe tables
        while left >= 8 {
            let low = unsafe UInt32(littleEndian: next.loadUnaligned(as: UInt32.self)) ^ crc
            let high = unsafe UInt32(
                littleEndian: next.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            crc =
                unsafe table[0x700 | Int(low & 0xFF)] ^ table[0x600 | Int(low >> 8 & 0xFF)]
                ^ table[0x500 | Int(low >> 16 & 0xFF)] ^ table[0x400 | Int(low >> 24)]
                ^ table[0x300 | Int(high & 0xFF)] ^ table[0x200 | Int(high >> 8 & 0xFF)]
                ^ table[0x100 | Int(high >> 16 & 0xFF)] ^ table[Int(high >> 24)]
            unsafe next += 8
            left -= 8
        }
        while left > 0 {
            let byte = unsafe UInt32(next.load(as: UInt8.self))
            crc = unsafe table[Int((crc ^ byte) & 0xFF)] ^ crc >> 8
            unsafe next += 1
            left -= 1
        }
        return ~crc
    }

    static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        unsafe bytes.withContiguousStorageIfAvailable {
            unsafe checksum(UnsafeRawBufferPointer($0))
        }
            ?? Array(bytes).withUnsafeBytes { unsafe checksum($0) }
    }

    /// Eight tables of 256: entry `256 k + b` is the sum of byte `b` followed by `k` zero bytes.
    ///
    /// Written once before anyone can read it, and never freed.
    private nonisolated(unsafe) static let tables: UnsafePointer<UInt32> = {
        let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            unsafe tables[byte] = crc
        }
        for index in 256..<8 * 256 {
            let previous = unsafe tables[index - 256]
            unsafe tables[index] = tables[Int(previous & 0xFF)] ^ previous >> 8
        }
        return unsafe UnsafePointer(tables)
    }()
}
