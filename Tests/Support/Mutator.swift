/// Makes inputs that are nearly right: real ones with a few things wrong.
public struct Mutator: Sendable {
    /// Longer inputs add time and nothing else: an invocation is refused beyond 65,536 bytes, and an
    /// encoder's parameters have some 80,000.
    public static let inputBytesMax = 100_000

    public let corpus: [[UInt8]]
    /// What the format's own texts are made of.
    private let dictionary: [[UInt8]]

    public init(corpus: [[UInt8]], dictionary: [String] = []) {
        precondition(!corpus.isEmpty, "nothing to change")
        self.corpus = corpus
        self.dictionary = dictionary.map { Array($0.utf8) } + Self.oddTexts
    }

    /// The input of that number: the same for the same seed, whatever came before it.
    public func input(_ number: Int, seed: UInt64) -> [UInt8] {
        var mixer = TestRandom(seed: seed &+ UInt64(truncatingIfNeeded: number) &* 0x2545_F491)
        var random = TestRandom(seed: mixer.next())
        var bytes = random.element(of: corpus)
        // Few changes reach deep, many reach wide; one input in 32 is left as it is.
        let changes = random.below(32) == 0 ? 0 : 1 << max(0, random.below(8) - 4)
        for _ in 0..<changes { change(&bytes, &random) }
        if bytes.count > Self.inputBytesMax { bytes.removeSubrange(Self.inputBytesMax...) }
        return bytes
    }

    private func change(_ bytes: inout [UInt8], _ random: inout TestRandom) {
        let place = random.below(bytes.count + 1)
        switch random.below(16) {
        case 0, 1: if place < bytes.count { bytes[place] ^= 1 << UInt8(random.below(8)) }
        case 2: if place < bytes.count { bytes[place] = random.byte() }
        case 3: bytes.insert(random.byte(), at: place)
        case 4, 5: bytes.removeSubrange(range(from: place, in: bytes, &random))
        case 6: bytes.removeSubrange(place...)
        case 7: splice(&bytes, at: place, &random)
        case 8: replaceInteger(&bytes, at: place, &random)
        case 9: replaceNumber(&bytes, from: place, &random)
        case 10, 11: bytes.insert(contentsOf: random.element(of: dictionary), at: place)
        case 12:
            let token = random.element(of: dictionary)
            bytes.replaceSubrange(place..<min(bytes.count, place + token.count), with: token)
        case 13: repeatPiece(&bytes, from: place, &random)
        case 14: nest(&bytes, at: place, &random)
        default: swapPieces(&bytes, &random)
        }
    }

    /// A piece of up to 16 bytes, seldom of all the rest.
    private func range(
        from place: Int, in bytes: [UInt8], _ random: inout TestRandom
    ) -> Range<Int> {
        let most = random.below(16) == 0 ? bytes.count : 16
        return place..<min(bytes.count, place + 1 + random.below(most))
    }

    /// The beginning of this input and the end of another.
    private func splice(_ bytes: inout [UInt8], at place: Int, _ random: inout TestRandom) {
        let other = random.element(of: corpus)
        bytes.removeSubrange(place...)
        bytes += other[random.below(other.count + 1)...]
    }

    /// Writes an integer where integers tend to break, in one of the ways in which they are written.
    private func replaceInteger(
        _ bytes: inout [UInt8], at place: Int, _ random: inout TestRandom
    ) {
        let value = random.element(of: Self.integers)
        var written: [UInt8] = []
        switch random.below(3) {
        case 0:
            var rest = value
            while rest >= 0x80 {
                written.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            written.append(UInt8(rest))
        case let order:
            let count = 1 << random.below(4)
            for byte in 0..<count {
                let shift = UInt64(8 * (order == 1 ? count - 1 - byte : byte))
                written.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        bytes.replaceSubrange(place..<min(bytes.count, place + written.count), with: written)
    }

    /// The next run of digits becomes another number.
    private func replaceNumber(
        _ bytes: inout [UInt8], from place: Int, _ random: inout TestRandom
    ) {
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        guard let start = bytes[place...].firstIndex(where: isDigit) else { return }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: random.element(of: Self.numbers))
    }

    private func repeatPiece(
        _ bytes: inout [UInt8], from place: Int, _ random: inout TestRandom
    ) {
        let piece = Array(bytes[range(from: place, in: bytes, &random)])
        // Seldom so often that limits of length are passed.
        let most = random.below(64) == 0 ? Self.inputBytesMax / max(1, piece.count) : 8
        let times = 1 + random.below(most)
        bytes.insert(contentsOf: Array(repeating: piece, count: times).joined(), at: place)
    }

    private func nest(_ bytes: inout [UInt8], at place: Int, _ random: inout TestRandom) {
        let depth = 1 + random.below(random.below(8) == 0 ? 2_000 : 40)
        let (open, close) = random.element(of: [
            (Array("[".utf8), Array("]".utf8)), (Array("{\"a\":".utf8), Array("}".utf8)),
            ([0xF3, 0x01], [0xF4, 0x01]),
        ])
        let end = range(from: place, in: bytes, &random).upperBound
        bytes.insert(contentsOf: Array(repeating: close, count: depth).joined(), at: end)
        bytes.insert(contentsOf: Array(repeating: open, count: depth).joined(), at: place)
    }

    private func swapPieces(_ bytes: inout [UInt8], _ random: inout TestRandom) {
        let first = range(from: random.below(bytes.count + 1), in: bytes, &random)
        let piece = Array(bytes[first])
        bytes.removeSubrange(first)
        bytes.insert(contentsOf: piece, at: random.below(bytes.count + 1))
    }
}

extension Mutator {
    /// Powers of two, what lies beside them, and their negatives.
    private static let integers: [UInt64] = {
        var integers: [UInt64] = []
        for bits in [0, 1, 7, 8, 15, 16, 31, 32, 47, 48, 52, 53, 62, 63] {
            let power = UInt64(1) << UInt64(bits)
            integers += [power - 1, power, power + 1, 0 &- power, ~power]
        }
        return integers + [.max]
    }()

    private static let numbers = [
        "0", "-0", "1", "00", "-1", "255", "256", "32767", "65536", "2147483647", "2147483648",
        "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
        "18446744073709551616", "1e308", "1e309", "1e400", "-1e400", "5e-324", "1e-400", "1e5",
        "1E+2", "0.1", "1.0", "1.5", "0e9", "1e", "1.", ".5", "0x10", "253402300799999",
        "253402300800000", "86400000", "86400001", "16777216", "16777217", "NaN", "Infinity",
        "-Infinity", "123456789012345678901234567890", "0.30000000000000000000000000000000001",
        "2.2250738585072011e-308", "1e23", "8.41e21", "9007199254740992.5",
    ].map { Array($0.utf8) }

    /// Texts that are one thing to one reader and another to the next: invalid UTF-8, marks that
    /// join the character before or after them, directions, what has two forms, and ends of texts.
    private static let oddTexts: [[UInt8]] =
        [
            [0x00], [0x0A], [0x1F], [0x7F], [0x80], [0xC0, 0xAF], [0xC3], [0xE2, 0x82],
            [0xED, 0xA0, 0x80],
            [0xEF, 0xBB, 0xBF], [0xF0, 0x9F, 0x99], [0xF4, 0x90, 0x80, 0x80], [0xFF, 0xFE],
        ]
        + [
            "\u{301}", "\u{600}", "\u{200D}", "\u{FE0F}", "\u{202E}", "\u{1F1E9}",
            "\u{1F468}\u{200D}",
            "\u{E9}", "e\u{301}", "\u{AC00}", "\u{1100}\u{1161}", "\u{FFFD}", "\u{10FFFF}", "/",
            "%",
            "%2F", "%25", "..", "'", "\"", "\\", "<b>", "\r\n", "\t", " ",
        ].map { Array($0.utf8) }
}

extension TestRandom {
    /// Uniform in 0..<count, as near as it matters here.
    public mutating func below(_ count: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(max(1, count))).high)
    }

    public mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next() >> 32) }
    public mutating func element<Element>(of elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}
