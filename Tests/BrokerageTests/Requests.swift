import Testing

@testable import Brokerage

/// A batch of records with these keys and values, as a producer sends it.
func batch(
    _ records: [(key: String?, value: String?)], codec: Codec = .none,
    producer: ProducerIdentity = ProducerIdentity(id: -1, epoch: -1), sequence: Int32 = -1,
    transactional: Bool = false, timesMs: [Int64]? = nil
) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: RecordBatchHeader.size)
        .withUnsafeBytes { RecordBatchHeader($0.baseAddress!) }
    header.attributes = codec.rawValue | (transactional ? 0x10 : 0)
    header.lastOffsetDelta = Int32(records.count - 1)
    header.baseTimestampMs = timesMs?.first ?? Clock.wallMs()
    header.maxTimestampMs = timesMs?.max() ?? header.baseTimestampMs
    header.producerID = producer.id
    header.producerEpoch = producer.epoch
    header.baseSequence = sequence
    let opened = records.enumerated().map { index, record in
        Record(
            offsetDelta: Int32(index),
            timestampDeltaMs: (timesMs?[index] ?? header.baseTimestampMs) - header.baseTimestampMs,
            key: record.key.map { Array($0.utf8) }, value: record.value.map { Array($0.utf8) },
            headers: [0])
    }
    do { return try Records.encode(opened, like: header) } catch { fatalError("\(error)") }
}

/// A record as a consumer sees it.
struct Read: Equatable {
    let offset: Int64
    let key: String?
    let value: String?
}

/// The records in the bytes of a fetch.
func records(in bytes: [UInt8]) throws -> [Read] {
    var found: [Read] = []
    try forEachBatch(in: bytes) { batch, header in
        try batch.withUnsafeBytes { bytes in
            #expect(RecordBatch.isIntact(bytes, header))
            if header.isControl { return }
            for record in try Records.decode(bytes, header) {
                found.append(
                    Read(
                        offset: header.baseOffset + Int64(record.offsetDelta),
                        key: record.key.map { String(decoding: $0, as: UTF8.self) },
                        value: record.value.map { String(decoding: $0, as: UTF8.self) }))
            }
        }
    }
    return found
}

extension WireReader {
    mutating func errorCode() throws(WireError) -> ErrorCode {
        ErrorCode(rawValue: try int16()) ?? .unknownServerError
    }
}

extension Client {
    @discardableResult
    func create(
        _ topic: String, partitions: Int32 = 1, _ configuration: [String: String] = [:]
    ) throws -> ErrorCode {
        try ask(.createTopics, 4) { writer in
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.int32(partitions)
                writer.int16(1)
                writer.int32(0)
                writer.array(configuration.sorted { $0.key < $1.key }) { entry, writer in
                    writer.string(entry.key)
                    writer.string(entry.value)
                }
            }
            writer.int32(1_000)
            writer.bool(false)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            return try reader.errorCode()
        }
    }

    func produce(
        _ topic: String, _ bytes: [UInt8], partition: Int32 = 0, transaction: String? = nil
    ) throws -> (error: ErrorCode, offset: Int64) {
        try ask(.produce, 7) { writer in
            writer.string(transaction)
            writer.int16(-1)
            writer.int32(1_000)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([partition]) { partition, writer in
                    writer.int32(partition)
                    writer.byteArray(bytes)
                }
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.string()
            _ = try reader.int32()
            _ = try reader.int32()
            return (try reader.errorCode(), try reader.int64())
        }
    }

    struct Fetched {
        var error: ErrorCode
        var endOffset: Int64
        var stableOffset: Int64
        var startOffset: Int64
        var aborted: [AbortedTransaction]
        var bytes: [UInt8]
    }

    func fetch(
        _ topic: String, from offset: Int64, partition: Int32 = 0, waitMs: Int32 = 0,
        bytesMax: Int32 = 1 << 20, committedOnly: Bool = false
    ) throws -> Fetched {
        try ask(.fetch, 11) { writer in
            writer.int32(-1)
            writer.int32(waitMs)
            writer.int32(1)
            writer.int32(bytesMax)
            writer.int8(committedOnly ? 1 : 0)
            writer.int32(0)
            writer.int32(-1)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([partition]) { partition, writer in
                    writer.int32(partition)
                    writer.int32(-1)
                    writer.int64(offset)
                    writer.int64(-1)
                    writer.int32(bytesMax)
                }
            }
            writer.int32(0)
            writer.string("")
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int16()
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            _ = try reader.int32()
            _ = try reader.int32()
            var fetched = Fetched(
                error: try reader.errorCode(), endOffset: try reader.int64(),
                stableOffset: try reader.int64(), startOffset: try reader.int64(),
                aborted: try reader.array { reader throws(WireError) in
                    AbortedTransaction(
                        producerID: try reader.int64(), firstOffset: try reader.int64(),
                        lastOffset: -1)
                }, bytes: [])
            _ = try reader.int32()
            fetched.bytes = try reader.byteArray()
            return fetched
        }
    }

    /// Everything from the start of a partition to its end.
    func readAll(_ topic: String, partition: Int32 = 0) throws -> [Read] {
        var found: [Read] = []
        var offset = try self.offset(of: topic, atMs: -2)
        while true {
            let fetched = try fetch(topic, from: offset, partition: partition)
            #expect(fetched.error == .none)
            let more = try records(in: fetched.bytes).filter { $0.offset >= offset }
            found += more
            guard let last = more.last else { return found }
            offset = last.offset + 1
        }
    }

    func offset(of topic: String, atMs timestampMs: Int64) throws -> Int64 {
        try ask(.listOffsets, 2) { writer in
            writer.int32(-1)
            writer.int8(0)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([Int32(0)]) { partition, writer in
                    writer.int32(partition)
                    writer.int64(timestampMs)
                }
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.int16()
            _ = try reader.int64()
            return try reader.int64()
        }
    }

    /// The error and partition count of each topic that there is.
    func topics(_ names: [String]? = nil) throws -> [String: Int] {
        try ask(.metadata, 4) { writer in
            if let names { writer.array(names) { $1.string($0) } } else { writer.int32(-1) }
            writer.bool(true)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.array { reader throws(WireError) in
                _ = try reader.int32()
                _ = try reader.string()
                _ = try reader.int32()
                _ = try reader.nullableString()
            }
            _ = try reader.nullableString()
            _ = try reader.int32()
            let topics = try reader.array { reader throws(WireError) in
                let error = try reader.int16()
                let name = try reader.string()
                _ = try reader.bool()
                let partitions = try reader.array { reader throws(WireError) -> Int16 in
                    let error = try reader.int16()
                    _ = try reader.int32()
                    _ = try reader.int32()
                    _ = try reader.array { reader throws(WireError) in try reader.int32() }
                    _ = try reader.array { reader throws(WireError) in try reader.int32() }
                    return error
                }
                return (name, error == 0 ? partitions.count : -Int(error))
            }
            return Dictionary(topics) { $1 }
        }
    }
}
