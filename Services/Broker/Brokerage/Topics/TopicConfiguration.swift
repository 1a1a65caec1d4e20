/// How a topic's log is kept, by Kafka's names and units.
struct TopicConfiguration: Equatable {
    enum Key: String, CaseIterable {
        case cleanupPolicy = "cleanup.policy"
        case deleteRetentionMs = "delete.retention.ms"
        case messageBytesMax = "max.message.bytes"
        case compactionLagMs = "min.compaction.lag.ms"
        case dirtyRatio = "min.cleanable.dirty.ratio"
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
