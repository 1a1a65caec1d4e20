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
        self = try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            var cursor = try JSONCursor(bytes)
            var event = OpenWhiskEvent()
            try cursor.object("the message") { cursor, name throws(ScanFailure) in
                try cursor.readEnvelope(name, into: &event)
            }
            try cursor.expectEnd()
            try event.checkPresence()
            return event
        }
    }

    private init() {}

    private func checkPresence() throws(ScanFailure) {
        let required: [Field] =
            kind == .metric
            ? [.eventType, .body]
            : [
                .eventType, .body, .namespace, .timestamp, .name, .statusCode, .duration, .memory,
            ]
        for field in required where seen & (1 << UInt32(field.rawValue)) == 0 {
            throw ScanFailure(.missing, field: field.path)
        }
    }

    fileprivate enum Field: UInt8 {
        case body, eventType, namespace, timestamp
        case name, statusCode, duration, initTime, kind, memory, activationID

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
    /// Takes a value that may be `null`, which is the same as none.
    @inline(__always)
    private mutating func read<Value>(
        _ field: OpenWhiskEvent.Field, of event: inout OpenWhiskEvent,
        _ read: (inout JSONCursor) throws(ScanFailure) -> Value?
    ) throws(ScanFailure) -> Value? {
        let bit: UInt32 = 1 << UInt32(field.rawValue)
        guard event.seen & bit == 0 else {
            throw ScanFailure(.duplicate, field: field.path, at: offset)
        }
        guard let value = try read(&self) else { return nil }
        event.seen |= bit
        return value
    }

    @inline(__always)
    private mutating func text(
        _ field: OpenWhiskEvent.Field, of event: inout OpenWhiskEvent
    ) throws(ScanFailure) -> ScannedText? {
        try read(field, of: &event) { cursor throws(ScanFailure) in
            try cursor.optionalText(field.path)
        }
    }

    @inline(__always)
    private mutating func double(
        _ field: OpenWhiskEvent.Field, of event: inout OpenWhiskEvent
    ) throws(ScanFailure) -> Double? {
        try read(field, of: &event) { cursor throws(ScanFailure) in
            try cursor.optionalDouble(field.path)
        }
    }

    @inline(__always)
    private mutating func integer(
        _ field: OpenWhiskEvent.Field, of event: inout OpenWhiskEvent
    ) throws(ScanFailure) -> Int64? {
        try read(field, of: &event) { cursor throws(ScanFailure) in
            try cursor.optionalInteger(field.path)
        }
    }

    @inline(__always)
    fileprivate mutating func readEnvelope(
        _ name: ScannedText, into event: inout OpenWhiskEvent
    ) throws(ScanFailure) {
        if says(name, "body") {
            try mark(
                UInt32(OpenWhiskEvent.Field.body.rawValue), of: &event.seen,
                OpenWhiskEvent.Field.body.path)
            try object("body") { cursor, name throws(ScanFailure) in
                try cursor.readBody(name, into: &event)
            }
        } else if says(name, "eventType") {
            try readEventType(into: &event)
        } else if says(name, "namespace") {
            if let text = try text(.namespace, of: &event) { event.namespace = text }
        } else if says(name, "timestamp") {
            if let ms = try integer(.timestamp, of: &event) { event.timestampMs = ms }
        } else {
            try skipValue(depth: 2)
        }
    }

    private mutating func readEventType(
        into event: inout OpenWhiskEvent
    ) throws(ScanFailure) {
        skipWhitespace()
        let from = offset
        guard let word = try text(.eventType, of: &event) else { return }
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

    @inline(__always)
    private mutating func readBody(
        _ name: ScannedText, into event: inout OpenWhiskEvent
    ) throws(ScanFailure) {
        if says(name, "name") {
            if let text = try text(.name, of: &event) { event.name = text }
        } else if says(name, "statusCode") {
            if let code = try integer(.statusCode, of: &event) { event.statusCode = code }
        } else if says(name, "duration") {
            if let ms = try double(.duration, of: &event) { event.durationMs = ms }
        } else if says(name, "initTime") {
            if let ms = try double(.initTime, of: &event) { event.initMs = ms }
        } else if says(name, "kind") {
            if let text = try text(.kind, of: &event) {
                event.runtime = text
                event.isSequence = says(text, "sequence")
            }
        } else if says(name, "memory") {
            if let mb = try double(.memory, of: &event) { event.memoryMb = mb }
        } else if says(name, "activationId") {
            if let text = try text(.activationID, of: &event) { event.activationID = text }
        } else {
            try skipValue(depth: 3)
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
        for place in offset..<offset + count where bytes[Int(place)] == UInt8(ascii: "/") {
            if slashes.first < 0 {
                slashes.first = place
            } else if slashes.second < 0 {
                slashes.second = place
            } else {
                return nil
            }
        }
        func part(_ from: Int32, _ to: Int32) -> ScannedText {
            ScannedText(offset: from, count: to - from)
        }
        guard slashes.first >= 0 else { return nil }
        let end = offset + count
        guard slashes.second >= 0 else {
            return (part(offset, slashes.first), nil, part(slashes.first + 1, end))
        }
        return (
            part(offset, slashes.first), part(slashes.first + 1, slashes.second),
            part(slashes.second + 1, end)
        )
    }
}
