struct CreateTopicsRequest {
    struct Topic {
        let name: String
        /// -1 asks for the broker's default.
        let partitions: Int32
        let replicationFactor: Int16
        let assignments: [(partition: Int32, brokers: [Int32])]
        let configuration: [(name: String, value: String?)]
    }
    let topics: [Topic]
    let validateOnly: Bool

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        topics = try reader.array { reader throws(WireError) in
            Topic(
                name: try reader.string(), partitions: try reader.int32(),
                replicationFactor: try reader.int16(),
                assignments: try reader.array { reader throws(WireError) in
                    (
                        try reader.int32(),
                        try reader.array { reader throws(WireError) in try reader.int32() }
                    )
                },
                configuration: try reader.array { reader throws(WireError) in
                    (try reader.string(), try reader.nullableString())
                })
        }
        _ = try reader.int32()  // timeout: creation is at once
        validateOnly = version >= 1 ? try reader.bool() : false
    }
}

struct CreateTopicsResponse {
    let topics: [(name: String, error: ErrorCode, message: String?)]

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 2 { writer.int32(0) }
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.error(topic.error)
            if version >= 1 { writer.string(topic.message) }
        }
    }
}

struct DeleteTopicsRequest {
    let names: [String]

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        names = try reader.array { reader throws(WireError) in try reader.string() }
        _ = try reader.int32()  // timeout: deletion is at once
    }
}

struct DeleteTopicsResponse {
    let topics: [(name: String, error: ErrorCode)]

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.error(topic.error)
        }
    }
}

struct CreatePartitionsRequest {
    struct Topic {
        let name: String
        /// How many there are to be, old and new.
        let count: Int32
        /// The brokers of each new partition; nil leaves them to the broker.
        let assignments: [[Int32]]?
    }
    let topics: [Topic]
    let validateOnly: Bool

    init(from reader: inout WireReader) throws(WireError) {
        topics = try reader.array { reader throws(WireError) in
            Topic(
                name: try reader.string(), count: try reader.int32(),
                assignments: try reader.nullableArray { reader throws(WireError) in
                    try reader.array { reader throws(WireError) in try reader.int32() }
                })
        }
        _ = try reader.int32()  // timeout: they are there at once
        validateOnly = try reader.bool()
    }
}

struct DeleteRecordsRequest {
    struct Partition {
        let index: Int32
        /// Records before it are to go; -1 is the end.
        let offset: Int64
    }
    let topics: [(name: String, partitions: [Partition])]

    init(from reader: inout WireReader) throws(WireError) {
        topics = try reader.array { reader throws(WireError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(WireError) in
                Partition(index: try reader.int32(), offset: try reader.int64())
            }
            return (name, partitions)
        }
        _ = try reader.int32()  // timeout: there are no replicas to wait for
    }
}

struct DeleteRecordsResponse {
    struct Partition {
        let index: Int32
        /// The first offset that is left; -1 with an error.
        let startOffset: Int64
        let error: ErrorCode
    }
    let topics: [(name: String, partitions: [Partition])]

    func write(to writer: inout WireWriter) {
        writer.int32(0)
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.array(topic.partitions) { partition, writer in
                writer.int32(partition.index)
                writer.int64(partition.startOffset)
                writer.error(partition.error)
            }
        }
    }
}

struct DescribeLogFoldersRequest {
    /// Nil asks for all topics.
    let topics: [(name: String, partitions: [Int32])]?

    init(from reader: inout WireReader) throws(WireError) {
        topics = try reader.nullableArray { reader throws(WireError) in
            (
                try reader.string(),
                try reader.array { reader throws(WireError) in try reader.int32() }
            )
        }
    }
}

/// There is one folder with all logs.
struct DescribeLogFoldersResponse {
    let folder: String
    let topics: [(name: String, partitions: [(index: Int32, sizeBytes: Int64)])]

    func write(to writer: inout WireWriter) {
        writer.int32(0)
        writer.array([folder]) { folder, writer in
            writer.error(.none)
            writer.string(folder)
            writer.array(topics) { topic, writer in
                writer.string(topic.name)
                writer.array(topic.partitions) { partition, writer in
                    writer.int32(partition.index)
                    writer.int64(partition.sizeBytes)
                    writer.int64(0)  // behind by no record: it is the only replica
                    writer.bool(false)  // and is not being moved
                }
            }
        }
    }
}
