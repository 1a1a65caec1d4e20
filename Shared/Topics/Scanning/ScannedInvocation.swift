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

    // In arrays, so that one place in the code reads any text, and another any number.
    @usableFromInline var texts = InlineArray<7, ScannedText>(repeating: ScannedText())
    @usableFromInline var numbers = InlineArray<6, Double>(repeating: 0)
    public internal(set) var startedAtMs: Int64 = 0
    public internal(set) var outcome = unknownOutcome
    @usableFromInline var present: UInt32 = 0

    public init() {}

    @inlinable @inline(__always) public func has(_ field: InvocationField) -> Bool {
        present & (1 << UInt32(field.rawValue)) != 0
    }
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

    /// - Parameter field: a text's.
    @inline(__always)
    mutating func put(_ text: ScannedText, _ field: InvocationField) {
        // Four texts come before the numbers.
        let place = Int(field.rawValue)
        texts[place < 4 ? place : place - 7] = text
    }

    /// - Parameter field: a number's, other than `startedAtMs`.
    @inline(__always)
    mutating func put(_ number: Double, _ field: InvocationField) {
        numbers[Int(field.rawValue) - 5] = number
    }

    mutating func set(_ field: InvocationField, _ text: ScannedText) {
        put(text, field)
        mark(field)
    }

    mutating func set(_ field: InvocationField, _ value: Double) {
        put(value, field)
        mark(field)
    }
}

// What is not given keeps what an earlier message said.
extension ScannedInvocation {
    @inlinable public internal(set) var customer: ScannedText {
        get { texts[0] }
        set { texts[0] = newValue }
    }
    @inlinable public internal(set) var service: ScannedText {
        get { texts[1] }
        set { texts[1] = newValue }
    }
    @inlinable public internal(set) var function: ScannedText {
        get { texts[2] }
        set { texts[2] = newValue }
    }
    @inlinable public internal(set) var invocation: ScannedText {
        get { texts[3] }
        set { texts[3] = newValue }
    }
    @inlinable public internal(set) var trigger: ScannedText {
        get { texts[4] }
        set { texts[4] = newValue }
    }
    @inlinable public internal(set) var runtime: ScannedText {
        get { texts[5] }
        set { texts[5] = newValue }
    }
    @inlinable public internal(set) var worker: ScannedText {
        get { texts[6] }
        set { texts[6] = newValue }
    }
    @inlinable public internal(set) var durationMs: Double {
        get { numbers[0] }
        set { numbers[0] = newValue }
    }
    @inlinable public internal(set) var cpuMs: Double {
        get { numbers[1] }
        set { numbers[1] = newValue }
    }
    @inlinable public internal(set) var memoryMb: Double {
        get { numbers[2] }
        set { numbers[2] = newValue }
    }
    @inlinable public internal(set) var memoryPeakMb: Double {
        get { numbers[3] }
        set { numbers[3] = newValue }
    }
    @inlinable public internal(set) var initMs: Double {
        get { numbers[4] }
        set { numbers[4] = newValue }
    }
    @inlinable public internal(set) var deadlineMs: Double {
        get { numbers[5] }
        set { numbers[5] = newValue }
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
