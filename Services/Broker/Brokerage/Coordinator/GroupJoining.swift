/// Joining, and who may speak. All of it under the lock.
extension GroupCoordinator {
    static func refusal(_ request: JoinGroupRequest) -> ErrorCode? {
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

    func refuse(_ request: JoinGroupRequest, _ error: ErrorCode) -> JoinGroupResponse {
        JoinGroupResponse(error: error, member: request.member)
    }

    func newGroup(_ name: String) -> Group? {
        if groups.count >= Limits.groups {
            // The one that is empty for longest makes room.
            let idle = groups.values.filter { $0.emptyUntilMs < .max }
            guard let oldest = idle.min(by: { $0.emptyUntilMs < $1.emptyUntilMs }) else {
                return nil
            }
            groups[oldest.name] = nil
        }
        let group = Group(name: name, initialDelayMs: initialDelayMs)
        groups[name] = group
        return group
    }

    func joinNew(
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

    func rejoin(
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

    func awaitJoin(_ member: GroupMember, in group: Group) -> JoinGroupResponse {
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

    func changed(_ group: Group) {
        noteIdle(group)
        monitor.broadcast()
    }

    /// A group without members is kept for a while, with its generation.
    func noteIdle(_ group: Group) {
        if !group.isIdle {
            group.emptyUntilMs = .max
        } else if group.emptyUntilMs == .max {
            group.emptyUntilMs = Clock.monotonicMs() + Limits.emptyGroupMs
        }
    }

    func find(_ who: MemberClaim) -> Result<(Group, GroupMember), ErrorCode> {
        guard let group = groups[who.group] else { return .failure(.unknownMemberID) }
        if let error = Self.fence(group, member: who.member, instance: who.instance) {
            return .failure(error)
        }
        guard let member = group.members[who.member] else { return .failure(.unknownMemberID) }
        guard who.generation == group.generation else { return .failure(.illegalGeneration) }
        return .success((group, member))
    }

    /// Why a static member may not speak as it does; nil when it may.
    static func fence(_ group: Group, member: String, instance: String?) -> ErrorCode? {
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
