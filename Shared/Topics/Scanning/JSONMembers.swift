/// What the scanners of other platforms' records share.
extension JSONCursor {
    /// An object's members, from its opening brace to its closing one; `read` takes or passes over
    /// each value.
    @inline(__always)
    mutating func object(
        _ field: StaticString,
        _ read: (inout JSONCursor, ScannedText) throws(ScanFailure) -> Void
    ) throws(ScanFailure) {
        guard take(UInt8(ascii: "{")) else {
            guard position < end else { throw malformed("an object") }
            throw try wrongType(field, expected: "an object")
        }
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let name = try key()
            try read(&self, name)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "a comma or the object's end")
    }

    /// An array's elements, from its opening bracket to its closing one.
    @inline(__always)
    mutating func array(
        _ field: StaticString, _ read: (inout JSONCursor) throws(ScanFailure) -> Void
    ) throws(ScanFailure) {
        guard take(UInt8(ascii: "[")) else {
            guard position < end else { throw malformed("an array") }
            throw try wrongType(field, expected: "an array")
        }
        if take(UInt8(ascii: "]")) { return }
        repeat { try read(&self) } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "a comma or the array's end")
    }

    /// Whether a name or a text says this.
    @inline(__always)
    func says(_ text: ScannedText, _ word: StaticString) -> Bool {
        guard !text.isEscaped else { return saysEscaped(text, word) }
        let count = word.utf8CodeUnitCount
        guard Int(text.count) == count else { return false }
        let place = start + Int(text.offset)
        if (4...16).contains(count) { return equalWords(place, word) }
        return equal(place, word.utf8Start, count)
    }

    @inline(never)
    private func saysEscaped(_ text: ScannedText, _ word: StaticString) -> Bool {
        says(text) == word.description
    }

    /// Marks a field as given.
    /// - Throws: when it was given before, for readers disagree on which counts.
    @inline(__always)
    func mark(
        _ place: UInt32, of seen: inout UInt32, _ field: StaticString
    ) throws(ScanFailure) {
        guard seen & (1 << place) == 0 else {
            throw ScanFailure(.duplicate, field: field, at: offset)
        }
        seen |= 1 << place
    }
}

/// Whether a scanned text begins with a word as it stands there.
public func starts(
    _ text: ScannedText, with word: StaticString, in bytes: Span<UInt8>
) -> Bool {
    let count = word.utf8CodeUnitCount
    guard Int(text.count) >= count else { return false }
    for i in 0..<count where bytes[Int(text.offset) + i] != word.utf8Start[i] { return false }
    return true
}
