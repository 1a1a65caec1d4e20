/// A span of an OTLP/JSON export, as its bytes say it.
public struct OTLPSpan: Sendable {
    public enum Kind: Sendable { case `internal`, server, client, producer, consumer }

    public fileprivate(set) var id: ScannedText?
    public fileprivate(set) var kind = Kind.internal
    /// 0 where the span does not say.
    public fileprivate(set) var startNs: UInt64 = 0
    public fileprivate(set) var endNs: UInt64 = 0
    /// Its status is an error.
    public fileprivate(set) var hasFailed = false
    /// The span's own.
    public fileprivate(set) var attributes = OTLPAttributes()
}

/// What OpenTelemetry's Collector writes to Kafka as `otlp_json`: an `ExportTraceServiceRequest`,
/// resources with scopes with spans.
///
/// Fields that we do not know are checked and passed over; one of ours given twice is refused.
///
/// - SeeAlso: opentelemetry-proto, collector/trace/v1/trace_service.proto, and OTLP 1.x, "JSON
///   Protobuf Encoding".
public enum OTLPSpans {
    /// Calls `body` with each span and its resource's attributes, in the order of the bytes.
    ///
    /// When this throws, spans before the place that is wrong have been handed out.
    /// - Returns: how many there were.
    public static func scan(
        _ bytes: Span<UInt8>, _ body: (OTLPSpan, OTLPAttributes) -> Void
    ) throws(ScanFailure) -> Int {
        try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            var cursor = try JSONCursor(bytes, bytesMax: ScanningLimits.exportBytesMax)
            var seen: UInt32 = 0
            var spans = 0
            try cursor.object("the message") { cursor, name throws(ScanFailure) in
                guard cursor.says(name, "resourceSpans") else {
                    try cursor.skipValue(depth: 2)
                    return
                }
                try cursor.mark(0, of: &seen, "resourceSpans")
                try cursor.array("resourceSpans") { cursor throws(ScanFailure) in
                    try cursor.resourceSpans { span, resource in
                        spans += 1
                        body(span, resource)
                    }
                }
            }
            try cursor.expectEnd()
            guard seen != 0 else { throw ScanFailure(.missing, field: "resourceSpans") }
            return spans
        }
    }
}

extension JSONCursor {
    /// JSON's members have no order: scopes that stand before their resource are gone through again
    /// once it is known.
    fileprivate mutating func resourceSpans(
        _ body: (OTLPSpan, OTLPAttributes) -> Void
    ) throws(ScanFailure) {
        var resource: OTLPAttributes?
        var scopes: UnsafePointer<UInt8>?
        var seen: UInt32 = 0
        try object("resourceSpans") { cursor, name throws(ScanFailure) in
            if cursor.says(name, "resource") {
                try cursor.mark(0, of: &seen, "resource")
                resource = try cursor.resource()
            } else if cursor.says(name, "scopeSpans")
                || cursor.says(name, "instrumentationLibrarySpans")
            {
                try cursor.mark(1, of: &seen, "scopeSpans")
                if let resource {
                    try cursor.scopes(resource, body)
                } else {
                    cursor.skipWhitespace()
                    scopes = cursor.position
                    try cursor.skipValue(depth: 4)
                }
            } else {
                try cursor.skipValue(depth: 4)
            }
        }
        guard let scopes else { return }
        let behind = position
        position = scopes
        try self.scopes(resource ?? OTLPAttributes(), body)
        position = behind
    }

    private mutating func resource() throws(ScanFailure) -> OTLPAttributes {
        var attributes = OTLPAttributes()
        if try isNull() { return attributes }
        var seen: UInt32 = 0
        try object("resource") { cursor, name throws(ScanFailure) in
            guard cursor.says(name, "attributes") else {
                try cursor.skipValue(depth: 5)
                return
            }
            try cursor.mark(0, of: &seen, "resource.attributes")
            attributes = try cursor.attributes(depth: 5)
        }
        return attributes
    }

    private mutating func scopes(
        _ resource: OTLPAttributes, _ body: (OTLPSpan, OTLPAttributes) -> Void
    ) throws(ScanFailure) {
        if try isNull() { return }
        try array("scopeSpans") { cursor throws(ScanFailure) in
            var seen: UInt32 = 0
            try cursor.object("scopeSpans") { cursor, name throws(ScanFailure) in
                guard cursor.says(name, "spans") else {
                    try cursor.skipValue(depth: 6)
                    return
                }
                try cursor.mark(0, of: &seen, "spans")
                if try cursor.isNull() { return }
                try cursor.array("spans") { cursor throws(ScanFailure) in
                    body(try cursor.span(), resource)
                }
            }
        }
    }

    @inline(__always)
    private mutating func span() throws(ScanFailure) -> OTLPSpan {
        var span = OTLPSpan()
        var seen: UInt32 = 0
        try object("a span") { cursor, name throws(ScanFailure) in
            if cursor.says(name, "spanId") {
                try cursor.mark(0, of: &seen, "spanId")
                span.id = try cursor.optionalText("spanId")
            } else if cursor.says(name, "kind") {
                try cursor.mark(1, of: &seen, "kind")
                span.kind = try cursor.spanKind()
            } else if cursor.says(name, "startTimeUnixNano") {
                try cursor.mark(2, of: &seen, "startTimeUnixNano")
                span.startNs = try cursor.nanoseconds("startTimeUnixNano")
            } else if cursor.says(name, "endTimeUnixNano") {
                try cursor.mark(3, of: &seen, "endTimeUnixNano")
                span.endNs = try cursor.nanoseconds("endTimeUnixNano")
            } else if cursor.says(name, "status") {
                try cursor.mark(4, of: &seen, "status")
                span.hasFailed = try cursor.statusIsError()
            } else if cursor.says(name, "attributes") {
                try cursor.mark(5, of: &seen, "attributes")
                span.attributes = try cursor.attributes(depth: 8)
            } else {
                try cursor.skipValue(depth: 8)
            }
        }
        return span
    }

    /// By number, as OTLP says, or by name, as Protobuf's own JSON has it.
    private mutating func spanKind() throws(ScanFailure) -> OTLPSpan.Kind {
        if peek() == UInt8(ascii: "\"") {
            position += 1
            switch says(try text()) {
            case "SPAN_KIND_SERVER": return .server
            case "SPAN_KIND_CLIENT": return .client
            case "SPAN_KIND_PRODUCER": return .producer
            case "SPAN_KIND_CONSUMER": return .consumer
            default: return .internal
            }
        }
        switch try optionalInteger("kind") {
        case 2: return .server
        case 3: return .client
        case 4: return .producer
        case 5: return .consumer
        default: return .internal
        }
    }

    private mutating func statusIsError() throws(ScanFailure) -> Bool {
        if try isNull() { return false }
        var isError = false
        var seen: UInt32 = 0
        try object("status") { cursor, name throws(ScanFailure) in
            guard cursor.says(name, "code") else {
                try cursor.skipValue(depth: 9)
                return
            }
            try cursor.mark(0, of: &seen, "status.code")
            if cursor.peek() == UInt8(ascii: "\"") {
                cursor.position += 1
                isError = cursor.says(try cursor.text(), "STATUS_CODE_ERROR")
            } else {
                isError = try cursor.optionalInteger("status.code") == 2
            }
        }
        return isError
    }

    /// Nanoseconds since 1970: as text, as OTLP writes 64 bits, or as a number; 0 for `null`.
    @inline(__always)
    private mutating func nanoseconds(_ field: StaticString) throws(ScanFailure) -> UInt64 {
        guard peek() == UInt8(ascii: "\"") else {
            return UInt64(max(0, try optionalInteger(field) ?? 0))
        }
        position += 1
        let digits = try text()
        var value: UInt64 = 0
        var isNumber = digits.count > 0 && digits.count <= 19
        for place in Int(digits.offset)..<Int(digits.offset + digits.count) {
            let digit = start[place] &- 0x30
            isNumber = isNumber && digit < 10
            value = value &* 10 &+ UInt64(digit)
        }
        guard isNumber, value <= UInt64(Int64.max) else {
            throw ScanFailure(
                .wrongType, field: field, expected: "nanoseconds since 1970",
                at: Int(digits.offset), count: Int(digits.count))
        }
        return value
    }
}
