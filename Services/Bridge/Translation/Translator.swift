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

/// What a record's headers say of the function, where its bytes do not; made once for many records.
public final class FunctionHeaders: Sendable {
    let customer: String?
    let service: String?
    let function: String?
    /// The function of AWS Lambda that they name.
    let identity: Result<LambdaFunction, Rejection>

    /// - Parameter function: a function's name, or its ARN.
    public init(customer: String? = nil, service: String? = nil, function: String? = nil) {
        self.customer = customer
        self.service = service
        self.function = function
        identity = Result { () throws(Rejection) in
            try LambdaFunction(customer: customer, service: service, function: function)
        }
    }
}

/// A function of AWS Lambda, its names as they are written.
struct LambdaFunction: Sendable {
    let id: FunctionID
    let customer: PreparedName
    let service: PreparedName
    let function: PreparedName

    init(customer: String?, service: String?, function: String?) throws(Rejection) {
        let encoding = try InvocationEncoding(
            contentType: "application/vnd.aws.lambda.telemetry+json", customer: customer,
            service: service, function: function)
        guard case .lambdaTelemetry(let id) = encoding else {
            preconditionFailure("a telemetry record was taken for \(encoding)")
        }
        self.id = id
        self.customer = try PreparedName(id.service.customer, of: "customer")
        self.service = try PreparedName(id.service.service, of: "service")
        self.function = try PreparedName(id.function, of: "function")
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
    private var functions: [String: Result<LambdaFunction, Rejection>] = [:]
    let defaultPackage: PreparedName

    public init(_ form: PlatformForm, options: Options = Options()) {
        self.form = form
        self.options = options
        do throws(Rejection) { defaultPackage = try PreparedName("default", of: "service") } catch {
            preconditionFailure("\"default\" is no name: \(error)")
        }
    }

    /// - Parameter output: emptied first.
    public mutating func translate(
        _ value: Span<UInt8>, at place: RecordPlace, headers: FunctionHeaders? = nil,
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

    /// The function of an ARN that a record says itself.
    mutating func function(
        arn: String, customer: String? = nil, service: String? = nil
    ) throws(Rejection) -> LambdaFunction {
        // No name holds the separator: it is a control character.
        let key = [customer ?? "", service ?? "", arn].joined(separator: "\u{1F}")
        if let known = functions[key] { return try known.get() }
        if functions.count >= Limits.functions { functions.removeAll() }
        let result = Result { () throws(Rejection) in
            try LambdaFunction(customer: customer, service: service, function: arn)
        }
        functions[key] = result
        return try result.get()
    }
}

/// What this module bounds, and by how much.
enum Limits {
    /// Functions whose names are remembered; then it begins anew.
    static let functions = 10_000
}

extension Rejection {
    /// Of several things in one record, which this one is.
    func among(_ count: Int, of all: Int, _ things: String) -> Rejection {
        all == 1 ? self : Rejection(reason, "\(count) of \(all) \(things), the first: \(detail)")
    }
}
