/// Metadata, CreateTopics, DeleteTopics, DescribeConfigs.
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

    func describeConfigs(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try DescribeConfigsRequest(from: &reader, version: version)
        let described = request.resources.map { resource in
            var error = ErrorCode.none
            var entries: [DescribeConfigsResponse.Entry] = []
            switch resource.type {
            case DescribeConfigsRequest.topicResource:
                if let topic = topics.topic(resource.name) {
                    entries = Self.describe(topic.configuration)
                } else {
                    error = .unknownTopicOrPartition
                }
            case DescribeConfigsRequest.brokerResource:
                if resource.name.isEmpty || resource.name == "\(Endpoint.nodeID)" {
                    entries = describeBroker()
                } else {
                    error = .invalidRequest
                }
            default: error = .invalidRequest
            }
            if let names = resource.names { entries.removeAll { !names.contains($0.name) } }
            return DescribeConfigsResponse.Resource(
                error: error, message: nil, type: resource.type, name: resource.name,
                entries: entries)
        }
        DescribeConfigsResponse(resources: described).write(to: &writer, version: version)
    }

    private static func describe(
        _ configuration: TopicConfiguration
    ) -> [DescribeConfigsResponse.Entry] {
        TopicConfiguration.Key.allCases.map { key in
            DescribeConfigsResponse.Entry(
                name: key.rawValue, value: configuration.value(key),
                isDefault: !configuration.given.contains { $0.key == key }, readOnly: false)
        }
    }

    private func describeBroker() -> [DescribeConfigsResponse.Entry] {
        [
            ("auto.create.topics.enable", "\(configuration.autoCreateTopics)"),
            ("group.initial.rebalance.delay.ms", "\(configuration.initialRebalanceDelayMs)"),
            ("log.flush.interval.ms", "\(configuration.fsyncIntervalMs)"),
            ("log.retention.bytes", "\(configuration.retentionBytes)"),
            ("log.retention.check.interval.ms", "\(configuration.cleaningIntervalMs)"),
            ("log.retention.ms", "\(configuration.retentionMs)"),
            ("log.segment.bytes", "\(configuration.segmentBytes)"),
            ("max.connections", "\(configuration.connectionsMax)"),
            ("message.max.bytes", "\(configuration.messageBytesMax)"),
            ("num.partitions", "\(configuration.partitionsDefault)"),
        ].map { name, value in
            DescribeConfigsResponse.Entry(
                name: name, value: value, isDefault: false, readOnly: true)
        }
    }
}
