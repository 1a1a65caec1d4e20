/// How a topic's log is kept, by Kafka's names and units.
struct TopicConfiguration: Equatable {
    enum Key: String, CaseIterable {
        case cleanupPolicy = "cleanup.policy"
        case compressionType = "compression.type"
        case deleteRetentionMs = "delete.retention.ms"
        case messageBytesMax = "max.message.bytes"
        case timestampAfterMs = "message.timestamp.after.max.ms"
        case timestampBeforeMs = "message.timestamp.before.max.ms"
        case timestampType = "message.timestamp.type"
        case dirtyRatio = "min.cleanable.dirty.ratio"
        case compactionLagMs = "min.compaction.lag.ms"
        case replicasInSyncMin = "min.insync.replicas"
        case retentionBytes = "retention.bytes"
        case retentionMs = "retention.ms"
        case segmentBytes = "segment.bytes"
        case segmentMs = "segment.ms"
    }

    /// Why a topic cannot be configured so.
    struct Refusal: Error, Equatable { let reason: String }

    var deletes = true
    var compacts = false
    /// How long a tombstone stays after it was written.
    var deleteRetentionMs: Int64 = 86_400_000
    var messageBytesMax: Int64
    /// Younger records are not compacted.
    var compactionLagMs: Int64 = 0
    /// Compaction waits until this share of the closed segments is new.
    var dirtyRatio = 0.5
    /// For each partition; -1 is without end.
    var retentionBytes: Int64
    /// -1 is for ever.
    var retentionMs: Int64
    var segmentBytes: Int64
    var segmentMs: Int64 = 7 * 86_400_000
    /// Whether records get the time at which they are appended, in the place of their own.
    var stampsAppendTime = false
    /// How far a record's own time may lie ahead of the broker's, and behind it.
    var timestampAfterMs: Int64 = 3_600_000
    var timestampBeforeMs = Int64.max
    /// The keys that were set on the topic, as they were given.
    private(set) var given: [(key: Key, value: String)] = []

    init(defaults: BrokerConfiguration) {
        messageBytesMax = Int64(defaults.messageBytesMax)
        retentionBytes = defaults.retentionBytes
        retentionMs = defaults.retentionMs
        segmentBytes = Int64(defaults.segmentBytes)
    }

    init(_ entries: [(String, String?)], defaults: BrokerConfiguration) throws(Refusal) {
        self.init(defaults: defaults)
        for (name, value) in entries {
            guard let key = Key(rawValue: name) else {
                throw Refusal(reason: "unknown topic config \"\(name)\"")
            }
            guard let value else { continue }
            guard set(key, value) else {
                throw Refusal(reason: "\(name) cannot be \"\(value)\"")
            }
            given.removeAll { $0.key == key }
            given.append((key, value))
        }
    }

    static func == (left: Self, right: Self) -> Bool {
        Key.allCases.allSatisfy { left.value($0) == right.value($0) }
    }

    func value(_ key: Key) -> String {
        switch key {
        case .compressionType: Self.compressionType
        case .replicasInSyncMin: Self.replicasInSyncMin
        case .timestampType: stampsAppendTime ? "LogAppendTime" : "CreateTime"
        case .timestampAfterMs: "\(timestampAfterMs)"
        case .timestampBeforeMs: "\(timestampBeforeMs)"
        case .cleanupPolicy:
            [compacts ? "compact" : nil, deletes ? "delete" : nil].compactMap { $0 }
                .joined(separator: ",")
        case .deleteRetentionMs: "\(deleteRetentionMs)"
        case .messageBytesMax: "\(messageBytesMax)"
        case .compactionLagMs: "\(compactionLagMs)"
        case .dirtyRatio: "\(dirtyRatio)"
        case .retentionBytes: "\(retentionBytes)"
        case .retentionMs: "\(retentionMs)"
        case .segmentBytes: "\(segmentBytes)"
        case .segmentMs: "\(segmentMs)"
        }
    }

    /// Batches stay as their producer packed them, and there is one replica: no other value of
    /// these two would be true.
    private static let compressionType = "producer"
    private static let replicasInSyncMin = "1"

    private mutating func set(_ key: Key, _ text: String) -> Bool {
        switch key {
        case .cleanupPolicy:
            let words = text.split(separator: ",").map { word in
                word.drop { $0 == " " }
            }
            guard !words.isEmpty, words.allSatisfy({ $0 == "compact" || $0 == "delete" }) else {
                return false
            }
            compacts = words.contains("compact")
            deletes = words.contains("delete")
            return true
        case .timestampType:
            guard text == "LogAppendTime" || text == "CreateTime" else { return false }
            stampsAppendTime = text == "LogAppendTime"
            return true
        case .compressionType: return text == Self.compressionType
        case .replicasInSyncMin: return text == Self.replicasInSyncMin
        case .timestampAfterMs: return set(\.timestampAfterMs, text, in: 0 ... .max)
        case .timestampBeforeMs: return set(\.timestampBeforeMs, text, in: 0 ... .max)
        case .dirtyRatio:
            guard let ratio = Double(text), (0...1).contains(ratio) else { return false }
            dirtyRatio = ratio
            return true
        case .deleteRetentionMs: return set(\.deleteRetentionMs, text, in: 0 ... .max)
        case .messageBytesMax:
            return set(\.messageBytesMax, text, in: 0...Limits.messageBytesMax)
        case .compactionLagMs: return set(\.compactionLagMs, text, in: 0 ... .max)
        case .retentionBytes: return set(\.retentionBytes, text, in: -1 ... .max)
        case .retentionMs: return set(\.retentionMs, text, in: -1 ... .max)
        case .segmentBytes: return set(\.segmentBytes, text, in: Limits.segmentBytes)
        case .segmentMs: return set(\.segmentMs, text, in: 1 ... .max)
        }
    }

    private mutating func set(
        _ path: WritableKeyPath<Self, Int64>, _ text: String, in range: ClosedRange<Int64>
    ) -> Bool {
        guard let value = Int64(text), range.contains(value) else { return false }
        self[keyPath: path] = value
        return true
    }
}

extension TopicConfiguration.Key {
    var type: DescribeConfigsResponse.ValueType {
        switch self {
        case .cleanupPolicy: .list
        case .compressionType, .timestampType: .string
        case .dirtyRatio: .double
        case .messageBytesMax, .replicasInSyncMin, .segmentBytes: .integer
        default: .long
        }
    }

    /// What the broker calls its own value, for topics that have none; nil when it has no name.
    var brokerName: String? {
        switch self {
        case .cleanupPolicy, .retentionBytes, .retentionMs, .segmentBytes, .timestampAfterMs,
            .timestampBeforeMs, .timestampType:
            "log.\(rawValue)"
        case .compressionType, .replicasInSyncMin: rawValue
        case .deleteRetentionMs, .compactionLagMs: "log.cleaner.\(rawValue)"
        case .dirtyRatio: "log.cleaner.min.cleanable.ratio"
        case .messageBytesMax: "message.max.bytes"
        case .segmentMs: nil
        }
    }
}
