struct DeleteGroupsRequest {
    let names: [String]

    init(from reader: inout WireReader) throws(WireError) {
        names = try reader.array { reader throws(WireError) in try reader.string() }
    }
}

struct DeleteGroupsResponse {
    let groups: [(name: String, error: ErrorCode)]

    func write(to writer: inout WireWriter) {
        writer.int32(0)
        writer.array(groups) { group, writer in
            writer.string(group.name)
            writer.error(group.error)
        }
    }
}

struct OffsetDeleteRequest {
    let group: String
    let topics: [(name: String, partitions: [Int32])]

    init(from reader: inout WireReader) throws(WireError) {
        group = try reader.string()
        topics = try reader.array { reader throws(WireError) in
            (
                try reader.string(),
                try reader.array { reader throws(WireError) in try reader.int32() }
            )
        }
    }
}

struct OffsetDeleteResponse {
    let error: ErrorCode
    let topics: [(name: String, partitions: [(index: Int32, error: ErrorCode)])]

    func write(to writer: inout WireWriter) {
        writer.error(error)
        writer.int32(0)
        writer.array(topics) { topic, writer in
            writer.string(topic.name)
            writer.array(topic.partitions) { partition, writer in
                writer.int32(partition.index)
                writer.error(partition.error)
            }
        }
    }
}
