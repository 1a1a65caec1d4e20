/// Groups and their offsets.
extension RequestHandler {
    func joinGroup(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ request: Request
    ) throws(WireError) {
        let join = try JoinGroupRequest(from: &reader, version: request.version)
        groups.join(join, client: request.client, host: request.host)
            .write(to: &writer, version: request.version)
    }

    func syncGroup(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try SyncGroupRequest(from: &reader, version: version)
        groups.sync(request).write(to: &writer, version: version)
    }

    func heartbeat(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let who = try MemberClaim(from: &reader, withInstance: version >= 3)
        ErrorResponse(error: groups.heartbeat(who)).write(to: &writer, throttled: version >= 1)
    }

    func leaveGroup(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try LeaveGroupRequest(from: &reader, version: version)
        groups.leave(request).write(to: &writer, version: version)
    }

    func offsetCommit(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try OffsetCommitRequest(from: &reader, version: version)
        var accepted: [(TopicPartition, CommittedOffset)] = []
        var errors: [TopicPartition: ErrorCode] = [:]
        for topic in request.topics {
            let found = topics.topic(topic.name)
            for partition in topic.partitions {
                let place = TopicPartition(topic: topic.name, partition: partition.index)
                if found?.log(partition.index) == nil {
                    errors[place] = .unknownTopicOrPartition
                } else if partition.offset.metadata?.utf8.count ?? 0 > Limits.offsetMetadataBytes {
                    errors[place] = .offsetMetadataTooLarge
                } else {
                    accepted.append((place, partition.offset))
                }
            }
        }
        let error = groups.commit(request.who, accepted)
        let response = PartitionErrorsResponse(
            topics: request.topics.map { topic in
                let partitions = topic.partitions.map { partition in
                    let place = TopicPartition(topic: topic.name, partition: partition.index)
                    return (partition.index, errors[place] ?? error)
                }
                return (topic.name, partitions)
            })
        response.write(to: &writer, throttled: version >= 3)
    }

    func offsetFetch(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try OffsetFetchRequest(from: &reader, version: version)
        let unstable =
            request.stableOnly ? transactions.partitionsToCommit(of: request.group) : []
        func told(
            _ place: TopicPartition, _ offset: CommittedOffset?
        ) -> OffsetFetchResponse.Partition {
            let isStable = !unstable.contains(place)
            return OffsetFetchResponse.Partition(
                index: place.partition, offset: isStable ? offset : nil,
                error: isStable ? .none : .unstableOffsetCommit)
        }
        var topics: [(name: String, partitions: [OffsetFetchResponse.Partition])] = []
        if let asked = request.topics {
            topics = asked.map { topic in
                let partitions = topic.partitions.map { index in
                    let place = TopicPartition(topic: topic.name, partition: index)
                    return told(place, groups.offsets.offset(request.group, place))
                }
                return (topic.name, partitions)
            }
        } else {
            for (place, offset) in groups.offsets.offsets(request.group) {
                if topics.last?.name != place.topic { topics.append((place.topic, [])) }
                topics[topics.count - 1].partitions.append(told(place, offset))
            }
        }
        OffsetFetchResponse(topics: topics).write(to: &writer, version: version)
    }

    func describeGroups(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        // Each once: a short request cannot ask for the same long answer over and over.
        var seen: Set<String> = []
        let names = try reader.array { reader throws(WireError) in try reader.string() }
            .filter { seen.insert($0).inserted }
        let described = names.map { name in
            let type =
                groups.offsets.offsets(name).isEmpty ? nil : groups.offsets.type(name)
            return groups.look(name) { group in Self.describe(name, group, stored: type) }
        }
        DescribeGroupsResponse(groups: described).write(to: &writer, version: version)
    }

    private static func describe(
        _ name: String, _ group: Group?, stored type: String?
    ) -> DescribeGroupsResponse.Group {
        guard let group else {
            return DescribeGroupsResponse.Group(
                name: name, state: type == nil ? "Dead" : "Empty",
                protocolType: type ?? "", protocolName: "", members: [])
        }
        let members = group.order.compactMap { group.members[$0] }.map { member in
            DescribeGroupsResponse.Member(
                id: member.id, instance: member.instance, client: member.client, host: member.host,
                metadata: member.protocols.first { $0.name == group.protocolName }?.metadata ?? [],
                assignment: member.assignment)
        }
        return DescribeGroupsResponse.Group(
            name: name, state: group.state.rawValue, protocolType: group.protocolType,
            protocolName: group.protocolName, members: members)
    }

    func listGroups(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try ListGroupsRequest(from: &reader, version: version)
        let listed = groups.list().filter { group in
            (request.states.isEmpty || request.states.contains(group.state.lowercased()))
                && (request.types.isEmpty || request.types.contains(ListGroupsResponse.type))
        }
        ListGroupsResponse(groups: listed).write(to: &writer, version: version)
    }

    func deleteGroups(
        _ reader: inout WireReader, _ writer: inout WireWriter
    ) throws(WireError) {
        let request = try DeleteGroupsRequest(from: &reader)
        let deleted = request.names.map { ($0, groups.delete($0)) }
        DeleteGroupsResponse(groups: deleted).write(to: &writer)
    }

    func deleteOffsets(
        _ reader: inout WireReader, _ writer: inout WireWriter
    ) throws(WireError) {
        let request = try OffsetDeleteRequest(from: &reader)
        let places = request.topics.flatMap { topic in
            topic.partitions.map { TopicPartition(topic: topic.name, partition: $0) }
        }
        let known = places.filter { topics.log($0) != nil }
        let (error, errors) = groups.deleteOffsets(of: request.group, known)
        let response = OffsetDeleteResponse(
            error: error,
            topics: error != .none
                ? []
                : request.topics.map { topic in
                    let partitions = topic.partitions.map { index in
                        let place = TopicPartition(topic: topic.name, partition: index)
                        return (index, errors[place] ?? .unknownTopicOrPartition)
                    }
                    return (topic.name, partitions)
                })
        response.write(to: &writer)
    }
}
