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

struct DescribeConfigsRequest {
    static let topicResource: Int8 = 2
    static let brokerResource: Int8 = 4

    let resources: [(type: Int8, name: String, names: [String]?)]

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        resources = try reader.array { reader throws(WireError) in
            (
                try reader.int8(), try reader.string(),
                try reader.nullableArray { reader throws(WireError) in try reader.string() }
            )
        }
        // Synonyms (version 1) are never given: a value has one source.
    }
}

struct DescribeConfigsResponse {
    struct Entry {
        let name: String
        let value: String
        let isDefault: Bool
        let readOnly: Bool
    }
    struct Resource {
        let error: ErrorCode
        let message: String?
        let type: Int8
        let name: String
        let entries: [Entry]
    }
    let resources: [Resource]

    func write(to writer: inout WireWriter, version: Int16) {
        writer.int32(0)
        writer.array(resources) { resource, writer in
            writer.error(resource.error)
            writer.string(resource.message)
            writer.int8(resource.type)
            writer.string(resource.name)
            writer.array(resource.entries) { entry, writer in
                writer.string(entry.name)
                writer.string(entry.value)
                writer.bool(entry.readOnly)
                if version == 0 { writer.bool(entry.isDefault) }
                // The source: 5 a default, 1 set on the topic, 4 set at the broker's start.
                if version >= 1 { writer.int8(entry.isDefault ? 5 : entry.readOnly ? 4 : 1) }
                writer.bool(false)  // sensitive
                if version >= 1 { writer.int32(0) }  // synonyms
            }
        }
    }
}
