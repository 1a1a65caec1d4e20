extension ScannedInvocation {
    /// An invocation in JSON: one object, flat.
    ///
    /// Fields that we do not know are checked and passed over. A field given twice is refused, for
    /// readers disagree on which counts; `null` is the same as not given.
    /// - Parameter order: of the messages before, as their writer orders keys.
    public mutating func read(
        json bytes: Span<UInt8>, _ order: inout KeyOrder
    ) throws(ScanFailure) {
        try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            guard !read(compactJSON: bytes, &order) else { return }
            self = try Self.scan(anyJSON: bytes)
        }
    }

    static func scan(
        anyJSON bytes: UnsafeBufferPointer<UInt8>
    ) throws(ScanFailure) -> ScannedInvocation {
        var cursor = try JSONCursor(bytes)
        return try cursor.invocation()
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

    /// By length, then by letters.
    @inline(__always)
    private func field(_ key: ScannedText) -> InvocationField? {
        guard !key.isEscaped else { return escapedField(key) }
        let name = start + Int(key.offset)
        @inline(__always) func matches(_ known: StaticString) -> Bool { equalWords(name, known) }
        switch key.count {
        case 6: return matches("cpu_ms") ? .cpuMs : matches("worker") ? .worker : nil
        case 7:
            switch name[0] {
            case UInt8(ascii: "s"): return matches("service") ? .service : nil
            case UInt8(ascii: "o"): return matches("outcome") ? .outcome : nil
            case UInt8(ascii: "t"): return matches("trigger") ? .trigger : nil
            case UInt8(ascii: "r"): return matches("runtime") ? .runtime : nil
            default: return matches("init_ms") ? .initMs : nil
            }
        case 8: return matches("customer") ? .customer : matches("function") ? .function : nil
        case 9: return matches("memory_mb") ? .memoryMb : nil
        case 10: return matches("invocation") ? .invocation : nil
        case 11:
            if name[1] == UInt8(ascii: "u") { return matches("duration_ms") ? .durationMs : nil }
            return matches("deadline_ms") ? .deadlineMs : nil
        case 13: return matches("started_at_ms") ? .startedAtMs : nil
        case 14: return matches("memory_peak_mb") ? .memoryPeakMb : nil
        default: return nil
        }
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
        @inline(__always) func matches(_ known: StaticString) -> Bool { equalWords(text, known) }
        let unknown = ScannedInvocation.unknownOutcome
        switch word.count {
        case 5: return matches("error") ? 1 : unknown
        case 6: return matches("killed") ? 5 : unknown
        case 7: return matches("success") ? 0 : matches("timeout") ? 2 : unknown
        case 9: return matches("throttled") ? 4 : unknown
        case 13: return matches("out_of_memory") ? 3 : unknown
        default: return unknown
        }
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
