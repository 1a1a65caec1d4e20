struct FetchRequest {
    struct Partition {
        let index: Int32
        let offset: Int64
        let bytesMax: Int
    }
    let waitMs: Int32
    let bytesMin: Int
    let bytesMax: Int
    let committedOnly: Bool
    let sessionID: Int32
    let sessionEpoch: Int32
    let topics: [(name: String, partitions: [Partition])]

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        _ = try reader.int32()  // replica id
        waitMs = min(max(0, try reader.int32()), Limits.fetchWaitMs)
        bytesMin = Int(try reader.int32())
        let bytesMax = version >= 3 ? Int(try reader.int32()) : Limits.fetchResponseBytes
        self.bytesMax = min(max(0, bytesMax), Limits.fetchResponseBytes)
        committedOnly = version >= 4 ? try reader.int8() == 1 : false
        sessionID = version >= 7 ? try reader.int32() : 0
        sessionEpoch = version >= 7 ? try reader.int32() : -1
        topics = try reader.array { reader throws(WireError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(WireError) in
                let index = try reader.int32()
                if version >= 9 { _ = try reader.int32() }  // leader epoch
                let offset = try reader.int64()
                if version >= 5 { _ = try reader.int64() }  // a follower's log start
                return Partition(
                    index: index, offset: offset, bytesMax: max(0, Int(try reader.int32())))
            }
            return (name, partitions)
        }
        // What follows (forgotten topics, rack) has no meaning without sessions and racks.
    }
}

struct FetchResponse {
    struct Partition {
        let index: Int32
        let read: PartitionRead
    }
    let error: ErrorCode
    let topics: [(name: String, partitions: [Partition])]

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        if version >= 7 {
            writer.error(error)
            writer.int32(0)  // no session: every fetch names all its partitions
        }
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.array(topic.partitions) { partition, writer in
                write(partition, to: &writer, version: version)
            }
        }
    }

    private func write(_ partition: Partition, to writer: inout WireWriter, version: Int16) {
        let read = partition.read
        writer.int32(partition.index)
        writer.error(read.error)
        writer.int64(read.endOffset)
        if version >= 4 { writer.int64(read.stableOffset) }
        if version >= 5 { writer.int64(read.startOffset) }
        if version >= 4 {
            writer.array(read.aborted) { aborted, writer in
                writer.int64(aborted.producerID)
                writer.int64(aborted.firstOffset)
            }
        }
        if version >= 11 { writer.int32(-1) }  // no nearer replica
        writer.fileBytes(read.span)
    }
}

struct ListOffsetsRequest {
    struct Partition {
        let index: Int32
        /// Milliseconds, or -1 for the end, or -2 for the start, or -3 for the latest record.
        let timestampMs: Int64
    }
    let committedOnly: Bool
    let topics: [(name: String, partitions: [Partition])]

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        _ = try reader.int32()  // replica id
        committedOnly = version >= 2 ? try reader.int8() == 1 : false
        topics = try reader.array { reader throws(WireError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(WireError) in
                let index = try reader.int32()
                if version >= 4 { _ = try reader.int32() }  // leader epoch
                let partition = Partition(index: index, timestampMs: try reader.int64())
                if version == 0 { _ = try reader.int32() }  // how many offsets: one is given
                try reader.tags()
                return partition
            }
            try reader.tags()
            return (name, partitions)
        }
        try reader.tags()
    }
}

struct ListOffsetsResponse {
    struct Partition {
        let index: Int32
        let error: ErrorCode
        let timestampMs: Int64
        /// -1 when no record is as late as was asked.
        let offset: Int64
    }
    let topics: [(name: String, partitions: [Partition])]

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 2 { writer.int32(0) }
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.array(topic.partitions) { partition, writer in
                writer.int32(partition.index)
                writer.error(partition.error)
                if version == 0 {
                    let offsets = partition.offset >= 0 ? [partition.offset] : []
                    return writer.array(offsets) { $1.int64($0) }
                }
                writer.int64(partition.timestampMs)
                writer.int64(partition.offset)
                if version >= 4 { writer.int32(-1) }  // no leader epoch
                writer.tags()
            }
            writer.tags()
        }
        writer.tags()
    }
}
