public import Topics

/// What a batch caused: messages to publish, rows to write, things to count; each in order.
public struct Effects<Row: Sendable>: Sendable {
    public private(set) var messages: [any TopicMessage] = []
    public private(set) var rows: [Row] = []
    public private(set) var counts: [String: Int] = [:]

    public init() {}

    public var isEmpty: Bool { messages.isEmpty && rows.isEmpty }

    /// Publishes a whole value, which supersedes what was published under its key.
    public mutating func publish(_ message: some TopicMessage) { messages.append(message) }

    /// Has a row written with the next checkpoint.
    public mutating func save(_ row: Row) { rows.append(row) }

    /// Counts an event of the stage's own for `/metrics`.
    public mutating func count(_ name: StaticString, by amount: Int = 1) {
        counts["\(name)", default: 0] += amount
    }
}
