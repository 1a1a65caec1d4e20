struct ProduceRequest {
    @safe  // Only what takes `records` out of it is not.
    struct Partition {
        let index: Int32
        /// In the connection's buffer, until the request is answered.
        let records: UnsafeMutableRawBufferPointer?
    }
    let transactionalID: String?
    let acks: Int16
    let topics: [(name: String, partitions: [Partition])]

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        transactionalID = version >= 3 ? try reader.nullableString() : nil
        acks = try reader.int16()
        _ = try reader.int32()  // timeout: there are no replicas to wait for
        topics = try reader.array { reader throws(WireError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(WireError) in
                unsafe Partition(index: try reader.int32(), records: try reader.nullableBytes())
            }
            return (name, partitions)
        }
    }
}

struct ProduceResponse {
    struct Partition {
        let index: Int32
        let error: ErrorCode
        let baseOffset: Int64
        /// When the batch was appended, in a topic that notes this; else -1.
        let appendTimeMs: Int64
        let logStartOffset: Int64
    }
    let topics: [(name: String, partitions: [Partition])]

    func write(to writer: inout WireWriter, version: Int16) {
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.array(topic.partitions) { partition, writer in
                writer.int32(partition.index)
                writer.error(partition.error)
                writer.int64(partition.baseOffset)
                if version >= 2 { writer.int64(partition.appendTimeMs) }
                if version >= 5 { writer.int64(partition.logStartOffset) }
            }
        }
        if version >= 1 { writer.int32(0) }
    }
}
