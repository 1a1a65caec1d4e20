/// The id and epoch by which a producer is known.
struct ProducerIdentity: Equatable {
    let id: Int64
    let epoch: Int16

    init(id: Int64, epoch: Int16) {
        self.id = id
        self.epoch = epoch
    }

    init(from reader: inout WireReader) throws(WireError) {
        id = try reader.int64()
        epoch = try reader.int16()
    }
}

struct InitProducerIDRequest {
    let transactionalID: String?
    let timeoutMs: Int32
    /// Who the producer was until now, when it asks for its next epoch (KIP-360).
    let former: ProducerIdentity?

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        transactionalID = try reader.nullableString()
        timeoutMs = try reader.int32()
        let claimed = version >= 3 ? try ProducerIdentity(from: &reader) : nil
        former = claimed.flatMap { $0.id < 0 ? nil : $0 }
        try reader.tags()
    }
}

struct InitProducerIDResponse {
    let error: ErrorCode
    let identity: ProducerIdentity

    func write(to writer: inout WireWriter) {
        writer.int32(0)
        writer.error(error)
        writer.int64(identity.id)
        writer.int16(identity.epoch)
        writer.tags()
    }
}

struct AddPartitionsRequest {
    let transactionalID: String
    let identity: ProducerIdentity
    let topics: [(name: String, partitions: [Int32])]

    init(from reader: inout WireReader) throws(WireError) {
        transactionalID = try reader.string()
        identity = try ProducerIdentity(from: &reader)
        topics = try reader.array { reader throws(WireError) in
            (
                try reader.string(),
                try reader.array { reader throws(WireError) in try reader.int32() }
            )
        }
    }
}

struct AddOffsetsRequest {
    let transactionalID: String
    let identity: ProducerIdentity
    let group: String

    init(from reader: inout WireReader) throws(WireError) {
        transactionalID = try reader.string()
        identity = try ProducerIdentity(from: &reader)
        group = try reader.string()
    }
}

struct EndTransactionRequest {
    let transactionalID: String
    let identity: ProducerIdentity
    let commit: Bool

    init(from reader: inout WireReader) throws(WireError) {
        transactionalID = try reader.string()
        identity = try ProducerIdentity(from: &reader)
        commit = try reader.bool()
    }
}

struct TransactionOffsetsRequest {
    let transactionalID: String
    let identity: ProducerIdentity
    /// The member of the group that has read so far (KIP-447); the group alone before version 3.
    let who: MemberClaim
    let topics: [(name: String, partitions: [(index: Int32, offset: CommittedOffset)])]

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        transactionalID = try reader.string()
        let group = try reader.string()
        identity = try ProducerIdentity(from: &reader)
        who =
            version >= 3
            ? MemberClaim(
                group: group, generation: try reader.int32(), member: try reader.string(),
                instance: try reader.nullableString())
            : MemberClaim(group: group)
        topics = try reader.array { reader throws(WireError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(WireError) in
                let index = try reader.int32()
                let offset = try reader.int64()
                let leaderEpoch = version >= 2 ? try reader.int32() : -1
                let metadata = try reader.nullableString()
                try reader.tags()
                return (
                    index,
                    CommittedOffset(
                        offset: offset, leaderEpoch: leaderEpoch, metadata: metadata)
                )
            }
            try reader.tags()
            return (name, partitions)
        }
        try reader.tags()
    }
}
