struct MetadataRequest {
    /// Nil asks for all topics.
    let topics: [String]?
    let autoCreate: Bool

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        let names = try reader.nullableArray { reader throws(WireError) in try reader.string() }
        topics = version == 0 && names?.isEmpty == true ? nil : names
        autoCreate = version >= 4 ? try reader.bool() : true
    }
}

/// Where the one broker of this cluster is reached.
struct Endpoint: Equatable {
    static let nodeID: Int32 = 1
    static let clusterID = "antiphase"
    let host: String
    let port: Int32

    func write(to writer: inout WireWriter) {
        writer.int32(Self.nodeID)
        writer.string(host)
        writer.int32(port)
    }
}

struct MetadataResponse {
    struct Topic {
        let error: ErrorCode
        let name: String
        let partitions: Int
    }
    let broker: Endpoint
    let topics: [Topic]

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 3 { writer.int32(0) }
        writer.array([broker]) { broker, writer in
            broker.write(to: &writer)
            if version >= 1 { writer.string(nil) }  // rack
        }
        if version >= 2 { writer.string(Endpoint.clusterID) }
        if version >= 1 { writer.int32(Endpoint.nodeID) }  // controller
        writer.array(topics) { topic, writer in
            writer.error(topic.error)
            writer.string(topic.name)
            if version >= 1 { writer.bool(false) }  // internal
            writer.array(0..<topic.partitions) { partition, writer in
                writer.error(.none)
                writer.int32(Int32(partition))
                writer.int32(Endpoint.nodeID)
                writer.array([Endpoint.nodeID]) { $1.int32($0) }  // replicas
                writer.array([Endpoint.nodeID]) { $1.int32($0) }  // in sync
            }
        }
    }
}

struct FindCoordinatorResponse {
    let broker: Endpoint

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        writer.error(.none)
        if version >= 1 { writer.string(nil) }
        broker.write(to: &writer)
    }
}
