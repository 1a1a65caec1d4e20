import Glibc

@testable import Brokerage

/// A client that says byte by byte what it is told to.
final class WireClient {
    struct Closed: Error {}

    private let descriptor: Int32
    private var correlation: Int32 = 0

    init(_ servers: String) throws {
        let port = servers.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard status == 0 else { throw Closed() }
    }

    convenience init(_ site: Site) throws { try self.init(site.servers) }

    deinit { close(descriptor) }

    /// Asks, and reads the response.
    func ask<Value>(
        _ api: API, _ version: Int16, _ body: (inout WireWriter) -> Void,
        read: (inout WireReader) throws(WireError) -> Value
    ) throws -> Value {
        try tell(api.rawValue, version, flexible: api.isFlexible(version), body)
        return try answer(api, version, read: read)
    }

    func tell(
        _ key: Int16, _ version: Int16, flexible: Bool = false,
        _ body: (inout WireWriter) -> Void
    ) throws {
        correlation += 1
        var writer = WireWriter()
        writer.int32(0)
        writer.int16(key)
        writer.int16(version)
        writer.int32(correlation)
        writer.string("conformance")
        writer.isFlexible = flexible
        writer.tags()
        body(&writer)
        writer.overwrite(at: 0, int32: Int32(writer.bytes.count - 4))
        try send(writer.bytes)
    }

    /// Reads the response to what was told.
    func answer<Value>(
        _ api: API, _ version: Int16, read: (inout WireReader) throws(WireError) -> Value
    ) throws -> Value {
        let size = Int(try receive(4).reduce(0) { $0 << 8 | UInt32($1) })
        var bytes = try receive(size)
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(WireError) in
                var reader = WireReader(buffer)
                _ = try reader.int32()
                reader.isFlexible = api.isFlexible(version)
                if api != .apiVersions { try reader.tags() }
                return try read(&reader)
            }
        }
        return try result.get()
    }

    /// Whether the broker closes the connection instead of answering.
    func isClosed() -> Bool { (try? receive(1)) == nil }

    private func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Closed() }
            sent += count
        }
    }

    private func receive(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var piece = [UInt8](repeating: 0, count: count - bytes.count)
            let received = recv(descriptor, &piece, piece.count, 0)
            guard received > 0 else { throw Closed() }
            bytes += piece[..<received]
        }
        return bytes
    }
}

/// A batch as a producer sends it.
struct Batch {
    var records: [Sent]
    var codec = Codec.none
    var producer = ProducerIdentity(id: -1, epoch: -1)
    var sequence: Int32 = -1
    var isTransactional = false

    init(_ values: [String?], key: String? = "k") { records = values.map { Sent(key, $0) } }

    var bytes: [UInt8] {
        get throws {
            var header = [UInt8](repeating: 0, count: RecordBatchHeader.size)
                .withUnsafeBytes { RecordBatchHeader($0.baseAddress.unsafelyUnwrapped) }
            let base = records.first?.timestampMs ?? 0
            header.attributes = codec.rawValue | (isTransactional ? 0x10 : 0)
            header.lastOffsetDelta = Int32(records.count - 1)
            header.baseTimestampMs = base
            header.maxTimestampMs = records.map(\.timestampMs).max() ?? base
            header.producerID = producer.id
            header.producerEpoch = producer.epoch
            header.baseSequence = sequence
            let opened = records.enumerated().map { index, record in
                Brokerage.Record(
                    offsetDelta: Int32(index), timestampDeltaMs: record.timestampMs - base,
                    key: record.key, value: record.value, headers: [0])
            }
            return try Records.encode(opened, like: header)
        }
    }
}

/// Apache Kafka says "wait a moment" (not loaded, no coordinator, concurrent transaction) where
/// the embedded broker has nothing to wait for: a client asks again, and so do programs.
let moments: Set<Int16> = [5, 6, 14, 15, 16, 51]

func patiently<Answer>(
    _ code: (Answer) -> Int16, _ body: () throws -> Answer
) throws -> Answer {
    var answer = try body()
    try await_("an answer that is none of \(moments.sorted())") {
        if !moments.contains(code(answer)) { return true }
        answer = try body()
        return false
    }
    return answer
}

func patiently(_ body: () throws -> Int16) throws -> Int16 {
    try patiently({ $0 }, body)
}
