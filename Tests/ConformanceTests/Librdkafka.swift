import CRdKafka
import Glibc

/// librdkafka 2.0.2 as it is, for what `Kafka` has no call.
enum Librdkafka {
    static func configuration(_ settings: [String: String]) throws -> OpaquePointer {
        guard let configuration = rd_kafka_conf_new() else { throw Stuck("no configuration") }
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            var reason = [CChar](repeating: 0, count: 256)
            let result = rd_kafka_conf_set(configuration, name, value, &reason, reason.count)
            guard result == RD_KAFKA_CONF_OK else { throw Stuck("set \(name): \(text(reason))") }
        }
        return configuration
    }

    static func client(
        _ type: rd_kafka_type_t, _ configuration: OpaquePointer
    ) throws -> OpaquePointer {
        var reason = [CChar](repeating: 0, count: 256)
        guard let client = rd_kafka_new(type, configuration, &reason, reason.count) else {
            rd_kafka_conf_destroy(configuration)
            throw Stuck("new client: \(text(reason))")
        }
        return client
    }

    static func name(_ code: rd_kafka_resp_err_t) -> String {
        String(cString: rd_kafka_err2name(code))
    }

    /// The name of an error, or "ok"; destroys it.
    static func outcome(_ error: OpaquePointer?) -> String {
        guard let error else { return "ok" }
        defer { rd_kafka_error_destroy(error) }
        let isFatal = rd_kafka_error_is_fatal(error) != 0 ? ", fatal" : ""
        return name(rd_kafka_error_code(error)) + isFatal
    }

    static func bytes(_ pointer: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
        pointer.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
    }

    private static func text(_ characters: [CChar]) -> String {
        String(
            decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// A place in a partition.
struct Place: Hashable {
    let topic: String
    let partition: Int32
    var offset: Int64 = -1_001
}

extension Librdkafka {
    /// Runs `body` with a list of `places`, and reads the list afterwards.
    @discardableResult
    static func withList<Value>(
        _ places: [Place],
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) throws -> Value
    ) rethrows -> (value: Value, places: [Place]) {
        guard let list = rd_kafka_topic_partition_list_new(Int32(places.count)) else {
            preconditionFailure("no list")
        }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for place in places {
            rd_kafka_topic_partition_list_add(list, place.topic, place.partition).pointee.offset =
                place.offset
        }
        let value = try body(list)
        return (value, read(list))
    }

    static func read(
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) -> [Place] {
        (0..<Int(list.pointee.cnt)).map { index in
            let element = list.pointee.elems[index]
            return Place(
                topic: String(cString: element.topic), partition: element.partition,
                offset: element.offset)
        }
    }
}

/// A record as a client sends it.
struct Sent {
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [(name: String, value: [UInt8]?)] = []
    var timestampMs: Int64 = 0

    init(
        _ key: String?, _ value: String?, headers: [(String, String?)] = [],
        atMs timestampMs: Int64 = 0
    ) {
        self.key = key.map { Array($0.utf8) }
        self.value = value.map { Array($0.utf8) }
        self.headers = headers.map { ($0.0, $0.1.map { Array($0.utf8) }) }
        self.timestampMs = timestampMs
    }
}

/// Writes records, one producer of librdkafka.
final class RecordProducer {
    let client: OpaquePointer
    private let reports = Reports()

    /// Where each record went, or why it went nowhere, in the order in which it was told.
    private final class Reports {
        var outcomes: [String] = []
    }

    init(_ site: Site, _ settings: [String: String] = [:]) throws {
        let standard = ["bootstrap.servers": site.servers, "linger.ms": "50"]
        let configuration = try Librdkafka.configuration(standard.merging(settings) { $1 })
        rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(reports).toOpaque())
        rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
            guard let message = message?.pointee, let opaque else { return }
            let reports = Unmanaged<Reports>.fromOpaque(opaque).takeUnretainedValue()
            reports.outcomes.append(
                message.err == RD_KAFKA_RESP_ERR_NO_ERROR
                    ? "offset \(message.offset)" : Librdkafka.name(message.err))
        }
        client = try Librdkafka.client(RD_KAFKA_PRODUCER, configuration)
    }

    deinit { rd_kafka_destroy(client) }

    func send(_ record: Sent, to topic: String, partition: Int32 = 0) throws {
        guard let name = strdup(topic) else { return }
        defer { free(name) }
        let headers = record.headers.isEmpty ? nil : rd_kafka_headers_new(record.headers.count)
        for header in record.headers {
            withPointer(header.value) { pointer, count in
                _ = rd_kafka_header_add(headers, header.name, -1, pointer, count)
            }
        }
        let error = withPointer(record.key) { key, keyCount in
            withPointer(record.value) { value, valueCount in
                var fields = [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 7)
                fields[0].vtype = RD_KAFKA_VTYPE_TOPIC
                fields[0].u.cstr = UnsafePointer(name)
                fields[1].vtype = RD_KAFKA_VTYPE_PARTITION
                fields[1].u.i32 = partition
                fields[2].vtype = RD_KAFKA_VTYPE_VALUE
                fields[2].u.mem = .init(
                    ptr: UnsafeMutableRawPointer(mutating: value), size: valueCount)
                fields[3].vtype = RD_KAFKA_VTYPE_KEY
                fields[3].u.mem = .init(
                    ptr: UnsafeMutableRawPointer(mutating: key), size: keyCount)
                fields[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP
                fields[4].u.i64 = record.timestampMs
                fields[5].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                fields[5].u.i = RD_KAFKA_MSG_F_COPY
                fields[6].vtype = RD_KAFKA_VTYPE_HEADERS
                fields[6].u.headers = headers
                return rd_kafka_produceva(client, &fields, headers == nil ? 6 : 7)
            }
        }
        guard error == nil else { throw Stuck("send: \(Librdkafka.outcome(error))") }
    }

    /// Waits for all reports, and takes them.
    @discardableResult
    func flush() throws -> [String] {
        guard rd_kafka_flush(client, 60_000) == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw Stuck("flush")
        }
        defer { reports.outcomes = [] }
        return reports.outcomes
    }

    private func withPointer<Value>(
        _ bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> Value
    ) -> Value {
        guard let bytes else { return body(nil, 0) }
        // An empty one must have an address, to be no null.
        return (bytes + [0]).withUnsafeBytes { body($0.baseAddress, bytes.count) }
    }
}
