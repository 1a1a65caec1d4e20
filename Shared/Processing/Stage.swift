public import Topics

/// What one partition of a stage does with its input: a deterministic step from a message to its
/// effects.
///
/// A stage reads no clock, draws no unseeded random number and does no I/O: time comes as data. So
/// the same messages from the same state have the same effects. Messages of one topic and partition
/// arrive in order; nothing orders one topic against another, and any message may come again.
///
/// One value is one partition's state. It is kept as entries under keys: `takeChanges` gives those
/// that changed since it was last asked, and `restore` takes all of them back after a start,
/// in any order, with `completeRestore` behind the last.
public protocol Stage: SendableMetatype {
    /// A decoded message of any of its topics.
    associatedtype Input
    /// What it wants written to its tables, in the transaction of its checkpoint.
    associatedtype Row: Sendable

    /// Topics whose partition of the same number this value owns.
    static var inputs: [Topic] { get }
    /// Topics that every partition reads whole, from the beginning, at every start.
    static var broadcasts: [Topic] { get }

    /// - Throws: when the bytes are no message of the topic: it goes to `rejections`.
    static func decode(
        _ value: Span<UInt8>, of topic: Topic, headers: Headers
    ) throws(Rejection) -> Input
    /// What the end of an entity means (a compacted topic's null value); nil when nothing.
    static func decodeTombstone(key: String, of topic: Topic) -> Input?

    /// - Parameter nowMs: the wall clock when the message was taken; the same for a whole batch.
    /// - Throws: when the message makes no sense here; nothing has then changed.
    mutating func process(
        _ input: Input, nowMs: Int64, _ effects: inout Effects<Row>
    ) throws(Rejection)

    /// Many messages at once: the same as `decode` and `process` of each in turn. A stage whose input
    /// comes by the million does it its own way.
    /// - Parameter rejecting: called with a message's place in the run and what is wrong with it.
    mutating func process(
        _ run: MessageRun, nowMs: Int64, _ effects: inout Effects<Row>,
        rejecting: (Int, Rejection) -> Void
    )

    /// Called now and then, also while nothing arrives.
    /// - Parameter quietMs: for how long this partition has had no message.
    mutating func advance(nowMs: Int64, quietMs: Int64, _ effects: inout Effects<Row>)

    /// Rows that say how things are now; asked for before each checkpoint.
    mutating func takeRows() -> [Row]

    /// The entries that changed since the last call.
    mutating func takeChanges() -> [StateEntry]
    /// - Throws: when an entry was not written by this version or an older one.
    mutating func restore(_ entry: StateEntry) throws(CorruptState)
    /// Called once, after the last entry was restored.
    /// - Throws: when the entries contradict each other, or one that others need is missing.
    mutating func completeRestore() throws(CorruptState)

    /// Figures of this partition for `/metrics`; summed over partitions.
    var gauges: [Gauge] { get }
}

extension Stage {
    public mutating func process(
        _ run: MessageRun, nowMs: Int64, _ effects: inout Effects<Row>,
        rejecting: (Int, Rejection) -> Void
    ) {
        for i in 0..<run.count {
            do throws(Rejection) {
                let input = try run.withValue(at: i) { (value) throws(Rejection) in
                    try Self.decode(value, of: run.topic, headers: run.headers(at: i))
                }
                try process(input, nowMs: nowMs, &effects)
            } catch {
                rejecting(i, error)
            }
        }
    }
    public mutating func takeRows() -> [Row] { [] }
    public static var broadcasts: [Topic] { [] }
    public static func decodeTombstone(key: String, of topic: Topic) -> Input? { nil }
    public mutating func advance(nowMs: Int64, quietMs: Int64, _ effects: inout Effects<Row>) {}
    public mutating func completeRestore() throws(CorruptState) {}
    public var gauges: [Gauge] { [] }
}

/// A named figure; the name ends in its unit.
public struct Gauge: Equatable, Sendable {
    public let name: String
    public let value: Double
    public init(_ name: StaticString, _ value: Double) {
        self.name = "\(name)"
        self.value = value
    }
}

/// A piece of a partition's state.
public struct StateEntry: Equatable, Sendable {
    public let key: String
    /// nil: the entry is gone.
    public let value: [UInt8]?
    public init(key: String, value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}

/// A message's headers that mean something to a stage.
public struct Headers: Equatable, Sendable {
    /// Kafka header `content-type`.
    public var contentType: String?
    /// Identity of a function whose event does not say it.
    public var customer: String?
    public var service: String?
    public var function: String?

    public init(
        contentType: String? = nil, customer: String? = nil, service: String? = nil,
        function: String? = nil
    ) {
        self.contentType = contentType
        self.customer = customer
        self.service = service
        self.function = function
    }

    public static let none = Headers()
}
