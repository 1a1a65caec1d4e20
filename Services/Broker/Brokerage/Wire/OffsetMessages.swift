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

    func write(to writer: inout WireWriter, throttled: Bool) {
        if throttled { writer.int32(0) }
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.array(topic.partitions) { partition, writer in
                writer.int32(partition.index)
                writer.error(partition.error)
            }
        }
    }
}

struct OffsetFetchRequest {
    let group: String
    /// Nil asks for all that the group has.
    let topics: [(name: String, partitions: [Int32])]?

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        group = try reader.string()
        topics = try reader.nullableArray { reader throws(WireError) in
            (
                try reader.string(),
                try reader.array { reader throws(WireError) in try reader.int32() }
            )
        }
    }
}

struct OffsetFetchResponse {
    let topics: [(name: String, partitions: [(index: Int32, offset: CommittedOffset?)])]

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 3 { writer.int32(0) }
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.array(topic.partitions) { partition, writer in
                writer.int32(partition.index)
                writer.int64(partition.offset?.offset ?? -1)
                if version >= 5 { writer.int32(partition.offset?.leaderEpoch ?? -1) }
                writer.string(partition.offset?.metadata ?? "")
                writer.error(.none)
            }
        }
        if version >= 2 { writer.error(.none) }
    }
}
