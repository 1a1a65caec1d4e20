/// The requests that are served, with their versions.
///
/// Versions in the flexible encoding (KIP-482) only where a client would miss what they bring.
enum API: Int16, CaseIterable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    case metadata = 3
    case offsetCommit = 8
    case offsetFetch = 9
    case findCoordinator = 10
    case joinGroup = 11
    case heartbeat = 12
    case leaveGroup = 13
    case syncGroup = 14
    case describeGroups = 15
    case listGroups = 16
    case apiVersions = 18
    case createTopics = 19
    case deleteTopics = 20
    case deleteRecords = 21
    case initProducerID = 22
    case addPartitionsToTransaction = 24
    case addOffsetsToTransaction = 25
    case endTransaction = 26
    case transactionOffsetCommit = 28
    case describeConfigs = 32
    case alterConfigs = 33
    case describeLogFolders = 35
    case createPartitions = 37
    case deleteGroups = 42
    case incrementalAlterConfigs = 44
    case offsetDelete = 47
    case describeCluster = 60

    var versions: ClosedRange<Int16> {
        switch self {
        case .produce, .offsetCommit: 0...7
        case .fetch: 0...11
        case .metadata: 0...8
        case .listOffsets, .offsetFetch: 0...7
        case .joinGroup, .listGroups: 0...5
        case .createTopics, .describeGroups, .initProducerID: 0...4
        case .heartbeat, .leaveGroup, .syncGroup, .deleteTopics, .apiVersions: 0...3
        case .transactionOffsetCommit, .describeConfigs: 0...3
        case .findCoordinator, .addPartitionsToTransaction, .addOffsetsToTransaction: 0...2
        case .endTransaction: 0...2
        case .deleteRecords, .alterConfigs, .describeLogFolders, .createPartitions: 0...1
        case .deleteGroups, .describeCluster: 0...1
        case .incrementalAlterConfigs, .offsetDelete: 0...0
        }
    }

    /// The first version in the flexible encoding.
    private var flexibleFrom: Int16 {
        switch self {
        case .describeCluster: 0
        case .initProducerID: 2
        case .apiVersions, .listGroups, .transactionOffsetCommit: 3
        case .listOffsets, .offsetFetch: 6
        default: .max
        }
    }

    func isFlexible(_ version: Int16) -> Bool { version >= flexibleFrom }
}

/// The start of every request.
struct RequestHeader {
    let key: Int16
    let version: Int16
    let correlation: Int32
    let client: String

    init(from reader: inout WireReader) throws(WireError) {
        key = try reader.int16()
        version = try reader.int16()
        correlation = try reader.int32()
        client = try reader.nullableString() ?? ""
        // Of a version that is not served nothing more is read.
        guard let api = API(rawValue: key), api.versions.contains(version),
            api.isFlexible(version)
        else { return }
        reader.isFlexible = true
        try reader.tags()
    }
}

struct APIVersionsResponse {
    let error: ErrorCode

    func write(to writer: inout WireWriter, version: Int16) {
        writer.error(error)
        writer.array(API.allCases) { api, writer in
            writer.int16(api.rawValue)
            writer.int16(api.versions.lowerBound)
            writer.int16(api.versions.upperBound)
            writer.tags()
        }
        if version >= 1 { writer.int32(0) }
        writer.tags()
    }
}
