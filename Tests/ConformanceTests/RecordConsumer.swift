import CRdKafka

/// A record as a consumer sees it.
struct Seen {
    let place: Place
    let key: [UInt8]?
    let value: [UInt8]?
    let headers: [(name: String, value: [UInt8]?)]
    let timestampMs: Int64
    let hasAppendTime: Bool

    /// All of it in a line.
    var line: String { Seen.line(place.offset, key, value, headers, timestampMs) }

    static func line(
        _ offset: Int64, _ key: [UInt8]?, _ value: [UInt8]?,
        _ headers: [(name: String, value: [UInt8]?)], _ timestampMs: Int64
    ) -> String {
        let tail = headers.map { "\($0.name)=\(text($0.value))" }.joined(separator: ",")
        return "\(offset) \(text(key)) \(text(value)) [\(tail)] \(timestampMs)"
    }

    static func text(_ bytes: [UInt8]?) -> String {
        bytes.map { "'\(String(decoding: $0, as: UTF8.self))'" } ?? "null"
    }
}

/// Reads records, one consumer of librdkafka; alone or in a group.
final class RecordConsumer {
    let client: OpaquePointer
    private let rebalances = Rebalances()

    fileprivate final class Rebalances {
        var assigned: Set<Place> = []
        var events: [String] = []
    }

    init(_ site: Site, _ settings: [String: String] = [:]) throws {
        let standard = [
            "bootstrap.servers": site.servers, "group.id": "alone",
            "enable.auto.commit": "false", "auto.offset.reset": "earliest",
            "enable.partition.eof": "true", "session.timeout.ms": "6000",
            "heartbeat.interval.ms": "200", "fetch.wait.max.ms": "50",
            "allow.auto.create.topics": "false",
        ]
        let configuration = try Librdkafka.configuration(standard.merging(settings) { $1 })
        rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(rebalances).toOpaque())
        rd_kafka_conf_set_rebalance_cb(configuration) { client, code, list, opaque in
            guard let client, let list, let opaque else { return }
            Unmanaged<Rebalances>.fromOpaque(opaque).takeUnretainedValue()
                .handle(client, gives: code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, list)
        }
        client = try Librdkafka.client(RD_KAFKA_CONSUMER, configuration)
        rd_kafka_poll_set_consumer(client)
    }

    deinit { rd_kafka_destroy(client) }

    /// The partitions that the group gave it.
    var assigned: [Int32] { rebalances.assigned.map(\.partition).sorted() }
    /// How many partitions came and went, in order.
    var events: [String] { rebalances.events }

    func subscribe(_ topics: [String]) throws {
        let code = Librdkafka.withList(topics.map { Place(topic: $0, partition: -1) }) {
            rd_kafka_subscribe(client, $0)
        }.value
        try check(code, "subscribe")
    }

    func assign(_ places: [Place]) throws {
        try check(Librdkafka.withList(places) { rd_kafka_assign(client, $0) }.value, "assign")
    }

    enum Polled {
        case record(Seen)
        case end(Int32)
        case failure(String)
    }

    func poll(ms: Int32 = 50) -> Polled? {
        guard let message = rd_kafka_consumer_poll(client, ms) else { return nil }
        defer { rd_kafka_message_destroy(message) }
        let code = message.pointee.err
        if code == RD_KAFKA_RESP_ERR__PARTITION_EOF { return .end(message.pointee.partition) }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return .failure(Librdkafka.name(code)) }
        return .record(seen(message))
    }

    /// All records from the places on to the ends of their partitions.
    func readAll(_ places: [Place]) throws -> [Seen] {
        try assign(places)
        var records: [Seen] = []
        var open = Set(places.map(\.partition))
        try await_("the ends of \(places)") {
            switch poll() {
            case .record(let record): records.append(record)
            case .end(let partition): open.remove(partition)
            case .failure(let name): throw Stuck("read \(places): \(name)")
            case nil: break
            }
            return open.isEmpty
        }
        return records
    }

    func readAll(_ topic: String) throws -> [Seen] {
        try readAll([Place(topic: topic, partition: 0, offset: 0)])
    }

    func close() { rd_kafka_consumer_close(client) }

    func commit(_ places: [Place]) -> String {
        let code = Librdkafka.withList(places) { rd_kafka_commit(client, $0, 0) }.value
        return code == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : Librdkafka.name(code)
    }

    /// -1001 where nothing was.
    func committed(_ topic: String, _ partitions: [Int32]) throws -> [Int64] {
        let places = partitions.map { Place(topic: topic, partition: $0) }
        let (code, found) = Librdkafka.withList(places) { rd_kafka_committed(client, $0, 30_000) }
        try check(code, "ask for committed offsets")
        return found.map(\.offset)
    }

    func offset(of topic: String, atMs timestampMs: Int64) throws -> Int64 {
        let place = Place(topic: topic, partition: 0, offset: timestampMs)
        let (code, found) = Librdkafka.withList([place]) {
            rd_kafka_offsets_for_times(client, $0, 30_000)
        }
        try check(code, "ask for the offset at \(timestampMs)")
        return found[0].offset
    }

    func watermarks(_ topic: String, _ partition: Int32 = 0) throws -> (Int64, Int64) {
        var (low, high): (Int64, Int64) = (-1, -1)
        try check(
            rd_kafka_query_watermark_offsets(client, topic, partition, &low, &high, 30_000),
            "ask for watermarks")
        return (low, high)
    }

    private func check(_ code: rd_kafka_resp_err_t, _ attempt: String) throws {
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw Stuck("\(attempt): \(Librdkafka.name(code))")
    }

    private func seen(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> Seen {
        var headers: [(name: String, value: [UInt8]?)] = []
        var list: OpaquePointer?
        if rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR {
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            while rd_kafka_header_get_all(list, headers.count, &name, &value, &size)
                == RD_KAFKA_RESP_ERR_NO_ERROR, let found = name
            {
                headers.append((String(cString: found), Librdkafka.bytes(value, size)))
            }
        }
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestampMs = rd_kafka_message_timestamp(message, &type)
        let it = message.pointee
        return Seen(
            place: Place(
                topic: String(cString: rd_kafka_topic_name(it.rkt)), partition: it.partition,
                offset: it.offset),
            key: Librdkafka.bytes(it.key, it.key_len),
            value: Librdkafka.bytes(it.payload, it.len), headers: headers,
            timestampMs: timestampMs, hasAppendTime: type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME)
    }
}

extension RecordConsumer.Rebalances {
    fileprivate func handle(
        _ client: OpaquePointer, gives: Bool,
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) {
        let places = Set(
            Librdkafka.read(list).map { Place(topic: $0.topic, partition: $0.partition) })
        let protocolName = rd_kafka_rebalance_protocol(client).map { String(cString: $0) }
        let isCooperative = protocolName == "COOPERATIVE"
        events.append("\(gives ? "+" : "-")\(places.count)")
        if gives {
            assigned.formUnion(places)
            if isCooperative {
                _ = Librdkafka.outcome(rd_kafka_incremental_assign(client, list))
            } else {
                rd_kafka_assign(client, list)
            }
        } else {
            assigned.subtract(places)
            if isCooperative {
                _ = Librdkafka.outcome(rd_kafka_incremental_unassign(client, list))
            } else {
                rd_kafka_assign(client, nil)
            }
        }
    }
}
