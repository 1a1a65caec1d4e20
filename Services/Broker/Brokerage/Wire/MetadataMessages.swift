struct MetadataRequest {
    /// Nil asks for all topics.
    let topics: [String]?
    let autoCreate: Bool

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        let names = try reader.nullableArray { reader throws(WireError) in try reader.string() }
        topics = version == 0 && names?.isEmpty == true ? nil : names
        autoCreate = version >= 4 ? try reader.bool() : true
        // Whether to tell what the client may do (version 8): there is nothing it may not.
    }
}

/// Where the one broker of this cluster is reached.
struct Endpoint: Equatable {
    static let nodeID: Int32 = 1
    static let clusterID = "antiphase"
    /// In the place of the set of operations that the client may do: not said.
    static let operationsUntold = Int32.min
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
                if version >= 7 { writer.int32(-1) }  // no leader epoch: the leader never changes
                writer.array([Endpoint.nodeID]) { $1.int32($0) }  // replicas
                writer.array([Endpoint.nodeID]) { $1.int32($0) }  // in sync
                if version >= 5 { writer.int32(0) }  // no replica is off line
            }
            if version >= 8 { writer.int32(Endpoint.operationsUntold) }
        }
        if version >= 8 { writer.int32(Endpoint.operationsUntold) }
    }
}

struct DescribeClusterResponse {
    let broker: Endpoint

    func write(to writer: inout WireWriter, version: Int16) {
        writer.int32(0)
        writer.error(.none)
        writer.string(nil)
        if version >= 1 { writer.int8(1) }  // these are brokers, not controllers
        writer.string(Endpoint.clusterID)
        writer.int32(Endpoint.nodeID)  // controller
        writer.array([broker]) { broker, writer in
            broker.write(to: &writer)
            writer.string(nil)  // rack
            writer.tags()
        }
        writer.int32(Endpoint.operationsUntold)
        writer.tags()
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
