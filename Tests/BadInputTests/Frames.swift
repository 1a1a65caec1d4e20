@testable import Brokerage

/// Requests as clients write them: one of each kind and version, without the size in front.
enum Frames {
    static let topic = "events"
    static let compacted = "states"
    static let group = "readers"
    static let transaction = "copier"

    static let all: [[UInt8]] = API.allCases.flatMap { api in
        api.versions.map { version in
            var writer = WireWriter()
            writer.int16(api.rawValue)
            writer.int16(version)
            writer.int32(7)
            writer.string("client")
            write(api, version, to: &writer)
            return writer.bytes
        }
    }

    private static func write(_ api: API, _ version: Int16, to writer: inout WireWriter) {
        switch api {
        case .produce: produce(version, &writer)
        case .fetch: fetch(version, &writer)
        case .listOffsets:
            writer.int32(-1)
            if version >= 2 { writer.int8(1) }
            places(&writer) { writer in
                writer.int64(1_574_000_000_000)
                if version == 0 { writer.int32(1) }
            }
        case .metadata:
            writer.array([topic, "unknown"]) { $1.string($0) }
            if version >= 4 { writer.bool(false) }
        case .createTopics: createTopics(version, &writer)
        case .deleteTopics:
            writer.array(["temporary"]) { $1.string($0) }
            writer.int32(1_000)
        case .describeConfigs:
            writer.array([(Int8(2), topic), (4, "1")]) { resource, writer in
                writer.int8(resource.0)
                writer.string(resource.1)
                writer.array(["cleanup.policy"]) { $1.string($0) }
            }
            if version >= 1 { writer.bool(true) }
        case .findCoordinator:
            writer.string(group)
            if version >= 1 { writer.int8(0) }
        case .joinGroup, .syncGroup, .heartbeat, .leaveGroup: membership(api, version, &writer)
        case .offsetCommit, .offsetFetch: offsets(api, version, &writer)
        case .listGroups, .apiVersions: break
        case .describeGroups: writer.array([group, "none"]) { $1.string($0) }
        default: transact(api, version, &writer)
        }
    }

    private static func produce(_ version: Int16, _ writer: inout WireWriter) {
        if version >= 3 { writer.string(nil) }
        writer.int16(version % 2 == 0 ? -1 : 0)
        writer.int32(1_000)
        writer.array([topic, compacted]) { name, writer in
            writer.string(name)
            writer.array([Int32(0)]) { partition, writer in
                writer.int32(partition)
                writer.byteArray(Batches.all[Int(version) % Batches.all.count])
            }
        }
    }

    private static func fetch(_ version: Int16, _ writer: inout WireWriter) {
        writer.int32(-1)
        writer.int32(500)
        writer.int32(1)
        if version >= 3 { writer.int32(1 << 20) }
        if version >= 4 { writer.int8(1) }
        if version >= 7 {
            writer.int32(0)
            writer.int32(-1)
        }
        places(&writer) { writer in
            if version >= 9 { writer.int32(0) }
            writer.int64(0)
            if version >= 5 { writer.int64(-1) }
            writer.int32(1 << 20)
        }
        if version >= 7 { writer.int32(0) }
        if version >= 11 { writer.string("") }
    }

    private static func createTopics(_ version: Int16, _ writer: inout WireWriter) {
        writer.array([("temporary", false), ("placed", true)]) { topic, writer in
            writer.string(topic.0)
            writer.int32(topic.1 ? -1 : 2)
            writer.int16(topic.1 ? -1 : 1)
            writer.array(topic.1 ? [Int32(0)] : []) { partition, writer in
                writer.int32(partition)
                writer.array([Int32(1)]) { $1.int32($0) }
            }
            writer.array([("cleanup.policy", "compact"), ("retention.ms", "-1")]) { entry, writer in
                writer.string(entry.0)
                writer.string(entry.1)
            }
        }
        writer.int32(1_000)
        if version >= 1 { writer.bool(true) }
    }

    private static func membership(_ api: API, _ version: Int16, _ writer: inout WireWriter) {
        writer.string(group)
        switch api {
        case .joinGroup:
            writer.int32(10_000)
            if version >= 1 { writer.int32(10_000) }
            writer.string("")
            if version >= 5 { writer.string("instance") }
            writer.string("consumer")
            writer.array(["range", "cooperative-sticky"]) { name, writer in
                writer.string(name)
                writer.byteArray([0, 1, 0, 0, 0, 1, 0, 6] + Array(topic.utf8))
            }
        case .leaveGroup where version >= 3:
            writer.array(["member"]) { member, writer in
                writer.string(member)
                writer.string(nil)
            }
        case .leaveGroup: writer.string("member")
        default:
            writer.int32(1)
            writer.string("member")
            if version >= 3 { writer.string(nil) }
            guard api == .syncGroup else { return }
            writer.array(["member"]) { member, writer in
                writer.string(member)
                writer.byteArray([0, 1, 0, 0, 0, 0])
            }
        }
    }

    private static func offsets(_ api: API, _ version: Int16, _ writer: inout WireWriter) {
        writer.string(group)
        guard api == .offsetCommit else { return places(&writer) { _ in } }
        if version >= 1 {
            writer.int32(-1)
            writer.string("")
            if version >= 7 { writer.string(nil) }
        }
        if (2...4).contains(version) { writer.int64(-1) }
        places(&writer) { writer in
            writer.int64(12)
            if version >= 6 { writer.int32(0) }
            if version == 1 { writer.int64(-1) }
            writer.string("note")
        }
    }

    private static func transact(_ api: API, _ version: Int16, _ writer: inout WireWriter) {
        writer.string(transaction)
        switch api {
        case .initProducerID: return writer.int32(60_000)
        case .transactionOffsetCommit: writer.string(group)
        default: break
        }
        // The first id that is given out.
        writer.int64(1)
        writer.int16(0)
        switch api {
        case .addPartitionsToTransaction: places(&writer) { _ in }
        case .addOffsetsToTransaction: writer.string(group)
        case .endTransaction: writer.bool(true)
        default:
            places(&writer) { writer in
                writer.int64(3)
                if version >= 2 { writer.int32(0) }
                writer.string("note")
            }
        }
    }

    /// A topic and a partition of it, with what follows that.
    private static func places(
        _ writer: inout WireWriter, _ rest: (inout WireWriter) -> Void
    ) {
        writer.array([topic]) { name, writer in
            writer.string(name)
            writer.array([Int32(0)]) { partition, writer in
                writer.int32(partition)
                rest(&writer)
            }
        }
    }
}

/// Record batches as producers write them.
enum Batches {
    static let all: [[UInt8]] = Codec.allCases.flatMap { codec in
        [batch(codec), batch(codec, producer: 1, sequence: 0)]
    }

    /// Of no producer unless one is given; the time is fixed, for seeds to mean the same.
    static func batch(
        _ codec: Codec, producer: Int64 = -1, sequence: Int32 = -1, transactional: Bool = false,
        values: [String] = ["first", "", "the third, a little longer than the others"],
        deltaMs: Int64 = 10
    ) -> [UInt8] {
        var header = RecordBatchHeader.blank
        header.attributes = codec.rawValue | (transactional ? 0x10 : 0)
        header.lastOffsetDelta = Int32(values.count - 1)
        header.baseTimestampMs = 1_574_000_000_000
        header.maxTimestampMs = header.baseTimestampMs + 20
        header.producerID = producer
        header.producerEpoch = producer < 0 ? -1 : 0
        header.baseSequence = sequence
        let records = values.enumerated().map { place, value in
            Record(
                offsetDelta: Int32(place), timestampDeltaMs: Int64(place) * deltaMs,
                key: Array("key-\(place)".utf8), value: value.isEmpty ? nil : Array(value.utf8),
                headers: [0])
        }
        do throws(Codec.Failure) { return try Records.encode(records, like: header) } catch {
            preconditionFailure("encode a batch: \(error)")
        }
    }

    /// With the length and the checksum that its bytes have: past what is checked first.
    static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= RecordBatchHeader.size else { return bytes }
        var repaired = bytes
        func write(_ value: UInt32, at place: Int) {
            for i in 0..<4 {
                repaired[place + i] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * i))
            }
        }
        write(UInt32(bytes.count - RecordBatchHeader.lengthOverhead), at: 8)
        repaired[16] = 2
        let covered = Array(repaired[RecordBatchHeader.checksumStart...])
        write(CRC32C.checksum(covered), at: 17)
        return repaired
    }
}

extension RecordBatchHeader {
    static var blank: RecordBatchHeader {
        var header = [UInt8](repeating: 0, count: size)
            .withUnsafeBytes { RecordBatchHeader($0.baseAddress!) }
        header.magic = 2
        return header
    }
}
