/// A partition of a topic, by name.
struct TopicPartition: Hashable {
    let topic: String
    let partition: Int32
}

/// How far a group has come in a partition, with a note of its own.
struct CommittedOffset: Equatable {
    let offset: Int64
    let leaderEpoch: Int32
    let metadata: String?
}

struct OffsetCommitRequest {
    let who: MemberClaim
    let topics: [(name: String, partitions: [(index: Int32, offset: CommittedOffset)])]

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        if version >= 1 {
            let group = try reader.string()
            let generation = try reader.int32()
            let member = try reader.string()
            let instance = version >= 7 ? try reader.nullableString() : nil
            who = MemberClaim(
                group: group, generation: generation, member: member, instance: instance)
        } else {
            who = MemberClaim(group: try reader.string())
        }
        if (2...4).contains(version) { _ = try reader.int64() }  // retention: offsets are kept
        topics = try reader.array { reader throws(WireError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(WireError) in
                let index = try reader.int32()
                let offset = try reader.int64()
                let leaderEpoch = version >= 6 ? try reader.int32() : -1
                if version == 1 { _ = try reader.int64() }  // commit time
                return (
                    index,
                    CommittedOffset(
                        offset: offset, leaderEpoch: leaderEpoch,
                        metadata: try reader.nullableString())
                )
            }
            return (name, partitions)
        }
    }
}

/// An error for each partition named in the request.
struct PartitionErrorsResponse {
    let topics: [(name: String, partitions: [(index: Int32, error: ErrorCode)])]

    func mapErrors(_ transform: (ErrorCode) -> ErrorCode) -> Self {
        Self(topics: topics.map { ($0, $1.map { ($0, transform($1)) }) })
    }

    func write(to writer: inout WireWriter, throttled: Bool) {
        if throttled { writer.int32(0) }
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.array(topic.partitions) { partition, writer in
                writer.int32(partition.index)
                writer.error(partition.error)
                writer.tags()
            }
            writer.tags()
        }
        writer.tags()
    }
}

struct OffsetFetchRequest {
    let group: String
    /// Whether offsets that a transaction is about to replace are an error (KIP-447).
    let stableOnly: Bool
    /// Nil asks for all that the group has.
    let topics: [(name: String, partitions: [Int32])]?

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        group = try reader.string()
        topics = try reader.nullableArray { reader throws(WireError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(WireError) in try reader.int32() }
            try reader.tags()
            return (name, partitions)
        }
        stableOnly = version >= 7 ? try reader.bool() : false
        try reader.tags()
    }
}

struct OffsetFetchResponse {
    struct Partition {
        let index: Int32
        let offset: CommittedOffset?
        let error: ErrorCode
    }
    let topics: [(name: String, partitions: [Partition])]

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 3 { writer.int32(0) }
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.array(topic.partitions) { partition, writer in
                writer.int32(partition.index)
                writer.int64(partition.offset?.offset ?? -1)
                if version >= 5 { writer.int32(partition.offset?.leaderEpoch ?? -1) }
                writer.string(partition.offset?.metadata ?? "")
                writer.error(partition.error)
                writer.tags()
            }
            writer.tags()
        }
        if version >= 2 { writer.error(.none) }
        writer.tags()
    }
}
