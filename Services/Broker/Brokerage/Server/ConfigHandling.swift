/// DescribeConfigs, AlterConfigs, IncrementalAlterConfigs.
extension RequestHandler {
    private typealias Entry = DescribeConfigsResponse.Entry

    func describeConfigs(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try DescribeConfigsRequest(from: &reader, version: version)
        let described = request.resources.map { resource, names in
            var error = ErrorCode.none
            var entries: [Entry] = []
            switch resource.type {
            case ConfiguredResource.topic:
                if let topic = topics.topic(resource.name) {
                    entries = describe(topic.configuration, request.includesSynonyms)
                } else {
                    error =
                        TopicRegistry.isName(resource.name)
                        ? .unknownTopicOrPartition : .invalidTopic
                }
            case ConfiguredResource.broker:
                if resource.name.isEmpty || resource.name == "\(Endpoint.nodeID)" {
                    entries = describeBroker()
                } else {
                    error = .invalidRequest
                }
            default: error = .invalidRequest
            }
            if let names { entries.removeAll { !names.contains($0.name) } }
            return DescribeConfigsResponse.Resource(
                error: error, message: nil, resource: resource, entries: entries)
        }
        DescribeConfigsResponse(resources: described).write(to: &writer, version: version)
    }

    private func describe(
        _ settings: TopicConfiguration, _ includesSynonyms: Bool
    ) -> [Entry] {
        let standard = TopicConfiguration(defaults: configuration)
        return TopicConfiguration.Key.allCases.map { key in
            let given = settings.given.first { $0.key == key }
            // A list is told as it was given.
            let listed = key.type == .list ? given?.value : nil
            let value = listed ?? settings.value(key)
            var entry = Entry(
                name: key.rawValue, value: value,
                source: given == nil ? .standard : .topic, type: key.type)
            guard includesSynonyms else { return entry }
            if given != nil {
                entry.synonyms.append((key.rawValue, value, .topic))
            }
            if let name = key.brokerName {
                entry.synonyms.append((name, standard.value(key), .standard))
            }
            return entry
        }
    }

    private func describeBroker() -> [Entry] {
        let values: [(String, String, DescribeConfigsResponse.ValueType)] = [
            ("auto.create.topics.enable", "\(configuration.autoCreateTopics)", .boolean),
            (
                "group.initial.rebalance.delay.ms", "\(configuration.initialRebalanceDelayMs)",
                .integer
            ),
            ("log.flush.interval.ms", "\(configuration.fsyncIntervalMs)", .long),
            ("log.retention.bytes", "\(configuration.retentionBytes)", .long),
            ("log.retention.check.interval.ms", "\(configuration.cleaningIntervalMs)", .long),
            ("log.retention.ms", "\(configuration.retentionMs)", .long),
            ("log.segment.bytes", "\(configuration.segmentBytes)", .integer),
            ("max.connections", "\(configuration.connectionsMax)", .integer),
            ("message.max.bytes", "\(configuration.messageBytesMax)", .integer),
            ("num.partitions", "\(configuration.partitionsDefault)", .integer),
        ]
        return values.map { Entry(name: $0, value: $1, source: .brokerStart, type: $2) }
    }

    func alterConfigs(
        _ reader: inout WireReader, _ writer: inout WireWriter, incremental: Bool
    ) throws(WireError) {
        let request = try AlterConfigsRequest(from: &reader, incremental: incremental)
        let altered = request.resources.map {
            resource, changes -> (ConfiguredResource, ErrorCode, String?) in
            do throws(TopicRegistry.Refusal) {
                guard resource.type == ConfiguredResource.topic else {
                    throw TopicRegistry.Refusal(
                        error: .invalidRequest,
                        reason: "only the settings of topics change while the broker runs")
                }
                let defaults = TopicConfiguration(defaults: configuration)
                try topics.configure(resource.name, validateOnly: request.validateOnly) {
                    given throws(TopicRegistry.Refusal) in
                    guard incremental else { return changes.map { ($0.name, $0.value) } }
                    return try Self.apply(changes, to: given, defaults: defaults)
                }
                return (resource, .none, nil)
            } catch {
                return (resource, error.error, error.reason)
            }
        }
        AlterConfigsResponse(resources: altered).write(to: &writer)
    }

    private static func apply(
        _ changes: [AlterConfigsRequest.Change], to given: [(String, String?)],
        defaults: TopicConfiguration
    ) throws(TopicRegistry.Refusal) -> [(String, String?)] {
        var entries = given
        for change in changes {
            guard let key = TopicConfiguration.Key(rawValue: change.name) else {
                throw TopicRegistry.Refusal(
                    error: .invalidConfig, reason: "unknown topic config \"\(change.name)\"")
            }
            let present = entries.first { $0.0 == change.name }?.1
            entries.removeAll { $0.0 == change.name }
            switch change.operation {
            case .set: entries.append((change.name, change.value))
            case .delete: break
            case .append where key.type == .list, .subtract where key.type == .list:
                let words = (change.value ?? "").split(separator: ",")
                var list = (present ?? defaults.value(key)).split(separator: ",")
                list.removeAll(where: words.contains)
                if change.operation == .append { list += words }
                entries.append((change.name, list.joined(separator: ",")))
            default:
                throw TopicRegistry.Refusal(
                    error: key.type == .list ? .invalidRequest : .invalidConfig,
                    reason: "\(change.name) cannot be changed so")
            }
        }
        return entries
    }
}
