public import Topics

/// What one record came to: invocations to write, end to end in one buffer, and what was not taken.
public struct Translated: ~Copyable {
    /// Where a message's bytes lie.
    struct Message {
        let key: Range<Int>
        let value: Range<Int>
    }

    /// What is no invocation and no mistake either.
    public enum LeftOut: String, CaseIterable, Sendable {
        /// OpenWhisk's events of what a user's limits and counters are.
        case metric
        /// An OpenWhisk sequence: its components ran, and have events of their own.
        case sequence
        /// Lambda's telemetry other than `platform.report`.
        case telemetry
        /// A span inside an invocation, or of calling one.
        case span
        /// A span of a server that is no function.
        case notAFunction = "not_a_function"
    }

    /// Keys and values.
    let lines = LineBuffer(capacity: 16_384)
    var messages: [Message] = []
    /// Why the record, or something in it, was not taken.
    public internal(set) var rejection: Rejection?
    /// Things in the record that were not taken.
    public internal(set) var rejectedCount = 0
    public internal(set) var leftOut: [LeftOut: Int] = [:]

    public init() { messages.reserveCapacity(64) }

    /// Invocations.
    public var count: Int { messages.count }

    /// Calls `body` with the key and the value of each invocation.
    public func forEachMessage<Failure: Error>(
        _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        for message in messages {
            try lines.withSpan(of: message.key) { key throws(Failure) in
                try lines.withSpan(of: message.value) { value throws(Failure) in
                    try body(key, value)
                }
            }
        }
    }

    mutating func removeAll() {
        lines.removeAll()
        messages.removeAll(keepingCapacity: true)
        rejection = nil
        rejectedCount = 0
        if !leftOut.isEmpty { leftOut.removeAll(keepingCapacity: true) }
    }

    /// The first says why.
    mutating func reject(_ reason: Rejection) {
        if rejection == nil { rejection = reason }
        rejectedCount += 1
    }

    mutating func leaveOut(_ thing: LeftOut) { leftOut[thing, default: 0] += 1 }

    /// The record as a whole makes no sense: nothing of it is taken.
    mutating func rejectAll(_ reason: Rejection) {
        removeAll()
        reject(reason)
    }
}
