internal import Topics

/// How another platform writes what ran.
public enum PlatformForm: String, CaseIterable, Sendable {
    /// Apache OpenWhisk's user events, as on its topic `events`.
    case openWhisk = "openwhisk"
    /// AWS Lambda's telemetry, of which `platform.report` counts.
    case lambda
    /// OpenTelemetry spans as the Collector's Kafka exporter writes them.
    case otlpJSON = "otlp_json"
}

/// Where a record was read.
public struct RecordPlace: Sendable {
    public var topic: String
    public var partition: Int32
    public var offset: Int64

    public init(topic: String, partition: Int32, offset: Int64) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }
}

/// What a record's headers say of the function, where its bytes do not.
public struct FunctionHeaders: Hashable, Sendable {
    public var customer: String?
    public var service: String?
    /// A function's name, or its ARN.
    public var function: String?

    public init(customer: String? = nil, service: String? = nil, function: String? = nil) {
        self.customer = customer
        self.service = service
        self.function = function
    }
}

/// Turns records of another platform into the bytes of `invocations`.
///
/// The same record at the same place always comes to the same bytes, whatever came before it.
public struct Translator {
    public struct Options: Sendable {
        /// What a span counts as allotted that does not say; nil: it is rejected.
        public var memoryMbOtherwise: Double?

        public init(memoryMbOtherwise: Double? = nil) {
            self.memoryMbOtherwise = memoryMbOtherwise
        }
    }

    public let form: PlatformForm
    let options: Options
    /// Functions by what named them, for naming is slow and names repeat.
    var identities: [FunctionHeaders: FunctionID] = [:]

    public init(_ form: PlatformForm, options: Options = Options()) {
        self.form = form
        self.options = options
    }

    /// - Parameter output: emptied first.
    public mutating func translate(
        _ value: Span<UInt8>, at place: RecordPlace, headers: FunctionHeaders = FunctionHeaders(),
        into output: inout Translated
    ) {
        output.removeAll()
        guard !value.isEmpty else {
            output.rejectAll(Rejection(.empty, "the message has no bytes"))
            return
        }
        switch form {
        case .openWhisk: translateOpenWhisk(value, place, &output)
        case .lambda: translateLambda(value, headers, place, &output)
        case .otlpJSON: translateOTLP(value, place, &output)
        }
    }

    /// The function of AWS Lambda that these name.
    mutating func identity(_ headers: FunctionHeaders) throws(Rejection) -> FunctionID {
        if let known = identities[headers] { return known }
        let encoding = try InvocationEncoding(
            contentType: "application/vnd.aws.lambda.telemetry+json", customer: headers.customer,
            service: headers.service, function: headers.function)
        guard case .lambdaTelemetry(let id) = encoding else {
            preconditionFailure("a telemetry record was taken for \(encoding)")
        }
        if identities.count >= Limits.identities { identities.removeAll() }
        identities[headers] = id
        return id
    }
}

/// What this module bounds, and by how much.
enum Limits {
    /// Functions whose names are remembered; then it begins anew.
    static let identities = 10_000
}

extension Rejection {
    /// Of several things in one record, which this one is.
    func among(_ count: Int, of all: Int, _ things: String) -> Rejection {
        all == 1 ? self : Rejection(reason, "\(count) of \(all) \(things), the first: \(detail)")
    }
}
