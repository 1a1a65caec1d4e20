/// The requests that are served, with their versions.
///
/// All are below the protocol's flexible encodings (KIP-482), so integers, strings, byte strings
/// and arrays with fixed-width lengths are the whole encoding.
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
    case initProducerID = 22
    case addPartitionsToTransaction = 24
    case addOffsetsToTransaction = 25
    case endTransaction = 26
    case transactionOffsetCommit = 28
    case describeConfigs = 32

    var versions: ClosedRange<Int16> {
        switch self {
        case .produce, .offsetCommit: 0...7
        case .fetch: 0...11
        case .metadata, .createTopics: 0...4
        case .offsetFetch, .joinGroup: 0...5
        case .heartbeat, .leaveGroup, .syncGroup, .deleteTopics: 0...3
        case .listOffsets, .findCoordinator, .describeGroups, .listGroups, .apiVersions: 0...2
        case .transactionOffsetCommit: 0...2
        case .initProducerID, .addPartitionsToTransaction, .addOffsetsToTransaction: 0...1
        case .endTransaction, .describeConfigs: 0...1
        }
    }
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
        }
        if version >= 1 { writer.int32(0) }
    }
}
