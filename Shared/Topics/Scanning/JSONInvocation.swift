extension ScannedInvocation {
    /// An invocation in JSON: one object, flat.
    ///
    /// Fields that we do not know are checked and passed over. A field given twice is refused, for
    /// readers disagree on which counts; `null` is the same as not given.
    public init(json bytes: Span<UInt8>) throws(ScanFailure) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            var cursor = try JSONCursor(bytes)
            return try cursor.invocation()
        }
    }
}

extension JSONCursor {
    fileprivate mutating func invocation() throws(ScanFailure) -> ScannedInvocation {
        var scanned = ScannedInvocation()
        var seen: UInt32 = 0
        try expectObject()
        if !take(UInt8(ascii: "}")) {
            repeat {
                guard let field = field(try key()) else {
                    try skipValue(depth: 2)
                    continue
                }
                guard seen & field.bit == 0 else {
                    throw ScanFailure(.duplicate, field: field.name, at: offset)
                }
                seen |= field.bit
                try read(field, into: &scanned)
            } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "}"), "a comma or the object's end")
        }
        try expectEnd()
        try scanned.checkPresence()
        return scanned
    }

    mutating func expectObject() throws(ScanFailure) {
        guard !take(UInt8(ascii: "{")) else { return }
        guard position < end else { throw malformed("an object") }
        throw try wrongType("the message", expected: "an object")
    }

    @inline(__always)
    private mutating func read(
        _ field: InvocationField, into scanned: inout ScannedInvocation
    ) throws(ScanFailure) {
        switch field {
        case .customer, .service, .function, .invocation, .trigger, .runtime, .worker:
            if let text = try optionalText(field.name) { scanned.set(field, text) }
        case .durationMs, .cpuMs, .memoryMb, .memoryPeakMb, .initMs, .deadlineMs:
            if let value = try optionalDouble(field.name) { scanned.set(field, value) }
        case .startedAtMs:
            if let value = try optionalInteger(field.name) {
                scanned.startedAtMs = value
                scanned.mark(field)
            }
        case .outcome:
            if let word = try optionalText(field.name) {
                scanned.outcome = outcome(word)
                scanned.mark(field)
            }
        }
    }

    /// By length and first letter, then by all letters.
    @inline(__always)
    private func field(_ key: ScannedText) -> InvocationField? {
        guard !key.isEscaped else { return escapedField(key) }
        let name = start + Int(key.offset)
        let candidate: InvocationField
        switch key.count {
        case 6: candidate = name[0] == UInt8(ascii: "c") ? .cpuMs : .worker
        case 7:
            switch name[0] {
            case UInt8(ascii: "s"): candidate = .service
            case UInt8(ascii: "i"): candidate = .initMs
            case UInt8(ascii: "t"): candidate = .trigger
            case UInt8(ascii: "r"): candidate = .runtime
            default: candidate = .outcome
            }
        case 8: candidate = name[0] == UInt8(ascii: "c") ? .customer : .function
        case 9: candidate = .memoryMb
        case 10: candidate = .invocation
        case 11: candidate = name[1] == UInt8(ascii: "u") ? .durationMs : .deadlineMs
        case 13: candidate = .startedAtMs
        case 14: candidate = .memoryPeakMb
        default: return nil
        }
        return equal(name, candidate.name.utf8Start, Int(key.count)) ? candidate : nil
    }

    @inline(never)
    private func escapedField(_ key: ScannedText) -> InvocationField? {
        let name = says(key)
        return InvocationField.allCases.first { $0.name.description == name }
    }

    @inline(__always)
    private func outcome(_ word: ScannedText) -> UInt8 {
        guard !word.isEscaped else { return outcome(named: says(word)) }
        let text = start + Int(word.offset)
        let candidate: UInt8
        switch word.count {
        case 5: candidate = 1
        case 6: candidate = 5
        case 7: candidate = text[0] == UInt8(ascii: "s") ? 0 : 2
        case 9: candidate = 4
        case 13: candidate = 3
        default: return ScannedInvocation.unknownOutcome
        }
        let name = ScannedInvocation.outcomes[Int(candidate)]
        return equal(text, name.utf8Start, Int(word.count))
            ? candidate : ScannedInvocation.unknownOutcome
    }

    @inline(never)
    private func outcome(named name: String) -> UInt8 {
        let place = ScannedInvocation.outcomes.firstIndex { $0.description == name }
        return UInt8(place ?? Int(ScannedInvocation.unknownOutcome))
    }

    /// What a text of this cursor's bytes says.
    func says(_ text: ScannedText) -> String {
        let raw = UnsafeBufferPointer(
            start: start + Int(text.offset), count: Int(text.count))
        return text.isEscaped ? unescaped(raw) : String(decoding: raw, as: UTF8.self)
    }
}
