/// Metadata, CreateTopics, DeleteTopics, CreatePartitions, DeleteRecords, DescribeLogDirs.
extension RequestHandler {
    func metadata(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try MetadataRequest(from: &reader, version: version)
        // Each once: a short request cannot ask for the same long answer over and over.
        var seen: Set<String> = []
        let names = (request.topics ?? topics.all.map(\.name)).filter { seen.insert($0).inserted }
        let described = names.map { name in
            let mayCreate = request.topics != nil && request.autoCreate
            let topic = mayCreate ? topicCreatedIfConfigured(name) : topics.topic(name)
            let missing: ErrorCode =
                TopicRegistry.isName(name) ? .unknownTopicOrPartition : .invalidTopic
            return MetadataResponse.Topic(
                error: topic == nil ? missing : .none, name: name,
                partitions: topic?.partitions.count ?? 0)
        }
        MetadataResponse(broker: endpoint, topics: described)
            .write(to: &writer, version: version)
    }

    func topicCreatedIfConfigured(_ name: String) -> Topic? {
        if let topic = topics.topic(name) { return topic }
        guard configuration.autoCreateTopics else { return nil }
        // Refused, or another request was faster: either way what there is now counts.
        try? topics.create(name, partitions: nil, [], validateOnly: false)
        return topics.topic(name)
    }

    func createTopics(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try CreateTopicsRequest(from: &reader, version: version)
        let created = request.topics.map { topic -> (String, ErrorCode, String?) in
            do throws(TopicRegistry.Refusal) {
                try topics.create(
                    topic.name, partitions: try Self.partitions(topic), topic.configuration,
                    validateOnly: request.validateOnly)
                return (topic.name, .none, nil)
            } catch {
                return (topic.name, error.error, error.reason)
            }
        }
        CreateTopicsResponse(topics: created).write(to: &writer, version: version)
    }

    /// How many partitions are asked for; nil leaves it to the broker.
    private static func partitions(
        _ topic: CreateTopicsRequest.Topic
    ) throws(TopicRegistry.Refusal) -> Int? {
        if topic.assignments.isEmpty {
            guard topic.replicationFactor == 1 || topic.replicationFactor == -1 else {
                throw TopicRegistry.Refusal(
                    error: .invalidReplicationFactor,
                    reason: "there is one broker, so a replication factor of 1,"
                        + " not \(topic.replicationFactor)")
            }
            return topic.partitions == -1 ? nil : Int(topic.partitions)
        }
        let isWhole =
            topic.assignments.map(\.partition).sorted()
            == (0..<topic.assignments.count).map { Int32($0) }
        guard isWhole, topic.assignments.allSatisfy({ $0.brokers == [Endpoint.nodeID] }) else {
            throw TopicRegistry.Refusal(
                error: .invalidReplicaAssignment,
                reason: "every partition from 0 on has the one replica \(Endpoint.nodeID)")
        }
        return topic.assignments.count
    }

    func deleteTopics(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try DeleteTopicsRequest(from: &reader, version: version)
        let deleted = request.names.map { name in
            let error = topics.delete(name)
            if error == .none { groups.offsets.forget(topic: name) }
            return (name, error)
        }
        DeleteTopicsResponse(topics: deleted).write(to: &writer, version: version)
    }

    func createPartitions(
        _ reader: inout WireReader, _ writer: inout WireWriter
    ) throws(WireError) {
        let request = try CreatePartitionsRequest(from: &reader)
        let grown = request.topics.map { topic -> (String, ErrorCode, String?) in
            do throws(TopicRegistry.Refusal) {
                let present = topics.topic(topic.name)?.partitions.count ?? 0
                let isFit = topic.assignments?.allSatisfy { $0 == [Endpoint.nodeID] } ?? true
                if let assignments = topic.assignments,
                    !isFit || assignments.count != Int(topic.count) - present
                {
                    throw TopicRegistry.Refusal(
                        error: .invalidReplicaAssignment,
                        reason: "every new partition has the one replica \(Endpoint.nodeID)")
                }
                try topics.grow(
                    topic.name, to: Int(topic.count), validateOnly: request.validateOnly)
                return (topic.name, .none, nil)
            } catch {
                return (topic.name, error.error, error.reason)
            }
        }
        CreateTopicsResponse(topics: grown).write(to: &writer, version: 2)
    }

    func deleteRecords(
        _ reader: inout WireReader, _ writer: inout WireWriter
    ) throws(WireError) {
        let request = try DeleteRecordsRequest(from: &reader)
        let deleted = request.topics.map { topic in
            let partitions = topic.partitions.map { partition in
                let place = TopicPartition(topic: topic.name, partition: partition.index)
                do throws(ErrorCode) {
                    let start = try topics.deleteRecords(of: place, before: partition.offset)
                    return DeleteRecordsResponse.Partition(
                        index: partition.index, startOffset: start, error: .none)
                } catch {
                    return DeleteRecordsResponse.Partition(
                        index: partition.index, startOffset: -1, error: error)
                }
            }
            return (topic.name, partitions)
        }
        DeleteRecordsResponse(topics: deleted).write(to: &writer)
    }

    func describeLogFolders(
        _ reader: inout WireReader, _ writer: inout WireWriter
    ) throws(WireError) {
        let request = try DescribeLogFoldersRequest(from: &reader)
        let asked: [(name: String, partitions: [Int32]?)] =
            request.topics?.map { ($0.name, $0.partitions) } ?? topics.all.map { ($0.name, nil) }
        let described = asked.compactMap { name, indices in
            topics.topic(name).map { topic in
                let all = topic.partitions.indices.map { Int32($0) }
                return (
                    name,
                    (indices ?? all).compactMap { index in
                        topic.log(index).map { (index, $0.sizeBytes) }
                    }
                )
            }
        }
        DescribeLogFoldersResponse(folder: configuration.dataFolder, topics: described)
            .write(to: &writer)
    }
}

extension PartitionLog {
    fileprivate var sizeBytes: Int64 {
        monitor.locked { segments.reduce(0) { $0 + Int64($1.size) } }
    }
}
