@testable import Brokerage

/// A member as a request names it.
struct GroupClaim {
    let group: String
    var id = ""
    var generation: Int32 = -1
    var instance: String?
    var protocolName = "range"
    var sessionMs: Int32 = 30_000

    init(_ group: String) { self.group = group }

    fileprivate func write(to writer: inout WireWriter) {
        writer.string(group)
        writer.int32(generation)
        writer.string(id)
        writer.string(instance)
    }

    /// What a consumer of the topic "subscribed" tells its group: version 0, topics, no user data.
    fileprivate static let metadata: [UInt8] = {
        var writer = WireWriter()
        writer.int16(0)
        writer.array(["subscribed"]) { $1.string($0) }
        writer.int32(-1)
        return writer.bytes
    }()
}

/// What programs say of groups themselves.
extension WireClient {
    func join(_ member: GroupClaim) throws -> (code: Int16, generation: Int32, id: String) {
        try ask(.joinGroup, 5) { writer in
            writer.string(member.group)
            writer.int32(member.sessionMs)
            writer.int32(10_000)
            writer.string(member.id)
            writer.string(member.instance)
            writer.string("consumer")
            writer.array([member.protocolName]) { name, writer in
                writer.string(name)
                writer.byteArray(GroupClaim.metadata)
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            let code = try reader.int16()
            let generation = try reader.int32()
            _ = try reader.string()
            _ = try reader.string()
            return (code, generation, try reader.string())
        }
    }

    /// As the leader of a group of one.
    func sync(_ member: GroupClaim) throws -> Int16 {
        try ask(.syncGroup, 3) { writer in
            member.write(to: &writer)
            writer.array([member.id]) { id, writer in
                writer.string(id)
                writer.byteArray([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try reader.int16()
        }
    }

    func heartbeat(_ member: GroupClaim) throws -> Int16 {
        try ask(.heartbeat, 3) {
            member.write(to: &$0)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try reader.int16()
        }
    }

    func leave(_ member: GroupClaim) throws -> Int16 {
        try ask(.leaveGroup, 2) { writer in
            writer.string(member.group)
            writer.string(member.id)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try reader.int16()
        }
    }

    func commit(_ member: GroupClaim, _ topic: String, _ offset: Int64) throws -> Int16 {
        try ask(.offsetCommit, 7) { writer in
            member.write(to: &writer)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([offset]) { offset, writer in
                    writer.int32(0)
                    writer.int64(offset)
                    writer.int32(-1)
                    writer.string("note")
                }
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            let topics = try reader.array { reader throws(WireError) in
                _ = try reader.string()
                return try reader.array { reader throws(WireError) in
                    _ = try reader.int32()
                    return try reader.int16()
                }
            }
            return topics[0][0]
        }
    }

    /// The groups that there are, of those named: state and protocol type.
    func listGroups(_ names: [String], states: [String] = []) throws -> [String] {
        try ask(.listGroups, 4) { writer in
            writer.array(states) { $1.string($0) }
            writer.tags()
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int16()
            let groups = try reader.array { reader throws(WireError) in
                let (name, type) = (try reader.string(), try reader.string())
                let state = try reader.string()
                try reader.tags()
                return (name, "\(type) \(state)")
            }
            return names.map { name in groups.first { $0.0 == name }?.1 ?? "none" }
        }
    }

    func describeGroup(_ name: String) throws -> String {
        try ask(.describeGroups, 4) { writer in
            writer.array([name]) { $1.string($0) }
            writer.bool(false)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            let code = try reader.int16()
            _ = try reader.string()
            let words = [try reader.string(), try reader.string(), try reader.string()]
            let members = try reader.array { reader throws(WireError) -> String in
                _ = try reader.string()
                let instance = try reader.nullableString()
                let (client, host) = (try reader.string(), try reader.string())
                let sizes = (try reader.byteArray().count, try reader.byteArray().count)
                return "\(instance ?? "-") \(client) \(host) \(sizes)"
            }
            return "\(code) \(words) \(members)"
        }
    }

    func deleteGroup(_ name: String) throws -> Int16 {
        try ask(.deleteGroups, 1) { writer in
            writer.array([name]) { $1.string($0) }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            return try reader.int16()
        }
    }

    /// The request's own error, and the partition's.
    func deleteOffset(_ group: String, _ topic: String) throws -> [Int16] {
        try ask(.offsetDelete, 0) { writer in
            writer.string(group)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([Int32(0)]) { $1.int32($0) }
            }
        } read: { reader throws(WireError) in
            let code = try reader.int16()
            _ = try reader.int32()
            let topics = try reader.array { reader throws(WireError) in
                _ = try reader.string()
                return try reader.array { reader throws(WireError) in
                    _ = try reader.int32()
                    return try reader.int16()
                }
            }
            return [code] + topics.flatMap { $0 }
        }
    }

    /// Error and offset of the group in partition 0 of a topic.
    func committed(_ group: String, _ topic: String, stableOnly: Bool = false) throws -> [Int64] {
        try ask(.offsetFetch, 7) { writer in
            writer.string(group)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([Int32(0)]) { $1.int32($0) }
                writer.tags()
            }
            writer.bool(stableOnly)
            writer.tags()
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            let topics = try reader.array { reader throws(WireError) in
                _ = try reader.string()
                let partitions = try reader.array { reader throws(WireError) in
                    _ = try reader.int32()
                    let offset = try reader.int64()
                    _ = try reader.int32()
                    _ = try reader.nullableString()
                    let code = try reader.int16()
                    try reader.tags()
                    return [Int64(code), offset]
                }
                try reader.tags()
                return partitions
            }
            return topics[0][0]
        }
    }
}
