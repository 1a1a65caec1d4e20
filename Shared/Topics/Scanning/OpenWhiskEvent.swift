/// A user event of Apache OpenWhisk as its bytes say it: numbers as values, texts as ranges of
/// those bytes.
///
/// Fields that we do not know are checked and passed over, for later versions add some; one of ours
/// that is given twice is refused, and `null` is the same as not given.
///
/// - SeeAlso: apache/openwhisk, docs/metrics.md, "User specific metrics", and `EventMessage` of
///   core/connector/Message.scala.
public struct OpenWhiskEvent: Sendable {
    public enum Kind: Sendable { case activation, metric }

    public fileprivate(set) var kind = Kind.activation
    /// Of the user on whose behalf the action ran.
    public fileprivate(set) var namespace = ScannedText()
    /// When the event was made, after the activation's end.
    public fileprivate(set) var timestampMs: Int64 = 0
    /// `namespace/package/action`, or `namespace/action`.
    public fileprivate(set) var name = ScannedText()
    /// Later versions say it.
    public fileprivate(set) var activationID: ScannedText?
    public fileprivate(set) var statusCode: Int64 = 0
    /// From the activation's start to its end, initialisation included.
    public fileprivate(set) var durationMs = 0.0
    /// 0 for a warm start.
    public fileprivate(set) var initMs = 0.0
    public fileprivate(set) var memoryMb = 0.0
    /// `nodejs:20`.
    public fileprivate(set) var runtime: ScannedText?
    /// Of a sequence, whose components have events of their own.
    public fileprivate(set) var isSequence = false
    fileprivate var seen: UInt32 = 0

    /// - Throws: when the bytes are no event, or an activation's lack what every version says.
    public init(_ bytes: Span<UInt8>) throws(ScanFailure) {
        self.init()
        try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            var cursor = try JSONCursor(bytes)
            try cursor.readEnvelope(into: &self)
            try cursor.expectEnd()
        }
        try checkPresence()
    }

    private init() {}

    private func checkPresence() throws(ScanFailure) {
        let required = kind == .metric ? Field.requiredOfMetric : Field.requiredOfActivation
        guard seen & required != required else { return }
        let missing = Field.allCases.first { required & ~seen & $0.bit != 0 }
        throw ScanFailure(.missing, field: missing?.path)
    }

    fileprivate enum Field: UInt8, CaseIterable {
        case eventType, body, namespace, timestamp
        case name, statusCode, duration, initTime, kind, memory, activationID

        @inline(__always)
        var bit: UInt32 { 1 << UInt32(rawValue) }

        static let requiredOfMetric = eventType.bit | body.bit
        static let requiredOfActivation =
            requiredOfMetric | namespace.bit | timestamp.bit | name.bit | statusCode.bit
            | duration.bit | memory.bit

        var path: StaticString {
            switch self {
            case .body: "body"
            case .eventType: "eventType"
            case .namespace: "namespace"
            case .timestamp: "timestamp"
            case .name: "body.name"
            case .statusCode: "body.statusCode"
            case .duration: "body.duration"
            case .initTime: "body.initTime"
            case .kind: "body.kind"
            case .memory: "body.memory"
            case .activationID: "body.activationId"
            }
        }
    }
}

extension JSONCursor {
    fileprivate mutating func readEnvelope(into event: inout OpenWhiskEvent) throws(ScanFailure) {
        try expectObject()
        if take(UInt8(ascii: "}")) { return }
        repeat {
            guard let field = envelopeField(try key()) else {
                try skipValue(depth: 2)
                continue
            }
            try checkFirst(field, of: event)
            switch field {
            case .body:
                event.seen |= field.bit
                try readBody(into: &event)
            case .eventType: try readEventType(into: &event)
            case .namespace:
                if let text = try optionalText(field.path) {
                    event.namespace = text
                    event.seen |= field.bit
                }
            default:
                if let ms = try optionalInteger(field.path) {
                    event.timestampMs = ms
                    event.seen |= field.bit
                }
            }
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "a comma or the object's end")
    }

    private mutating func readEventType(
        into event: inout OpenWhiskEvent
    ) throws(ScanFailure) {
        skipWhitespace()
        let from = offset
        guard let word = try optionalText("eventType") else { return }
        event.seen |= OpenWhiskEvent.Field.eventType.bit
        if says(word, "Activation") {
            event.kind = .activation
        } else if says(word, "Metric") {
            event.kind = .metric
        } else {
            throw ScanFailure(
                .wrongType, field: "eventType", expected: "\"Activation\" or \"Metric\"", at: from,
                count: offset - from)
        }
    }

    private mutating func readBody(into event: inout OpenWhiskEvent) throws(ScanFailure) {
        guard take(UInt8(ascii: "{")) else {
            guard position < end else { throw malformed("an object") }
            throw try wrongType("body", expected: "an object")
        }
        if take(UInt8(ascii: "}")) { return }
        repeat {
            guard let field = bodyField(try key()) else {
                try skipValue(depth: 3)
                continue
            }
            try checkFirst(field, of: event)
            try read(field, into: &event)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "a comma or the object's end")
    }

    /// A value of `null` is the same as none.
    @inline(__always)
    private mutating func read(
        _ field: OpenWhiskEvent.Field, into event: inout OpenWhiskEvent
    ) throws(ScanFailure) {
        switch field {
        case .name, .kind, .activationID:
            guard let text = try optionalText(field.path) else { return }
            switch field {
            case .name: event.name = text
            case .kind:
                event.runtime = text
                event.isSequence = says(text, "sequence")
            default: event.activationID = text
            }
        case .duration, .initTime, .memory:
            guard let value = try optionalDouble(field.path) else { return }
            switch field {
            case .duration: event.durationMs = value
            case .initTime: event.initMs = value
            default: event.memoryMb = value
            }
        default:
            guard let code = try optionalInteger(field.path) else { return }
            event.statusCode = code
        }
        event.seen |= field.bit
    }

    @inline(__always)
    private func checkFirst(
        _ field: OpenWhiskEvent.Field, of event: OpenWhiskEvent
    ) throws(ScanFailure) {
        guard event.seen & field.bit == 0 else {
            throw ScanFailure(.duplicate, field: field.path, at: offset)
        }
    }

    /// By length, then by letters.
    @inline(__always)
    private func envelopeField(_ key: ScannedText) -> OpenWhiskEvent.Field? {
        guard !key.isEscaped else {
            return escapedField(key, among: [.body, .eventType, .namespace, .timestamp])
        }
        switch key.count {
        case 4: return says(key, "body") ? .body : nil
        case 9:
            if says(key, "eventType") { return .eventType }
            if says(key, "namespace") { return .namespace }
            return says(key, "timestamp") ? .timestamp : nil
        default: return nil
        }
    }

    @inline(__always)
    private func bodyField(_ key: ScannedText) -> OpenWhiskEvent.Field? {
        guard !key.isEscaped else {
            return escapedField(
                key,
                among: [.name, .statusCode, .duration, .initTime, .kind, .memory, .activationID])
        }
        switch key.count {
        case 4: return says(key, "name") ? .name : says(key, "kind") ? .kind : nil
        case 6: return says(key, "memory") ? .memory : nil
        case 8: return says(key, "duration") ? .duration : says(key, "initTime") ? .initTime : nil
        case 10: return says(key, "statusCode") ? .statusCode : nil
        case 12: return says(key, "activationId") ? .activationID : nil
        default: return nil
        }
    }

    @inline(never)
    private func escapedField(
        _ key: ScannedText, among fields: [OpenWhiskEvent.Field]
    ) -> OpenWhiskEvent.Field? {
        let name = says(key)
        return fields.first {
            $0.path.description.split(separator: ".").last.map(String.init) == name
        }
    }
}

extension ScannedText {
    /// Its parts between slashes; nil when there are not two or three, or what it says is not what
    /// stands there.
    public func pathParts(
        in bytes: Span<UInt8>
    ) -> (first: ScannedText, middle: ScannedText?, last: ScannedText)? {
        guard !isEscaped else { return nil }
        var slashes: (first: Int32, second: Int32) = (-1, -1)
        var count: Int32 = 0
        bytes.withUnsafeBufferPointer { all in
            for place in Int(offset)..<Int(offset + self.count) where all[place] == 0x2F {
                count += 1
                if count == 1 {
                    slashes.first = Int32(place)
                } else {
                    slashes.second = Int32(place)
                }
            }
        }
        guard count <= 2 else { return nil }
        func part(_ from: Int32, _ to: Int32) -> ScannedText {
            ScannedText(offset: from, count: to - from)
        }
        guard slashes.first >= 0 else { return nil }
        let end = offset + self.count
        guard slashes.second >= 0 else {
            return (part(offset, slashes.first), nil, part(slashes.first + 1, end))
        }
        return (
            part(offset, slashes.first), part(slashes.first + 1, slashes.second),
            part(slashes.second + 1, end)
        )
    }
}
