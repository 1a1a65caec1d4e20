public import Processing
public import Topics

/// Runs every partition of a stage in memory, as the runtime would: decode, process, keep the state.
public struct StageDriver<Driven: Stage> {
    private let make: (Int32) -> Driven
    private let partitions: Int32
    private var stages: [Int32: Driven] = [:]
    private var kept: [Int32: [String: [UInt8]]] = [:]
    /// Everything published, in order.
    public private(set) var messages: [any TopicMessage] = []
    public private(set) var rows: [Driven.Row] = []
    public private(set) var rejections: [Rejection] = []
    /// What was counted, by name.
    public private(set) var counts: [String: Int] = [:]

    public init(partitions: Int32 = 1, make: @escaping (Int32) -> Driven) {
        self.partitions = partitions
        self.make = make
        for partition in 0..<partitions { stages[partition] = make(partition) }
    }

    public func stage(_ partition: Int32 = 0) -> Driven { stages[partition]! }

    public mutating func feed(_ message: any TopicMessage, nowMs: Int64 = 0) {
        let topic = type(of: message).topic
        if Driven.broadcasts.contains(topic) {
            for partition in 0..<partitions {
                feed(message.encoded(), of: topic, partition: partition, nowMs: nowMs)
            }
        } else {
            feed(
                message.encoded(), of: topic, partition: message.partition(keyed: partitions),
                nowMs: nowMs)
        }
    }

    public mutating func feed(
        _ value: [UInt8], of topic: Topic, headers: Headers = .none, partition: Int32 = 0,
        nowMs: Int64 = 0
    ) {
        feed([value], of: topic, headers: headers, partition: partition, nowMs: nowMs)
    }

    /// All as one run.
    public mutating func feed(
        _ values: [[UInt8]], of topic: Topic, headers: Headers = .none, partition: Int32 = 0,
        nowMs: Int64 = 0
    ) {
        var effects = Effects<Driven.Row>()
        var rejected: [Rejection] = []
        MessageRun.with(values, of: topic, headers: headers) { run in
            stages[partition]!.process(run, nowMs: nowMs, &effects) { rejected.append($1) }
        }
        rejections += rejected
        take(effects)
    }

    public mutating func advance(nowMs: Int64, quietMs: Int64) {
        var effects = Effects<Driven.Row>()
        for partition in 0..<partitions {
            stages[partition]!.advance(nowMs: nowMs, quietMs: quietMs, &effects)
            for row in stages[partition]!.takeRows() { effects.save(row) }
        }
        take(effects)
    }

    /// Keeps what changed, as a checkpoint would.
    /// - Returns: the bytes that were written.
    @discardableResult
    public mutating func checkpoint() -> Int {
        var bytes = 0
        for partition in 0..<partitions {
            for entry in stages[partition]!.takeChanges() {
                kept[partition, default: [:]][entry.key] = entry.value
                bytes += entry.value?.count ?? 0
            }
        }
        return bytes
    }

    /// What the last checkpoint has of a partition, in the order of the keys.
    public func keptEntries(of partition: Int32 = 0) -> [StateEntry] {
        kept[partition, default: [:]].sorted { $0.key < $1.key }
            .map { StateEntry(key: $0.key, value: $0.value) }
    }

    /// Forgets everything and starts again from the last checkpoint.
    public mutating func restart() throws {
        for partition in 0..<partitions {
            var stage = make(partition)
            for entry in keptEntries(of: partition) { try stage.restore(entry) }
            try stage.completeRestore()
            stages[partition] = stage
        }
    }

    /// What a reader of the compacted topics ends with: the last value of each key.
    public var tables: [String: [UInt8]] {
        var tables: [String: [UInt8]] = [:]
        for message in messages {
            tables["\(type(of: message).topic.name) \(message.key)"] = message.encoded()
        }
        return tables
    }

    private mutating func take(_ effects: Effects<Driven.Row>) {
        messages += effects.messages
        rows += effects.rows
        counts.merge(effects.counts) { $0 + $1 }
    }
}
