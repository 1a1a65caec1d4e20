import Testing

@testable import Scanning

@Suite struct `A number in JSON` {
    @Test(arguments: UInt64(0)..<50)
    func `is the double that the standard library reads`(seed: UInt64) throws {
        var random = Draws(seed: seed)
        for _ in 0..<200 {
            let digits = String(random.next() >> UInt64.random(in: 0..<64, using: &random))
            let point = Int.random(in: 0...digits.count, using: &random)
            var text = point == 0 ? "0" : String(digits.prefix(point))
            if point < digits.count { text += "." + digits.dropFirst(point) }
            if Int.random(in: 0..<3, using: &random) == 0 {
                text += "e\(Int.random(in: -330...310, using: &random))"
            }
            if Bool.random(using: &random) { text = "-" + text }
            if text.drop(while: { $0 == "-" }).hasPrefix("0"), point > 1 { continue }
            let expected = try #require(Double(text))
            #expect(read(text) == (expected.isFinite ? expected : nil))
        }
    }

    @Test func `rounds a tie to even`() {
        // 2^53 + 1 lies between two doubles; so do tenths of it.
        #expect(read("9007199254740993") == 9_007_199_254_740_992)
        #expect(read("9007199254740995") == 9_007_199_254_740_996)
        #expect(read("900719925474099.3") == 900_719_925_474_099.3)
        #expect(read("18446744073709551615") == 18_446_744_073_709_551_616)
    }

    private func read(_ text: String) -> Double? {
        unsafe Array(text.utf8).withUnsafeBufferPointer { bytes in
            guard var cursor = try? unsafe JSONCursor(bytes),
                let number = try? cursor.number()
            else { return nil }
            return cursor.double(number)
        }
    }
}

@Suite struct `A time in ISO 8601` {
    // Expected: `date -u -d TIME +%s%3N` of GNU coreutils.
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", Int64(0)), ("2000-02-29T12:00:00.5Z", 951_825_600_500),
        ("2022-10-12T00:01:15.000Z", 1_665_532_875_000),
        ("2026-01-31T23:59:59.999999Z", 1_769_903_999_999),
        ("2026-01-31T23:59:59+01:00", 1_769_900_399_000),
        ("1969-12-31T23:59:59Z", -1_000),
    ])
    func `is milliseconds since 1970`(text: String, expected: Int64) {
        #expect(milliseconds(text) == expected)
    }

    @Test(arguments: [
        "", "2022-10-12", "2022-10-12T00:01:15", "2022-13-01T00:00:00Z", "2022-02-29T00:00:00Z",
        "2022-10-12 00:01:15Z", "2022-10-12T24:00:00Z", "2022-10-12T00:01:15.Z",
        "2022-10-12T00:01:15Zx", "1900-02-29T00:00:00Z",
    ])
    func `is refused when it is none`(text: String) {
        #expect(milliseconds(text) == nil)
    }
}
