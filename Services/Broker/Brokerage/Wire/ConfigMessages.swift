/// What has a configuration: a topic by its name, a broker by its id.
struct ConfiguredResource {
    static let topic: Int8 = 2
    static let broker: Int8 = 4

    let type: Int8
    let name: String
}

struct DescribeConfigsRequest {
    let resources: [(resource: ConfiguredResource, names: [String]?)]
    let includesSynonyms: Bool

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        resources = try reader.array { reader throws(WireError) in
            (
                ConfiguredResource(type: try reader.int8(), name: try reader.string()),
                try reader.nullableArray { reader throws(WireError) in try reader.string() }
            )
        }
        includesSynonyms = version >= 1 ? try reader.bool() : false
        // Documentation (version 3) is Kafka's own.
    }
}

struct DescribeConfigsResponse {
    /// Where a value comes from, by the protocol's numbers.
    enum Source: Int8 {
        case topic = 1
        case brokerStart = 4
        case standard = 5
    }

    /// What a value is, by the protocol's numbers.
    enum ValueType: Int8 {
        case boolean = 1
        case string = 2
        case integer = 3
        case long = 5
        case double = 6
        case list = 7
    }

    struct Entry {
        let name: String
        let value: String
        let source: Source
        let type: ValueType
        /// Where else the name, or another, gives a value: what counts comes first.
        var synonyms: [(name: String, value: String, source: Source)] = []
    }

    struct Resource {
        let error: ErrorCode
        let message: String?
        let resource: ConfiguredResource
        let entries: [Entry]
    }
    let resources: [Resource]

    func write(to writer: inout WireWriter, version: Int16) {
        writer.int32(0)
        writer.array(resources) { described, writer in
            writer.error(described.error)
            writer.string(described.message)
            writer.int8(described.resource.type)
            writer.string(described.resource.name)
            writer.array(described.entries) { entry, writer in
                write(entry, to: &writer, version: version)
            }
        }
    }

    private func write(_ entry: Entry, to writer: inout WireWriter, version: Int16) {
        writer.string(entry.name)
        writer.string(entry.value)
        writer.bool(entry.source == .brokerStart)  // read only
        if version == 0 { writer.bool(entry.source == .standard) }
        if version >= 1 { writer.int8(entry.source.rawValue) }
        writer.bool(false)  // sensitive
        guard version >= 1 else { return }
        writer.array(entry.synonyms) { synonym, writer in
            writer.string(synonym.name)
            writer.string(synonym.value)
            writer.int8(synonym.source.rawValue)
        }
        if version >= 3 {
            writer.int8(entry.type.rawValue)
            writer.string(nil)  // documentation
        }
    }
}

/// AlterConfigs, which replaces all that was set, and IncrementalAlterConfigs, which does not.
struct AlterConfigsRequest {
    enum Operation: Int8 {
        case set = 0
        case delete = 1
        /// For lists.
        case append = 2
        case subtract = 3
    }

    struct Change {
        let name: String
        /// Nil for one that is unknown.
        let operation: Operation?
        let value: String?
    }
    let resources: [(resource: ConfiguredResource, changes: [Change])]
    let validateOnly: Bool

    init(from reader: inout WireReader, incremental: Bool) throws(WireError) {
        resources = try reader.array { reader throws(WireError) in
            (
                ConfiguredResource(type: try reader.int8(), name: try reader.string()),
                try reader.array { reader throws(WireError) in
                    Change(
                        name: try reader.string(),
                        operation: incremental ? Operation(rawValue: try reader.int8()) : .set,
                        value: try reader.nullableString())
                }
            )
        }
        validateOnly = try reader.bool()
    }
}

struct AlterConfigsResponse {
    let resources: [(resource: ConfiguredResource, error: ErrorCode, message: String?)]

    func write(to writer: inout WireWriter) {
        writer.int32(0)
        writer.array(resources) { altered, writer in
            writer.error(altered.error)
            writer.string(altered.message)
            writer.int8(altered.resource.type)
            writer.string(altered.resource.name)
        }
    }
}
