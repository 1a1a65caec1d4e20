/// What the scanners hold to.
public enum ScanningLimits {
    /// An invocation's event is some 300 bytes; what is larger is something else.
    public static let messageBytesMax = 65_536
    /// A record of another platform may hold many; a broker takes no larger one by default.
    public static let exportBytesMax = 1_048_576
    /// Objects and arrays inside each other, in fields that we skip.
    public static let nestingMax = 32
}

/// The fields of an invocation, in the order of `invocation.proto`.
public enum InvocationField: UInt8, CaseIterable, Sendable {
    case customer, service, function, invocation
    case startedAtMs, durationMs, cpuMs, memoryMb, memoryPeakMb, initMs, deadlineMs
    case trigger, runtime, worker, outcome

    /// As it is called on the topic.
    public var name: StaticString {
        switch self {
        case .customer: "customer"
        case .service: "service"
        case .function: "function"
        case .invocation: "invocation"
        case .startedAtMs: "started_at_ms"
        case .durationMs: "duration_ms"
        case .cpuMs: "cpu_ms"
        case .memoryMb: "memory_mb"
        case .memoryPeakMb: "memory_peak_mb"
        case .initMs: "init_ms"
        case .deadlineMs: "deadline_ms"
        case .trigger: "trigger"
        case .runtime: "runtime"
        case .worker: "worker"
        case .outcome: "outcome"
        }
    }

    @inline(__always)
    var bit: UInt32 { 1 << UInt32(rawValue) }
}

/// A text inside the scanned bytes, which are not copied.
public struct ScannedText: Sendable, Equatable {
    /// Of its first byte, behind the quote.
    public var offset: Int32 = 0
    /// Of its bytes as they stand.
    public var count: Int32 = 0
    /// It holds `\`: what it says is not what stands there.
    public var isEscaped = false
    /// It is known to be ASCII without `/`, `%` and control characters.
    public var isPlain = false
}

/// An invocation as its bytes say it: numbers as values, texts as ranges of those bytes.
///
/// The bytes were well-formed, and texts are UTF-8; what the values mean is the reader's to check.
public struct ScannedInvocation: Sendable {
    /// Words of `outcome` are given by their place here; behind the last stands any other word.
    public static let outcomes: [StaticString] = [
        "success", "error", "timeout", "out_of_memory", "throttled", "killed",
    ]
    public static let unknownOutcome: UInt8 = 6

    public internal(set) var customer = ScannedText()
    public internal(set) var service = ScannedText()
    public internal(set) var function = ScannedText()
    public internal(set) var invocation = ScannedText()
    public internal(set) var trigger = ScannedText()
    public internal(set) var runtime = ScannedText()
    public internal(set) var worker = ScannedText()
    public internal(set) var startedAtMs: Int64 = 0
    public internal(set) var durationMs = 0.0
    public internal(set) var cpuMs = 0.0
    public internal(set) var memoryMb = 0.0
    public internal(set) var memoryPeakMb = 0.0
    public internal(set) var initMs = 0.0
    public internal(set) var deadlineMs = 0.0
    public internal(set) var outcome = unknownOutcome
    private var present: UInt32 = 0

    public init() {}

    public func has(_ field: InvocationField) -> Bool { present & field.bit != 0 }
    mutating func mark(_ field: InvocationField) { present |= field.bit }
    mutating func mark(all bits: UInt32) { present |= bits }

    static let required: [InvocationField] = [
        .customer, .service, .function, .invocation, .startedAtMs, .durationMs, .memoryMb,
        .outcome,
    ]
    private static let requiredBits = required.reduce(UInt32(0)) { $0 | $1.bit }

    var isComplete: Bool { Self.requiredBits & ~present == 0 }
    mutating func unmarkAll() { present = 0 }

    /// - Parameter identified: who it is about is known from elsewhere.
    func checkPresence(identified: Bool = false) throws(ScanFailure) {
        let known =
            identified
            ? InvocationField.customer.bit | InvocationField.service.bit
                | InvocationField.function.bit : 0
        let missing = Self.requiredBits & ~(present | known)
        guard missing == 0 else {
            let field = Self.required.first { $0.bit & missing != 0 }
            throw ScanFailure(.missing, field: field?.name)
        }
    }

    @inline(__always)
    mutating func set(_ field: InvocationField, _ text: ScannedText) {
        switch field {
        case .customer: customer = text
        case .service: service = text
        case .function: function = text
        case .invocation: invocation = text
        case .trigger: trigger = text
        case .runtime: runtime = text
        case .worker: worker = text
        default: preconditionFailure("\(field) is not a text")
        }
        mark(field)
    }

    @inline(__always)
    mutating func set(_ field: InvocationField, _ value: Double) {
        switch field {
        case .durationMs: durationMs = value
        case .cpuMs: cpuMs = value
        case .memoryMb: memoryMb = value
        case .memoryPeakMb: memoryPeakMb = value
        case .initMs: initMs = value
        case .deadlineMs: deadlineMs = value
        default: preconditionFailure("\(field) is not a number")
        }
        mark(field)
    }
}

/// Why bytes are no invocation.
public struct ScanFailure: Error, Sendable {
    public enum Kind: Sendable {
        /// The bytes break the format's own grammar.
        case malformed
        case tooLong
        case tooDeep
        case duplicate
        case missing
        case wrongType
        /// A number that the field's type cannot hold.
        case outOfRange
    }

    public let kind: Kind
    public let field: StaticString?
    /// What was expected there.
    public let expected: StaticString?
    /// Where in the bytes, and how many are worth showing.
    public let offset: Int
    public let count: Int

    init(
        _ kind: Kind, field: StaticString? = nil, expected: StaticString? = nil, at offset: Int = 0,
        count: Int = 0
    ) {
        self.kind = kind
        self.field = field
        self.expected = expected
        self.offset = offset
        self.count = count
    }
}
