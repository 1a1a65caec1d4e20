import Testing

@testable import Brokerage

@Suite struct `A checksum` {
    @Test func `is that of the RFC`() {
        // RFC 3720, appendix B.4: 32 bytes of zeroes, of ones, and ascending.
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(Array(UInt8(0)..<32)) == 0x46DD_794E)
        // The check value of the CRC catalogue, over nine bytes: one more than the tables take.
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    }
}

@Suite struct `A codec` {
    @Test(arguments: Codec.allCases, [0, 1, 100, 70_000, 1 << 20])
    func `gives back what it was given`(codec: Codec, count: Int) throws {
        var numbers = SeededNumbers(seed: UInt64(count))
        // Half noise, half repetition.
        let plain = (0..<count).map { $0 % 2 == 0 ? UInt8(truncatingIfNeeded: numbers.next()) : 7 }
        let packed = try codec.compress(plain)
        #expect(try packed.withUnsafeBytes { try codec.decompress($0) } == plain)
    }

    @Test(arguments: UInt64(0)..<50)
    func `refuses noise without harm`(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        for codec in Codec.allCases where codec != .none {
            var packed = (try? codec.compress(Array(repeating: 1, count: 500))) ?? []
            for _ in 0..<3 {
                let place = Int(numbers.next() % UInt64(packed.count))
                packed[place] = UInt8(truncatingIfNeeded: numbers.next())
            }
            packed.removeLast(Int(numbers.next() % UInt64(packed.count)))
            _ = packed.withUnsafeBytes { try? codec.decompress($0) }
        }
    }
}

@Suite struct `A record batch` {
    private let three: [(key: String?, value: String?)] = [("a", "1"), (nil, nil), ("b", "")]

    @Test(arguments: Codec.allCases)
    func `is what was put into it`(codec: Codec) throws {
        let bytes = batch(three, codec: codec)
        #expect(
            try records(in: bytes) == [
                Read(offset: 0, key: "a", value: "1"), Read(offset: 1, key: nil, value: nil),
                Read(offset: 2, key: "b", value: ""),
            ])
    }

    @Test func `is refused when any bit of it is wrong`() {
        let bytes = batch(three)
        // The offset and the leader epoch, before byte 16 but for the length, are the broker's.
        for place in Array(8..<12) + Array(16..<bytes.count) {
            for bit in 0..<8 {
                var wrong = bytes
                wrong[place] ^= 1 << UInt8(bit)
                #expect(refusal(of: wrong) != nil)
            }
        }
        #expect(refusal(of: bytes) == nil)
    }

    @Test func `is refused when it is cut anywhere`() {
        let bytes = batch(three)
        for count in 0..<bytes.count {
            #expect(refusal(of: Array(bytes[..<count])) == .invalidRecord)
        }
        #expect(refusal(of: bytes + bytes) == .invalidRecord)
    }

    @Test(arguments: UInt64(0)..<200)
    func `of noise with a good checksum does no harm`(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        var bytes = batch(three)
        for _ in 0..<4 {
            let place = 21 + Int(numbers.next() % UInt64(bytes.count - 21))
            bytes[place] = UInt8(truncatingIfNeeded: numbers.next())
        }
        bytes.withUnsafeBytes { raw in
            let header = RecordBatchHeader(raw.baseAddress!)
            _ = try? Records.decode(raw, header)
        }
    }

    private func refusal(of bytes: [UInt8]) -> ErrorCode? {
        bytes.withUnsafeBytes { bytes in
            do throws(ErrorCode) {
                _ = try RecordBatch.check(bytes, bytesMax: 1 << 20)
                return nil
            } catch {
                return error
            }
        }
    }
}
