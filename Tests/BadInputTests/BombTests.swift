import Foundation
import Testing

@testable import Brokerage

/// Little that would become much: 320 MB, which is more than a batch may hold.
@Suite struct `A compressed batch that would become too much` {
    /// Twice what may come of it, for it grows by doubling, and what was there before.
    static let growthMbMax = 2 * Limits.decompressedBytes / (1 << 20) + 200
    static let targetBytes = 320 << 20

    @Test(arguments: [Codec.gzip, .snappy, .lz4, .zstd].map(\.rawValue))
    func `is refused before it is that much`(codec: Int16) async {
        let findings = `Bad input`.newPath()
        defer { try? FileManager.default.removeItem(atPath: findings) }
        let ended = await #expect(processExitsWith: .success) {
            [codec = codec as Int16, findings = findings as String] in
            leaving(findings: findings) { try Self.open(codec) }
        }
        if ended == nil { Issue.record("\(`Bad input`.finding(at: findings).said)") }
    }

    private static func open(_ codec: Int16) throws {
        guard let codec = Codec(rawValue: codec) else { throw Broken("no codec \(codec)") }
        let bomb = try Bomb.of(codec)
        try hold(bomb.count < 32 << 20, "\(bomb.count) bytes are no bomb")
        let before = Memory.peakMb
        let outcome = bomb.withUnsafeBytes { bytes in
            Result { () throws(Codec.Failure) in try codec.decompress(bytes) }
        }
        guard case .failure(.tooLarge) = outcome else { throw Broken("it is not too large") }
        let grown = Memory.peakMb - before
        try hold(grown <= Self.growthMbMax, "grew by \(grown) MB")
    }
}

private enum Bomb {
    static func of(_ codec: Codec) throws -> [UInt8] {
        let bytes = `A compressed batch that would become too much`.targetBytes
        switch codec {
        case .none: return []
        case .gzip: return gzip(bytes)
        case .lz4: return try lz4(bytes)
        case .zstd: return zstd(bytes)
        case .snappy:
            // 16 MB of zeroes to a block, in the form that Java's clients write.
            let whole = try Codec.snappy.compress([UInt8](repeating: 0, count: 16 << 20))
            return whole + Array(repeating: whole.dropFirst(16), count: bytes >> 24).joined()
        }
    }

    /// Fixed Huffman codes: a zero, then copies of 258 bytes from one byte before, 13 bits each
    /// (RFC 1951, section 3.2.6). Eight of them are 13 bytes, which then repeat.
    private static func gzip(_ bytes: Int) -> [UInt8] {
        var bits: [Bool] = [false, true, false]
        // Codes stand with their highest bit first: literal 0 is 0x30, length 285 is 0xC5.
        func append(_ code: Int, _ count: Int) {
            for place in (0..<count).reversed() { bits.append(code >> place & 1 == 1) }
        }
        append(0x30, 8)
        // The header and the literal are 11 bits; after one copy the copies repeat every 104.
        for _ in 0..<16 {
            append(0xC5, 8)
            append(0, 5)
        }
        let packed = stride(from: 0, to: bits.count / 8 * 8, by: 8).map { start in
            (0..<8).reduce(UInt8(0)) { $0 | (bits[start + $1] ? 1 << UInt8($1) : 0) }
        }
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        let copies = Array(repeating: packed[2..<15], count: bytes / (8 * 258) + 1).joined()
        return header + packed[..<2] + copies
    }

    /// The one block of a small frame, over and over.
    private static func lz4(_ bytes: Int) throws -> [UInt8] {
        let frame = try Codec.lz4.compress([UInt8](repeating: 0, count: 64 << 10))
        let block = frame[7..<frame.count - 4]
        return Array(frame[..<7]) + Array(repeating: block, count: bytes >> 16).joined()
    }

    /// Blocks that repeat one byte 128 Ki times (RFC 8878, section 3.1.1.2).
    private static func zstd(_ bytes: Int) -> [UInt8] {
        let size = 128 << 10
        let header = size << 3 | 1 << 1
        let block = (0..<3).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) } + [0]
        return [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x40]
            + Array(repeating: block, count: bytes / size + 1).joined()
    }
}
