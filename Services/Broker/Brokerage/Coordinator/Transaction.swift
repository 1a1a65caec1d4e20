/// What is known of a transactional id.
struct Transaction: Equatable {
    enum State: Int8 {
        case idle = 0
        case open = 1
        /// Decided: the markers and offsets are being written, again after a restart.
        case committing = 2
        case aborting = 3
    }

    var identity: ProducerIdentity
    var timeoutMs: Int32
    var state = State.idle
    /// How the last one ended, so that a repeated request gets the same answer.
    var hasCommitted: Bool?
    var partitions: Set<TopicPartition> = []
    /// By group: what is committed with the records.
    var offsets: [String: [TopicPartition: CommittedOffset]] = [:]
    /// By the wall clock.
    var usedMs: Int64

    init(identity: ProducerIdentity, timeoutMs: Int32, nowMs: Int64) {
        self.identity = identity
        self.timeoutMs = timeoutMs
        usedMs = nowMs
    }

    func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.int64(identity.id)
        writer.int16(identity.epoch)
        writer.int32(timeoutMs)
        writer.int8(state.rawValue)
        writer.int8(hasCommitted.map { $0 ? 1 : 0 } ?? -1)
        writer.int64(usedMs)
        writer.array(partitions.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }) {
            place, writer in
            writer.string(place.topic)
            writer.int32(place.partition)
        }
        writer.array(offsets.sorted { $0.key < $1.key }) { group, writer in
            writer.string(group.key)
            let places = group.value.sorted {
                ($0.key.topic, $0.key.partition) < ($1.key.topic, $1.key.partition)
            }
            writer.array(places) { entry, writer in
                writer.string(entry.key.topic)
                writer.int32(entry.key.partition)
                writer.int64(entry.value.offset)
                writer.int32(entry.value.leaderEpoch)
                writer.string(entry.value.metadata)
            }
        }
        return writer.bytes
    }

    init?(encoded bytes: [UInt8]) {
        guard
            let value = WireReader.decode(
                bytes,
                { reader throws(WireError) in
                    try Self(from: &reader)
                })
        else { return nil }
        self = value
    }

    private init(from reader: inout WireReader) throws(WireError) {
        identity = try ProducerIdentity(from: &reader)
        timeoutMs = try reader.int32()
        state = State(rawValue: try reader.int8()) ?? .idle
        let ended = try reader.int8()
        hasCommitted = ended < 0 ? nil : ended == 1
        usedMs = try reader.int64()
        partitions = Set(
            try reader.array { reader throws(WireError) in
                TopicPartition(topic: try reader.string(), partition: try reader.int32())
            })
        let groups = try reader.array { reader throws(WireError) in
            let group = try reader.string()
            let places = try reader.array { reader throws(WireError) in
                let place = TopicPartition(
                    topic: try reader.string(), partition: try reader.int32())
                let offset = CommittedOffset(
                    offset: try reader.int64(), leaderEpoch: try reader.int32(),
                    metadata: try reader.nullableString())
                return (place, offset)
            }
            return (group, Dictionary(places) { $1 })
        }
        offsets = Dictionary(groups) { $1 }
    }
}
