/// What a connection does with a request.
enum Answer {
    case respond(WireWriter)
    /// A producer that wants no acknowledgement.
    case silence
    case close(String)
}

/// Takes each request to the part of the broker that serves it.
final class RequestHandler: Sendable {
    let configuration: BrokerConfiguration
    let endpoint: Endpoint
    let topics: TopicRegistry
    let groups: GroupCoordinator
    let transactions: TransactionCoordinator
    let fetches: FetchRegistry

    init(
        _ configuration: BrokerConfiguration, endpoint: Endpoint, topics: TopicRegistry,
        groups: GroupCoordinator, transactions: TransactionCoordinator, fetches: FetchRegistry
    ) {
        self.configuration = configuration
        self.endpoint = endpoint
        self.topics = topics
        self.groups = groups
        self.transactions = transactions
        self.fetches = fetches
    }

    func answer(_ bytes: UnsafeMutableRawBufferPointer, for connection: Connection) -> Answer {
        var reader = unsafe WireReader(bytes)
        do throws(WireError) {
            let header = try RequestHeader(from: &reader)
            connection.note(client: header.client)
            guard let api = API(rawValue: header.key) else {
                return .close("a request of unknown kind \(header.key)")
            }
            var writer = WireWriter()
            writer.int32(0)  // the size, below
            writer.int32(header.correlation)
            if api == .apiVersions {
                let isKnown = api.versions.contains(header.version)
                // A newer client is answered in the oldest form, and comes again with that. The
                // header of this response is never flexible: it is read before versions are known.
                writer.isFlexible = isKnown && api.isFlexible(header.version)
                APIVersionsResponse(error: isKnown ? .none : .unsupportedVersion)
                    .write(to: &writer, version: isKnown ? header.version : 0)
            } else {
                guard api.versions.contains(header.version) else {
                    return .close("version \(header.version) of \(api) is not served")
                }
                writer.isFlexible = api.isFlexible(header.version)
                writer.tags()
                let request = Request(
                    api: api, version: header.version, client: connection.client,
                    host: connection.host)
                if let other = try answer(request, &reader, &writer) { return other }
            }
            guard let size = Int32(exactly: writer.count - 4) else {
                return .close("an answer of \(writer.count) bytes, more than a length can say")
            }
            writer.overwrite(at: 0, int32: size)
            return .respond(writer)
        } catch {
            return .close("a request that cannot be read: \(error)")
        }
    }

    /// Which request is answered, and for whom.
    struct Request {
        let api: API
        let version: Int16
        let client: String
        let host: String
    }

    /// Writes the response; what else to do when there is none.
    private func answer(
        _ request: Request, _ reader: inout WireReader, _ writer: inout WireWriter
    ) throws(WireError) -> Answer? {
        let version = request.version
        switch request.api {
        case .produce: return try produce(&reader, &writer, version)
        case .fetch: try fetch(&reader, &writer, version)
        case .listOffsets: try listOffsets(&reader, &writer, version)
        case .metadata: try metadata(&reader, &writer, version)
        case .createTopics: try createTopics(&reader, &writer, version)
        case .deleteTopics: try deleteTopics(&reader, &writer, version)
        case .createPartitions: try createPartitions(&reader, &writer)
        case .deleteRecords: try deleteRecords(&reader, &writer)
        case .describeLogFolders: try describeLogFolders(&reader, &writer)
        case .describeConfigs: try describeConfigs(&reader, &writer, version)
        case .alterConfigs: try alterConfigs(&reader, &writer, incremental: false)
        case .incrementalAlterConfigs: try alterConfigs(&reader, &writer, incremental: true)
        case .describeCluster:
            DescribeClusterResponse(broker: endpoint).write(to: &writer, version: version)
        case .findCoordinator:
            FindCoordinatorResponse(broker: endpoint).write(to: &writer, version: version)
        case .joinGroup: try joinGroup(&reader, &writer, request)
        case .syncGroup: try syncGroup(&reader, &writer, version)
        case .heartbeat: try heartbeat(&reader, &writer, version)
        case .leaveGroup: try leaveGroup(&reader, &writer, version)
        case .offsetCommit: try offsetCommit(&reader, &writer, version)
        case .offsetFetch: try offsetFetch(&reader, &writer, version)
        case .listGroups: try listGroups(&reader, &writer, version)
        case .describeGroups: try describeGroups(&reader, &writer, version)
        case .deleteGroups: try deleteGroups(&reader, &writer)
        case .offsetDelete: try deleteOffsets(&reader, &writer)
        case .initProducerID, .addPartitionsToTransaction, .addOffsetsToTransaction,
            .endTransaction, .transactionOffsetCommit:
            try transact(request.api, &reader, &writer, version)
        case .apiVersions: preconditionFailure("answered before")
        }
        return nil
    }
}
