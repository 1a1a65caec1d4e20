/// How far each group has come in each partition, in `offsets.journal`.
final class OffsetStore: @unchecked Sendable, JournalOwner {
    // Sendable is true: what varies is read and written under `monitor`.
    let flusher: Flusher
    let tell: @Sendable (BrokerEvent) -> Void
    let monitor = Monitor()
    var journal: Journal
    var isDirty = false
    private var groups: [String: [TopicPartition: CommittedOffset]] = [:]
    /// What the members of a group call themselves, for groups that had members.
    private var types: [String: String] = [:]
    private var count = 0

    init(
        folder: String, flusher: Flusher, tell: @escaping @Sendable (BrokerEvent) -> Void
    ) throws(StorageError) {
        self.flusher = flusher
        self.tell = tell
        journal = try Journal("\(folder)/offsets.journal")
        if let cut = journal.cut { tell(cut) }
        for (key, value) in journal.entries {
            guard let (group, place) = Self.decodeKey(key) else { continue }
            if place == Self.typePlace {
                types[group] = WireReader.decode(value) { reader throws(WireError) in
                    try reader.string()
                }
            }
            guard place != Self.typePlace, let offset = Self.decodeValue(value) else { continue }
            groups[group, default: [:]][place] = offset
        }
        count = journal.entries.count
    }

    /// In order.
    var groupNames: [String] { monitor.locked { groups.keys.sorted() } }

    /// Empty for a group that never had members.
    func type(_ group: String) -> String { monitor.locked { types[group] ?? "" } }

    func offset(_ group: String, _ place: TopicPartition) -> CommittedOffset? {
        monitor.locked { groups[group]?[place] }
    }

    /// All that a group has, in order of topic and partition.
    func offsets(_ group: String) -> [(TopicPartition, CommittedOffset)] {
        monitor.locked { groups[group] ?? [:] }.map { ($0.key, $0.value) }
            .sorted { ($0.0.topic, $0.0.partition) < ($1.0.topic, $1.0.partition) }
    }

    /// Stores all of `offsets` or none.
    ///
    /// - Parameter type: of the group's members; nil when it has none.
    func commit(
        _ group: String, _ offsets: [(TopicPartition, CommittedOffset)], type: String? = nil
    ) -> ErrorCode {
        monitor.locked {
            guard count + offsets.count <= Limits.committedOffsets else {
                return .policyViolation
            }
            var changes = offsets.map { place, offset in
                (Self.encodeKey(group, place), Optional(Self.encodeValue(offset)))
            }
            if let type, types[group] != type {
                var writer = WireWriter()
                writer.string(type)
                changes.append((Self.encodeKey(group, Self.typePlace), writer.bytes))
            }
            guard write(changes) else { return .storageError }
            if let type { types[group] = type }
            for (place, offset) in offsets { groups[group, default: [:]][place] = offset }
            count = journal.entries.count
            return .none
        }
    }

    /// Forgets the offsets in a topic that is no more.
    func forget(topic: String) {
        monitor.locked {
            var changes: [([UInt8], [UInt8]?)] = []
            for (group, offsets) in groups {
                for place in offsets.keys where place.topic == topic {
                    changes.append((Self.encodeKey(group, place), nil))
                    groups[group]?[place] = nil
                }
                if groups[group]?.isEmpty == true { groups[group] = nil }
            }
            _ = write(changes)
            count = journal.entries.count
        }
    }

    /// Forgets some of a group's offsets, or all of them (nil); false when that was not stored.
    func forget(_ group: String, _ places: [TopicPartition]?) -> Bool {
        monitor.locked {
            guard let known = groups[group] else { return true }
            let gone = places?.filter { known[$0] != nil } ?? Array(known.keys)
            let type = places == nil && types[group] != nil ? [Self.typePlace] : []
            guard write((gone + type).map { (Self.encodeKey(group, $0), nil) }) else {
                return false
            }
            for place in gone { groups[group]?[place] = nil }
            if groups[group]?.isEmpty == true { groups[group] = nil }
            if places == nil { types[group] = nil }
            count = journal.entries.count
            return true
        }
    }

    /// In the place of a partition: no topic has no name.
    private static let typePlace = TopicPartition(topic: "", partition: -1)

    private static func encodeKey(_ group: String, _ place: TopicPartition) -> [UInt8] {
        var writer = WireWriter()
        writer.string(group)
        writer.string(place.topic)
        writer.int32(place.partition)
        return writer.bytes
    }

    private static func decodeKey(_ bytes: [UInt8]) -> (String, TopicPartition)? {
        WireReader.decode(bytes) { reader throws(WireError) in
            (
                try reader.string(),
                TopicPartition(topic: try reader.string(), partition: try reader.int32())
            )
        }
    }

    private static func encodeValue(_ offset: CommittedOffset) -> [UInt8] {
        var writer = WireWriter()
        writer.int64(offset.offset)
        writer.int32(offset.leaderEpoch)
        writer.string(offset.metadata)
        return writer.bytes
    }

    private static func decodeValue(_ bytes: [UInt8]) -> CommittedOffset? {
        WireReader.decode(bytes) { reader throws(WireError) in
            CommittedOffset(
                offset: try reader.int64(), leaderEpoch: try reader.int32(),
                metadata: try reader.nullableString())
        }
    }
}
