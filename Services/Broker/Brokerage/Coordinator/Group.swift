/// One consumer in a group.
final class GroupMember {
    let id: String
    let instance: String?
    let client: String
    let host: String
    var sessionTimeoutMs: Int32
    var rebalanceTimeoutMs: Int32
    var protocols: [GroupProtocol]
    var assignment: [UInt8] = []
    /// When it was last heard of, by the monotonic clock.
    var heardMs: Int64
    /// Counts its joins: an answer is for the latest, should its client have sent it twice.
    var joins = 0
    var awaitsJoin = false
    var awaitsSync = false
    var answer: JoinGroupResponse?

    init(id: String, _ request: JoinGroupRequest, client: String, host: String, nowMs: Int64) {
        self.id = id
        instance = request.instance
        self.client = client
        self.host = host
        sessionTimeoutMs = request.sessionTimeoutMs
        rebalanceTimeoutMs = request.rebalanceTimeoutMs
        protocols = request.protocols
        heardMs = nowMs
    }

    func update(_ request: JoinGroupRequest) {
        sessionTimeoutMs = request.sessionTimeoutMs
        rebalanceTimeoutMs = request.rebalanceTimeoutMs
        protocols = request.protocols
    }

    /// When it counts as gone; never while the broker owes it an answer.
    var expiresMs: Int64 {
        awaitsJoin || awaitsSync ? .max : heardMs + Int64(sessionTimeoutMs)
    }
}

/// A group of consumers: who is in it, and how far its rebalance has come.
///
/// Empty, then for each generation: preparing (members join), completing (the leader shares the
/// partitions), stable. Not thread-safe: the coordinator has the lock and the clock.
///
/// - SeeAlso: Apache Kafka wiki, "Kafka Client-side Assignment Proposal"
///   <https://cwiki.apache.org/confluence/x/foynAw>
final class Group {
    enum State: String {
        case empty = "Empty"
        case preparing = "PreparingRebalance"
        case completing = "CompletingRebalance"
        case stable = "Stable"
    }

    let name: String
    private(set) var state = State.empty
    private(set) var generation: Int32 = 0
    private(set) var protocolType = ""
    private(set) var protocolName = ""
    private(set) var leader: String?
    private(set) var members: [String: GroupMember] = [:]
    /// Ids of members in the order in which they came.
    private(set) var order: [String] = []
    /// Ids that were told to new members, and until when they may join with them.
    private(set) var told: [String: Int64] = [:]
    /// When it is forgotten, having no members; never while it has some.
    var emptyUntilMs = Int64.max
    /// When the present phase ends, whoever is missing.
    private var deadlineMs = Int64.max
    /// Whether the first generation is awaited, for whose end more members may come.
    private var isFirst = false
    private let initialDelayMs: Int64

    init(name: String, initialDelayMs: Int) {
        self.name = name
        self.initialDelayMs = Int64(initialDelayMs)
    }

    var isIdle: Bool { members.isEmpty && told.isEmpty }

    var nextDeadlineMs: Int64 {
        let members = self.members.values.lazy.map(\.expiresMs).min() ?? .max
        return min(deadlineMs, members, told.values.min() ?? .max, emptyUntilMs)
    }

    func member(ofInstance instance: String) -> GroupMember? {
        members.values.first { $0.instance == instance }
    }

    /// Whether someone with these protocols could share with all the others.
    func suits(_ request: JoinGroupRequest) -> Bool {
        let others = members.values.filter { $0.id != request.member }
        if others.isEmpty { return true }
        return request.protocolType == protocolType
            && request.protocols.contains { candidate in
                others.allSatisfy { $0.protocols.contains { $0.name == candidate.name } }
            }
    }

    /// The topics that members read, as far as they say so in the consumers' own format.
    var subscriptions: Set<String> {
        var names: Set<String> = []
        for candidate in members.values.lazy.flatMap(\.protocols) {
            let read = WireReader.decode(candidate.metadata) { reader throws(WireError) in
                _ = try reader.int16()  // version
                return try reader.array { reader throws(WireError) in try reader.string() }
            }
            names.formUnion(read ?? [])
        }
        return names
    }

    func tell(id: String, untilMs: Int64) { told[id] = untilMs }

    /// Takes a new member in; it awaits the next generation.
    func add(_ member: GroupMember, protocolType: String, nowMs: Int64) {
        told[member.id] = nil
        if members.isEmpty { self.protocolType = protocolType }
        members[member.id] = member
        order.append(member.id)
        join(member, nowMs: nowMs)
    }

    /// A known member joins again.
    func join(_ member: GroupMember, nowMs: Int64) {
        member.joins += 1
        member.answer = nil
        member.heardMs = nowMs
        prepare(nowMs: nowMs)
        member.awaitsJoin = true
        completeJoin(nowMs: nowMs)
    }

    /// Puts a static member that came back in the place of its former self.
    func replace(_ old: GroupMember, by new: GroupMember) {
        members[old.id] = nil
        members[new.id] = new
        order = order.map { $0 == old.id ? new.id : $0 }
        if leader == old.id { leader = new.id }
        new.assignment = old.assignment
    }

    func remove(_ id: String, nowMs: Int64) {
        told[id] = nil
        guard members.removeValue(forKey: id) != nil else {
            return completeJoin(nowMs: nowMs)
        }
        order.removeAll { $0 == id }
        if leader == id { leader = nil }
        if members.isEmpty { return becomeEmpty() }
        state == .preparing ? completeJoin(nowMs: nowMs) : prepare(nowMs: nowMs)
    }

    /// The leader's shares; the generation is stable from then on.
    func assign(_ assignments: [(member: String, assignment: [UInt8])], nowMs: Int64) {
        for (id, assignment) in assignments { members[id]?.assignment = assignment }
        for member in members.values {
            member.awaitsSync = false
            member.heardMs = nowMs
        }
        state = .stable
        deadlineMs = .max
    }

    /// What a member that joins is told of the present generation.
    func answer(_ member: GroupMember) -> JoinGroupResponse {
        var answer = JoinGroupResponse(member: member.id)
        answer.generation = generation
        answer.protocolName = protocolName
        answer.leader = leader ?? ""
        guard member.id == leader else { return answer }
        answer.members = order.compactMap { members[$0] }.map { other in
            JoinGroupResponse.Member(
                id: other.id, instance: other.instance,
                metadata: other.protocols.first { $0.name == protocolName }?.metadata ?? [])
        }
        return answer
    }

    /// Removes who was not heard of in time, and ends a phase whose time is over.
    ///
    /// - Returns: who was removed.
    func expire(nowMs: Int64) -> [String] {
        let present = Set(members.keys)
        for (id, untilMs) in told where untilMs <= nowMs { remove(id, nowMs: nowMs) }
        for id in order where (members[id]?.expiresMs ?? .max) <= nowMs {
            remove(id, nowMs: nowMs)
        }
        if state == .preparing { completeJoin(nowMs: nowMs) }
        if state == .completing && deadlineMs <= nowMs {
            for id in order where members[id]?.awaitsSync == false { remove(id, nowMs: nowMs) }
        }
        return present.subtracting(members.keys).sorted()
    }

    private func becomeEmpty() {
        state = .empty
        generation += 1
        protocolName = ""
        deadlineMs = .max
    }

    private func prepare(nowMs: Int64) {
        if state == .preparing { return }
        isFirst = state == .empty
        state = .preparing
        for member in members.values {
            member.awaitsJoin = false
            if member.awaitsSync { member.heardMs = nowMs }
            member.awaitsSync = false
        }
        deadlineMs = nowMs + (isFirst ? initialDelayMs : rebalanceTimeoutMs)
    }

    private var rebalanceTimeoutMs: Int64 {
        Int64(members.values.map(\.rebalanceTimeoutMs).max() ?? 0)
    }

    /// Starts a generation if all have joined or no more is to be waited for.
    private func completeJoin(nowMs: Int64) {
        guard state == .preparing else { return }
        let allJoined = told.isEmpty && members.values.allSatisfy(\.awaitsJoin)
        guard nowMs >= deadlineMs || (allJoined && !isFirst) else { return }
        // Static members may be away until their session ends; the others are out.
        for id in order where members[id]?.awaitsJoin == false && members[id]?.instance == nil {
            members[id] = nil
            if leader == id { leader = nil }
        }
        order.removeAll { members[$0] == nil }
        if members.isEmpty { return becomeEmpty() }
        let joined = order.filter { members[$0]?.awaitsJoin == true }
        guard let first = joined.first else {
            deadlineMs = nowMs + max(1, rebalanceTimeoutMs)
            return
        }
        if leader.map({ !joined.contains($0) }) ?? true { leader = first }
        generation += 1
        protocolName = commonProtocol()
        state = .completing
        deadlineMs = nowMs + max(1, rebalanceTimeoutMs)
        for member in members.values {
            member.assignment = []
            guard member.awaitsJoin else { continue }
            member.awaitsJoin = false
            member.heardMs = nowMs
            member.answer = answer(member)
        }
    }

    /// Of the protocols that all know, the one that most like best; the first by name of equals.
    private func commonProtocol() -> String {
        let known = members.values.map { Set($0.protocols.map(\.name)) }
        guard var common = known.first else { return "" }
        for names in known { common.formIntersection(names) }
        var votes: [String: Int] = [:]
        for member in members.values {
            if let best = member.protocols.first(where: { common.contains($0.name) }) {
                votes[best.name, default: 0] += 1
            }
        }
        return votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
    }
}
