struct JoinGroupRequest {
    let group: String
    let sessionTimeoutMs: Int32
    let rebalanceTimeoutMs: Int32
    let member: String
    let instance: String?
    let protocolType: String
    let protocols: [GroupProtocol]
    /// From version 4 on a new member is first given its id, and joins with it (KIP-394).
    let canBeToldItsID: Bool

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        group = try reader.string()
        sessionTimeoutMs = try reader.int32()
        rebalanceTimeoutMs = version >= 1 ? try reader.int32() : sessionTimeoutMs
        member = try reader.string()
        instance = version >= 5 ? try reader.nullableString() : nil
        protocolType = try reader.string()
        protocols = try reader.array { reader throws(WireError) in
            GroupProtocol(name: try reader.string(), metadata: try reader.byteArray())
        }
        canBeToldItsID = version >= 4
    }
}

/// A way of sharing partitions that a member knows, with what it tells the leader for it.
struct GroupProtocol: Equatable {
    let name: String
    let metadata: [UInt8]
}

struct JoinGroupResponse {
    struct Member {
        let id: String
        let instance: String?
        let metadata: [UInt8]
    }
    var error = ErrorCode.none
    var generation: Int32 = -1
    var protocolName = ""
    var leader = ""
    var member: String
    /// Told only to the leader.
    var members: [Member] = []

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 2 { writer.int32(0) }
        writer.error(error)
        writer.int32(generation)
        writer.string(protocolName)
        writer.string(leader)
        writer.string(member)
        writer.array(members) { member, writer in
            writer.string(member.id)
            if version >= 5 { writer.string(member.instance) }
            writer.byteArray(member.metadata)
        }
    }
}

struct SyncGroupRequest {
    let who: MemberClaim
    let assignments: [(member: String, assignment: [UInt8])]

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        who = try MemberClaim(from: &reader, withInstance: version >= 3)
        assignments = try reader.array { reader throws(WireError) in
            (try reader.string(), try reader.byteArray())
        }
    }
}

/// Who a request says it comes from: a member of a group in one of its generations.
struct MemberClaim {
    let group: String
    /// Negative when the sender is in no group.
    let generation: Int32
    let member: String
    let instance: String?

    init(group: String, generation: Int32 = -1, member: String = "", instance: String? = nil) {
        self.group = group
        self.generation = generation
        self.member = member
        self.instance = instance
    }

    init(from reader: inout WireReader, withInstance: Bool) throws(WireError) {
        group = try reader.string()
        generation = try reader.int32()
        member = try reader.string()
        instance = withInstance ? try reader.nullableString() : nil
    }
}

struct SyncGroupResponse {
    let error: ErrorCode
    let assignment: [UInt8]

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        writer.error(error)
        writer.byteArray(assignment)
    }
}

/// The answer of a request that has only an error to tell.
struct ErrorResponse {
    let error: ErrorCode

    func write(to writer: inout WireWriter, throttled: Bool) {
        if throttled { writer.int32(0) }
        writer.error(error)
    }
}

struct LeaveGroupRequest {
    let group: String
    let members: [(id: String, instance: String?)]

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        group = try reader.string()
        if version >= 3 {
            members = try reader.array { reader throws(WireError) in
                (try reader.string(), try reader.nullableString())
            }
        } else {
            members = [(try reader.string(), nil)]
        }
    }
}

struct LeaveGroupResponse {
    let members: [(id: String, instance: String?, error: ErrorCode)]

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        guard version >= 3 else { return writer.error(members.first?.error ?? .none) }
        writer.error(.none)
        writer.array(members) { member, writer in
            writer.string(member.id)
            writer.string(member.instance)
            writer.error(member.error)
        }
    }
}

struct ListGroupsRequest {
    /// Lower case; empty for all.
    let states: [String]
    let types: [String]

    init(from reader: inout WireReader, version: Int16) throws(WireError) {
        func words() throws(WireError) -> [String] {
            try reader.array { reader throws(WireError) in try reader.string().lowercased() }
        }
        states = version >= 4 ? try words() : []
        types = version >= 5 ? try words() : []
        try reader.tags()
    }
}

struct ListGroupsResponse {
    let groups: [(name: String, protocolType: String, state: String)]
    /// KIP-848 has another; here is only this one.
    static let type = "classic"

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        writer.error(.none)
        writer.array(groups) { group, writer in
            writer.string(group.name)
            writer.string(group.protocolType)
            if version >= 4 { writer.string(group.state) }
            if version >= 5 { writer.string(Self.type) }
            writer.tags()
        }
        writer.tags()
    }
}

struct DescribeGroupsResponse {
    struct Member {
        let id: String
        let instance: String?
        let client: String
        let host: String
        let metadata: [UInt8]
        let assignment: [UInt8]
    }
    struct Group {
        let name: String
        let state: String
        let protocolType: String
        let protocolName: String
        let members: [Member]
    }
    let groups: [Group]

    func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        writer.array(groups) { group, writer in
            writer.error(.none)
            writer.string(group.name)
            writer.string(group.state)
            writer.string(group.protocolType)
            writer.string(group.protocolName)
            writer.array(group.members) { member, writer in
                writer.string(member.id)
                if version >= 4 { writer.string(member.instance) }
                writer.string(member.client)
                writer.string(member.host)
                writer.byteArray(member.metadata)
                writer.byteArray(member.assignment)
            }
            if version >= 3 { writer.int32(Endpoint.operationsUntold) }
        }
    }
}
