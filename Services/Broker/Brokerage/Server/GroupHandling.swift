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
        var topics: [(name: String, partitions: [(index: Int32, offset: CommittedOffset?)])] = []
        if let asked = request.topics {
            topics = asked.map { topic in
                let partitions = topic.partitions.map { index in
                    let place = TopicPartition(topic: topic.name, partition: index)
                    return (index, groups.offsets.offset(request.group, place))
                }
                return (topic.name, partitions)
            }
        } else {
            for (place, offset) in groups.offsets.offsets(request.group) {
                if topics.last?.name != place.topic { topics.append((place.topic, [])) }
                topics[topics.count - 1].partitions.append((place.partition, offset))
            }
        }
        OffsetFetchResponse(topics: topics).write(to: &writer, version: version)
    }

    func describeGroups(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let names = try reader.array { reader throws(WireError) in try reader.string() }
        let described = names.map { name in
            let hasOffsets = groups.offsets.offsets(name).isEmpty == false
            return groups.look(name) { group in Self.describe(name, group, hasOffsets: hasOffsets) }
        }
        DescribeGroupsResponse(groups: described).write(to: &writer, version: version)
    }

    private static func describe(
        _ name: String, _ group: Group?, hasOffsets: Bool
    ) -> DescribeGroupsResponse.Group {
        guard let group else {
            return DescribeGroupsResponse.Group(
                name: name, state: hasOffsets ? "Empty" : "Dead",
                protocolType: hasOffsets ? "consumer" : "", protocolName: "", members: [])
        }
        let members = group.order.compactMap { group.members[$0] }.map { member in
            DescribeGroupsResponse.Member(
                id: member.id, client: member.client, host: member.host,
                metadata: member.protocols.first { $0.name == group.protocolName }?.metadata ?? [],
                assignment: member.assignment)
        }
        return DescribeGroupsResponse.Group(
            name: name, state: group.state.rawValue, protocolType: group.protocolType,
            protocolName: group.protocolName, members: members)
    }

    /// Everything about producer ids and transactions.
    func transact(
        _ api: API, _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        switch api {
        case .initProducerID:
            transactions.initialize(try InitProducerIDRequest(from: &reader)).write(to: &writer)
        case .addPartitionsToTransaction:
            transactions.add(try AddPartitionsRequest(from: &reader))
                .write(to: &writer, throttled: true)
        case .addOffsetsToTransaction:
            let error = transactions.add(try AddOffsetsRequest(from: &reader))
            ErrorResponse(error: error).write(to: &writer, throttled: true)
        case .endTransaction:
            let error = transactions.end(try EndTransactionRequest(from: &reader))
            ErrorResponse(error: error).write(to: &writer, throttled: true)
        case .transactionOffsetCommit:
            transactions.add(try TransactionOffsetsRequest(from: &reader, version: version))
                .write(to: &writer, throttled: true)
        default: preconditionFailure("\(api) has nothing to do with transactions")
        }
    }
}
