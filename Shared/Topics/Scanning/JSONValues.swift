/// Values of any type, as far as a flat event needs them.
extension JSONCursor {
    /// Passes over a value that nobody reads, and checks it all the same.
    mutating func skipValue(depth: Int = 1) throws(ScanFailure) {
        switch peek() {
        case UInt8(ascii: "\""):
            position += 1
            _ = try text()
        case UInt8(ascii: "{"):
            try enter(depth)
            if take(UInt8(ascii: "}")) { return }
            repeat {
                _ = try key()
                try skipValue(depth: depth + 1)
            } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "}"), "a comma or the object's end")
        case UInt8(ascii: "["):
            try enter(depth)
            if take(UInt8(ascii: "]")) { return }
            repeat { try skipValue(depth: depth + 1) } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "]"), "a comma or the array's end")
        case UInt8(ascii: "t"): try takeWord("true")
        case UInt8(ascii: "f"): try takeWord("false")
        case UInt8(ascii: "n"): try takeWord("null")
        default: _ = try number()
        }
    }

    private mutating func enter(_ depth: Int) throws(ScanFailure) {
        guard depth < ScanningLimits.nestingMax else {
            throw ScanFailure(.tooDeep, at: offset)
        }
        position += 1
    }

    /// Reports a value of another type than the field's, once it is known to be a value at all.
    mutating func wrongType(
        _ field: StaticString, expected: StaticString
    ) throws(ScanFailure) -> ScanFailure {
        skipWhitespace()
        let from = offset
        try skipValue()
        return ScanFailure(
            .wrongType, field: field, expected: expected, at: from, count: offset - from)
    }

    /// - Returns: nil for `null`.
    @inline(__always)
    mutating func optionalText(_ field: StaticString) throws(ScanFailure) -> ScannedText? {
        if peek() == UInt8(ascii: "\"") {
            position += 1
            return try text()
        }
        if try isNull() { return nil }
        throw try wrongType(field, expected: "a string")
    }

    /// - Returns: nil for `null`.
    @inline(__always)
    mutating func optionalDouble(_ field: StaticString) throws(ScanFailure) -> Double? {
        guard startsNumber(peek()) else {
            if try isNull() { return nil }
            throw try wrongType(field, expected: "a number")
        }
        let number = try number()
        guard let value = double(number) else {
            throw outOfRange(number, field, "a number of 64 bits")
        }
        return value
    }

    /// `1e3` and `1000.0` are integers too, for JSON has but one type of number.
    /// - Returns: nil for `null`.
    @inline(__always)
    mutating func optionalInteger(_ field: StaticString) throws(ScanFailure) -> Int64? {
        guard startsNumber(peek()) else {
            if try isNull() { return nil }
            throw try wrongType(field, expected: "an integer")
        }
        let number = try number()
        if number.isIntegral {
            guard number.isExact, let value = signed(number) else {
                throw outOfRange(number, field, "an integer of 64 bits")
            }
            return value
        }
        guard let value = double(number), value.rounded(.towardZero) == value else {
            throw ScanFailure(
                .wrongType, field: field, expected: "an integer", at: number.first - start,
                count: number.count)
        }
        guard let integer = Int64(exactly: value) else {
            throw outOfRange(number, field, "an integer of 64 bits")
        }
        return integer
    }

    @inline(__always)
    private func startsNumber(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || byte == UInt8(ascii: "-")
    }

    private func outOfRange(
        _ number: JSONNumber, _ field: StaticString, _ expected: StaticString
    ) -> ScanFailure {
        ScanFailure(
            .outOfRange, field: field, expected: expected, at: number.first - start,
            count: number.count)
    }
}
