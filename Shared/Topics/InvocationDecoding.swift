public import Scanning

/// How an invocation is written, as a message's headers say.
public enum InvocationEncoding: Equatable, Sendable {
    /// `application/json`, or no content type: one flat object.
    case json
    /// `application/x-protobuf`: `invocation.proto`.
    case protobuf
    /// `application/vnd.aws.lambda.telemetry+json`: a `platform.report` of this function.
    case lambdaTelemetry(FunctionID)

    /// - Parameters: a message's headers; the names are of whom a telemetry record is about.
    /// - Throws: when the content type is none of ours, or the record's function is not named.
    public init(
        contentType: String?, customer: String? = nil, service: String? = nil,
        function: String? = nil
    ) throws(Rejection) {
        guard let contentType, contentType != "application/json" else {
            self = .json
            return
        }
        // As it mostly stands there; parameters and odd spelling take longer.
        let isUsual =
            contentType == telemetryType.description || contentType == "application/x-protobuf"
        let essence =
            isUsual
            ? contentType
            : contentType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        switch essence {
        case "application/json", "": self = .json
        case "application/x-protobuf", "application/protobuf": self = .protobuf
        case telemetryType.description:
            self = .lambdaTelemetry(
                try FunctionID(customer: customer, service: service, lambda: function))
        default:
            throw Rejection(
                .unknownContentType,
                "content-type is \(String(contentType.unicodeScalars.prefix(64))), expected "
                    + "application/json, application/x-protobuf or application/vnd.aws.lambda.telemetry+json"
            )
        }
    }
}

private let telemetryType: StaticString = "application/vnd.aws.lambda.telemetry+json"

/// What headers mostly say.
public enum UsualEncoding: Sendable {
    case json, protobuf
    /// A Lambda telemetry record of a function that the headers name, not by an ARN.
    case namedReport

    /// - Parameters: a header's bytes, none of one that is not given.
    /// - Returns: nil when they may say anything else: then `InvocationEncoding` makes it out.
    public init?(contentType: Span<UInt8>, function: Span<UInt8>) {
        func isType(_ word: StaticString) -> Bool {
            contentType.count == word.utf8CodeUnitCount && starts(contentType, with: word)
        }
        if isType("") {
            self = .json
        } else if isType("application/x-protobuf") {
            self = .protobuf
        } else if isType(telemetryType), !starts(function, with: "arn:") {
            self = .namedReport
        } else {
            return nil
        }
    }
}

extension Invocation {
    /// - Throws: when the bytes are no invocation, lack a field, or hold a value it cannot have.
    public init(decoding value: Span<UInt8>) throws(Rejection) {
        try self.init(decoding: value, as: .json)
    }

    /// - Throws: when the bytes are no invocation, lack a field, or hold a value it cannot have.
    public init(
        decoding value: Span<UInt8>, as encoding: InvocationEncoding
    ) throws(Rejection) {
        let scanned = try InvocationScanner(encoding).scan(value)
        try self.init(scanned: scanned, in: value, as: encoding)
    }

    init(
        scanned: ScannedInvocation, in bytes: Span<UInt8>, as encoding: InvocationEncoding
    ) throws(Rejection) {
        func text(_ text: ScannedText) -> String { Scanning.string(text, in: bytes) }
        func optional<Value>(_ field: InvocationField, _ value: Value) -> Value? {
            scanned.has(field) ? value : nil
        }
        let id =
            if case .lambdaTelemetry(let id) = encoding {
                id
            } else {
                FunctionID(
                    customer: text(scanned.customer), service: text(scanned.service),
                    function: text(scanned.function))
            }
        self.init(
            customer: id.service.customer, service: id.service.service, function: id.function,
            invocation: text(scanned.invocation), startedAtMs: scanned.startedAtMs,
            durationMs: scanned.durationMs, cpuMs: optional(.cpuMs, scanned.cpuMs),
            memoryMb: scanned.memoryMb,
            memoryPeakMb: optional(.memoryPeakMb, scanned.memoryPeakMb),
            initMs: optional(.initMs, scanned.initMs),
            deadlineMs: optional(.deadlineMs, scanned.deadlineMs),
            trigger: scanned.has(.trigger) ? text(scanned.trigger) : nil,
            runtime: scanned.has(.runtime) ? text(scanned.runtime) : nil,
            worker: scanned.has(.worker) ? text(scanned.worker) : nil,
            outcome: Outcome(scanned: scanned.outcome))
        try validate()
    }
}

extension Outcome {
    init(scanned place: UInt8) {
        switch place {
        case 0: self = .success
        case 1: self = .error
        case 2: self = .timeout
        case 3: self = .outOfMemory
        case 4: self = .throttled
        case 5: self = .killed
        default: self = .unknown
        }
    }
}

/// How the messages before were written.
struct KnownWriting: Sendable {
    var order = KeyOrder()
    var reports = ReportShapes()
}

/// What reads a message.
enum InvocationScanner {
    case json, protobuf, lambdaReport

    init(_ encoding: InvocationEncoding) {
        switch encoding {
        case .json: self = .json
        case .protobuf: self = .protobuf
        case .lambdaTelemetry: self = .lambdaReport
        }
    }

    func scan(_ value: Span<UInt8>) throws(Rejection) -> ScannedInvocation {
        var scanned = ScannedInvocation()
        var known = KnownWriting()
        try scan(value, into: &scanned, &known)
        return scanned
    }

    @inline(__always)
    func scan(
        _ value: Span<UInt8>, into scanned: inout ScannedInvocation, _ known: inout KnownWriting
    ) throws(Rejection) {
        guard !value.isEmpty else { throw Rejection(.empty, "the message has no bytes") }
        do throws(ScanFailure) {
            switch self {
            case .json: try scanned.read(json: value, &known.order)
            case .protobuf: try scanned.read(protobuf: value)
            case .lambdaReport: try scanned.read(lambdaTelemetry: value, &known.reports)
            }
        } catch {
            throw Rejection(error, in: value, format: self == .protobuf ? .notProtobuf : .notJSON)
        }
    }
}

extension Rejection {
    /// - Parameters:
    ///   - format: the reason when the bytes break their own format.
    ///   - bytesMax: what the scanner took at most.
    public init(
        _ failure: ScanFailure, in bytes: Span<UInt8>, format: Reason,
        bytesMax: Int = ScanningLimits.messageBytesMax
    ) {
        let field = failure.field.map { "\($0)" } ?? "the message"
        let expected = failure.expected.map { "\($0)" } ?? "something else"
        let got = excerpt(bytes, from: failure.offset, count: failure.count)
        switch failure.kind {
        case .malformed:
            let subject = failure.field.map { "\($0): " } ?? ""
            self.init(
                format, "\(subject)byte \(failure.offset) is \(got), expected \(expected)")
        case .tooLong:
            self.init(
                .tooLarge,
                "the message has \(bytes.count) bytes, "
                    + "at most \(bytesMax) fit")
        case .tooDeep:
            self.init(
                .tooLarge,
                "byte \(failure.offset) nests deeper than \(ScanningLimits.nestingMax)")
        case .duplicate:
            self.init(format, "\(field) is given twice, expected once")
        case .missing:
            self.init(.missingField, "\(field) is not given")
        case .wrongType:
            self.init(.wrongType, "\(field) is \(got), expected \(expected)")
        case .outOfRange:
            self.init(.outOfRange, "\(field) is \(got), expected \(expected)")
        }
    }
}

/// A few of the bytes, for people.
private func excerpt(_ bytes: Span<UInt8>, from offset: Int, count: Int) -> String {
    let shownMax = 32
    guard offset < bytes.count, count > 0 else { return "the end" }
    var shown: [UInt8] = []
    for i in offset..<min(offset + min(count, shownMax), bytes.count) { shown.append(bytes[i]) }
    return String(decoding: shown, as: UTF8.self) + (count > shownMax ? "..." : "")
}
