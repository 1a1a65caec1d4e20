/// Serves the consumer groups: joining, sharing, heartbeats and offsets.
///
/// One lock for all groups; requests that wait for others wait on its condition.
final class GroupCoordinator: @unchecked Sendable {
    // Sendable is true: what varies is read and written under `monitor`.
    let offsets: OffsetStore
    private let initialDelayMs: Int
    private let tell: @Sendable (BrokerEvent) -> Void
    private let monitor = Monitor()
    private var groups: [String: Group] = [:]
    private var isStopped = false

    init(
        offsets: OffsetStore, initialDelayMs: Int,
        tell: @escaping @Sendable (BrokerEvent) -> Void
    ) {
        self.offsets = offsets
        self.initialDelayMs = initialDelayMs
        self.tell = tell
    }

    /// Removes members that are not heard of, at the time that each of them is due, until `stop`.
    func run() {
        while true {
            let goesOn = monitor.locked { () -> Bool in
                let nowMs = Clock.monotonicMs()
                for group in groups.values.sorted(by: { $0.name < $1.name })
                where group.nextDeadlineMs <= nowMs {
                    let state = (group.state, group.generation)
                    for member in group.expire(nowMs: nowMs) {
                        tell(
                            .memberRemoved(
                                group: group.name, member: member, reason: "not heard of in time"))
                    }
                    if state != (group.state, group.generation) { changed(group) }
                }
                if isStopped { return false }
                let deadlineMs = groups.values.lazy.map(\.nextDeadlineMs).min() ?? .max
                // A deadline that passed without effect is looked at again a little later.
                monitor.wait(untilMs: max(deadlineMs, nowMs + 1))
                return !isStopped
            }
            if !goesOn { return }
        }
    }

    /// Answers everyone who waits, and ends `run`.
    func stop() {
        monitor.locked {
            isStopped = true
            monitor.broadcast()
        }
    }

    func join(_ request: JoinGroupRequest, client: String, host: String) -> JoinGroupResponse {
        if let error = Self.refusal(request) { return refuse(request, error) }
        return monitor.locked {
            guard let group = groups[request.group] ?? newGroup(request.group) else {
                return refuse(request, .groupMaxSizeReached)
            }
            defer { forgetIfIdle(group) }
            guard group.suits(request) else { return refuse(request, .inconsistentGroupProtocol) }
            let nowMs = Clock.monotonicMs()
            if request.member.isEmpty {
                return joinNew(request, group, client: client, host: host, nowMs: nowMs)
            }
            if let error = Self.fence(group, member: request.member, instance: request.instance) {
                return refuse(request, error)
            }
            if group.told[request.member] != nil {
                let member = GroupMember(
                    id: request.member, request, client: client, host: host, nowMs: nowMs)
                group.add(member, protocolType: request.protocolType, nowMs: nowMs)
                return awaitJoin(member, in: group)
            }
            guard let member = group.members[request.member] else {
                return refuse(request, .unknownMemberID)
            }
            return rejoin(request, member, group, nowMs: nowMs)
        }
    }

    func sync(_ request: SyncGroupRequest) -> SyncGroupResponse {
        monitor.locked {
            let group: Group
            let member: GroupMember
            switch find(request.who) {
            case .failure(let error): return SyncGroupResponse(error: error, assignment: [])
            case .success(let found): (group, member) = found
            }
            member.heardMs = Clock.monotonicMs()
            if group.state == .completing {
                member.awaitsSync = true
                if group.leader == member.id {
                    group.assign(request.assignments, nowMs: Clock.monotonicMs())
                    monitor.broadcast()
                    tell(
                        .rebalanced(
                            group: group.name, generation: Int(group.generation),
                            members: group.members.count))
                }
            }
            let generation = group.generation
            while group.state == .completing && group.generation == generation
                && group.members[member.id] === member && !isStopped
            {
                monitor.wait()
            }
            guard group.members[member.id] === member else {
                return SyncGroupResponse(error: .unknownMemberID, assignment: [])
            }
            guard group.state == .stable && group.generation == generation else {
                return SyncGroupResponse(error: .rebalanceInProgress, assignment: [])
            }
            return SyncGroupResponse(error: .none, assignment: member.assignment)
        }
    }

    func heartbeat(_ who: MemberClaim) -> ErrorCode {
        monitor.locked {
            switch find(who) {
            case .failure(let error): return error
            case .success(let (group, member)):
                member.heardMs = Clock.monotonicMs()
                return group.state == .preparing ? .rebalanceInProgress : .none
            }
        }
    }

    func leave(_ request: LeaveGroupRequest) -> LeaveGroupResponse {
        monitor.locked {
            guard let group = groups[request.group] else {
                return LeaveGroupResponse(
                    members: request.members.map { ($0.id, $0.instance, .unknownMemberID) })
            }
            let nowMs = Clock.monotonicMs()
            let left = request.members.map { id, instance -> (String, String?, ErrorCode) in
                let known = instance.flatMap { group.member(ofInstance: $0)?.id }
                if let known, !id.isEmpty, known != id { return (id, instance, .fencedInstanceID) }
                let leaving = known ?? id
                guard group.members[leaving] != nil || group.told[leaving] != nil else {
                    return (id, instance, .unknownMemberID)
                }
                group.remove(leaving, nowMs: nowMs)
                return (id, instance, .none)
            }
            changed(group)
            return LeaveGroupResponse(members: left)
        }
    }

    /// Stores offsets for a member of the present generation, or for a group without members.
    func commit(
        _ who: MemberClaim, _ places: [(TopicPartition, CommittedOffset)]
    ) -> ErrorCode {
        monitor.locked {
            if who.generation < 0 && groups[who.group]?.members.isEmpty ?? true {
                return offsets.commit(who.group, places)
            }
            switch find(who) {
            case .failure(let error): return error
            case .success(let (group, member)):
                member.heardMs = Clock.monotonicMs()
                if group.state == .completing { return .rebalanceInProgress }
                return offsets.commit(who.group, places)
            }
        }
    }

    /// Runs `body` on a group, nil when no member of it is known.
    func look<R>(_ name: String, _ body: (Group?) -> R) -> R {
        monitor.locked { body(groups[name]) }
    }

    /// Groups with members or offsets, in order.
    func list() -> [(name: String, protocolType: String)] {
        let stored = offsets.groupNames
        return monitor.locked {
            Set(groups.keys).union(stored).sorted().map {
                ($0, groups[$0]?.protocolType ?? "consumer")
            }
        }
    }
}

// MARK: - Joining, under the lock

extension GroupCoordinator {
    private static func refusal(_ request: JoinGroupRequest) -> ErrorCode? {
        if request.group.isEmpty { return .invalidGroupID }
        if !Limits.sessionTimeoutMs.contains(request.sessionTimeoutMs)
            || !Limits.rebalanceTimeoutMs.contains(request.rebalanceTimeoutMs)
        {
            return .invalidSessionTimeout
        }
        if request.protocols.isEmpty || request.protocolType.isEmpty {
            return .inconsistentGroupProtocol
        }
        let metadata = request.protocols.reduce(0) { $0 + $1.metadata.count }
        return metadata > Limits.memberMetadataBytes ? .invalidRequest : nil
    }

    private func refuse(_ request: JoinGroupRequest, _ error: ErrorCode) -> JoinGroupResponse {
        JoinGroupResponse(error: error, member: request.member)
    }

    private func newGroup(_ name: String) -> Group? {
        guard groups.count < Limits.groups else { return nil }
        let group = Group(name: name, initialDelayMs: initialDelayMs)
        groups[name] = group
        return group
    }

    private func joinNew(
        _ request: JoinGroupRequest, _ group: Group, client: String, host: String, nowMs: Int64
    ) -> JoinGroupResponse {
        guard group.members.count + group.told.count < Limits.membersPerGroup else {
            return refuse(request, .groupMaxSizeReached)
        }
        let id = Self.newID(request.instance ?? client)
        if request.instance == nil && request.canBeToldItsID {
            group.tell(id: id, untilMs: nowMs + Int64(request.sessionTimeoutMs))
            monitor.broadcast()
            return JoinGroupResponse(error: .memberIDRequired, member: id)
        }
        let member = GroupMember(id: id, request, client: client, host: host, nowMs: nowMs)
        guard let old = request.instance.flatMap({ group.member(ofInstance: $0) }) else {
            group.add(member, protocolType: request.protocolType, nowMs: nowMs)
            return awaitJoin(member, in: group)
        }
        let leader = group.leader
        group.replace(old, by: member)
        monitor.broadcast()
        if group.state == .stable && old.protocols == member.protocols {
            // Nothing changes for the others. A leader is told its former id as the leader's,
            // so that it does not share the partitions anew.
            var answer = group.answer(member)
            answer.leader = leader ?? ""
            answer.members = []
            return answer
        }
        group.join(member, nowMs: nowMs)
        return awaitJoin(member, in: group)
    }

    private func rejoin(
        _ request: JoinGroupRequest, _ member: GroupMember, _ group: Group, nowMs: Int64
    ) -> JoinGroupResponse {
        let isSame = member.protocols == request.protocols
        member.update(request)
        member.heardMs = nowMs
        switch group.state {
        case .completing where isSame, .stable where isSame && group.leader != member.id:
            return group.answer(member)
        default:
            group.join(member, nowMs: nowMs)
            return awaitJoin(member, in: group)
        }
    }

    private func awaitJoin(_ member: GroupMember, in group: Group) -> JoinGroupResponse {
        changed(group)
        let join = member.joins
        while group.members[member.id] === member && member.joins == join
            && member.answer == nil && !isStopped
        {
            monitor.wait()
        }
        if isStopped { return JoinGroupResponse(error: .coordinatorNotAvailable, member: "") }
        guard group.members[member.id] === member else {
            let replaced = member.instance.flatMap { group.member(ofInstance: $0) } != nil
            return JoinGroupResponse(
                error: replaced ? .fencedInstanceID : .unknownMemberID, member: member.id)
        }
        guard member.joins == join, let answer = member.answer else {
            return JoinGroupResponse(error: .rebalanceInProgress, member: member.id)
        }
        return answer
    }

    private func changed(_ group: Group) {
        forgetIfIdle(group)
        monitor.broadcast()
    }

    private func forgetIfIdle(_ group: Group) {
        if group.isIdle && groups[group.name] === group { groups[group.name] = nil }
    }

    private func find(_ who: MemberClaim) -> Result<(Group, GroupMember), ErrorCode> {
        guard let group = groups[who.group] else { return .failure(.unknownMemberID) }
        if let error = Self.fence(group, member: who.member, instance: who.instance) {
            return .failure(error)
        }
        guard let member = group.members[who.member] else { return .failure(.unknownMemberID) }
        guard who.generation == group.generation else { return .failure(.illegalGeneration) }
        return .success((group, member))
    }

    /// Why a static member may not speak as it does; nil when it may.
    private static func fence(_ group: Group, member: String, instance: String?) -> ErrorCode? {
        guard let instance else { return nil }
        guard let known = group.member(ofInstance: instance) else { return .unknownMemberID }
        return known.id == member ? nil : .fencedInstanceID
    }

    private static func newID(_ prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let high = String(generator.next(), radix: 16)
        return "\(prefix)-\(high)\(String(generator.next(), radix: 16))"
    }
}
