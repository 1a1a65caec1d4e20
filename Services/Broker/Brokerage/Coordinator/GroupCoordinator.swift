/// Serves the consumer groups: joining, sharing, heartbeats and offsets.
///
/// One lock for all groups; requests that wait for others wait on its condition.
final class GroupCoordinator: @unchecked Sendable {
    // Sendable is true: what varies is read and written under `monitor`.
    let offsets: OffsetStore
    let initialDelayMs: Int
    let tell: @Sendable (BrokerEvent) -> Void
    let monitor = Monitor()
    var groups: [String: Group] = [:]
    private(set) var isStopped = false

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
                    noteIdle(group)
                    if state != (group.state, group.generation) { changed(group) }
                }
                groups = groups.filter { $0.value.emptyUntilMs > nowMs }
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
            if groups[request.group] == nil && !request.member.isEmpty {
                return refuse(request, .unknownMemberID)
            }
            guard let group = groups[request.group] ?? newGroup(request.group) else {
                return refuse(request, .groupMaxSizeReached)
            }
            defer { noteIdle(group) }
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
            let isLong = request.assignments.contains {
                $0.assignment.count > Limits.memberMetadataBytes
            }
            if isLong { return SyncGroupResponse(error: .invalidRequest, assignment: []) }
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
                return offsets.commit(who.group, places, type: group.protocolType)
            }
        }
    }

    /// Runs `body` on a group, nil when no member of it is known.
    func look<R>(_ name: String, _ body: (Group?) -> R) -> R {
        monitor.locked { body(groups[name]) }
    }

    /// Groups with members or offsets, in order.
    func list() -> [(name: String, protocolType: String, state: String)] {
        let stored = offsets.groupNames
        return monitor.locked {
            Set(groups.keys).union(stored).sorted().map {
                (
                    $0, groups[$0]?.protocolType ?? offsets.type($0),
                    (groups[$0]?.state ?? .empty).rawValue
                )
            }
        }
    }

    /// Why someone may not speak for a group in a transaction; nil when they may.
    func refusal(of who: MemberClaim) -> ErrorCode? {
        guard who.generation >= 0 || !who.member.isEmpty || who.instance != nil else {
            return nil
        }
        return monitor.locked {
            switch find(who) {
            case .failure(let error): return error
            case .success(let (group, member)):
                member.heardMs = Clock.monotonicMs()
                return group.state == .completing ? .rebalanceInProgress : nil
            }
        }
    }

    /// Forgets a group without members, with its offsets.
    func delete(_ name: String) -> ErrorCode {
        if name.isEmpty { return .invalidGroupID }
        return monitor.locked {
            if let group = groups[name], !group.isIdle { return .nonEmptyGroup }
            guard groups[name] != nil || !offsets.offsets(name).isEmpty else {
                return .groupIDNotFound
            }
            groups[name] = nil
            return offsets.forget(name, nil) ? .none : .storageError
        }
    }

    /// Forgets offsets of a group, but for topics that its members read.
    func deleteOffsets(
        of name: String, _ places: [TopicPartition]
    ) -> (ErrorCode, [TopicPartition: ErrorCode]) {
        monitor.locked {
            let group = groups[name]
            guard group != nil || !offsets.offsets(name).isEmpty else {
                return (.groupIDNotFound, [:])
            }
            if group?.isIdle == false && group?.protocolType != "consumer" {
                return (.nonEmptyGroup, [:])
            }
            let read = group?.subscriptions ?? []
            let free = places.filter { !read.contains($0.topic) }
            guard offsets.forget(name, free) else { return (.storageError, [:]) }
            let errors = places.map { place in
                (place, read.contains(place.topic) ? ErrorCode.groupSubscribedToTopic : .none)
            }
            return (.none, Dictionary(errors) { $1 })
        }
    }
}
