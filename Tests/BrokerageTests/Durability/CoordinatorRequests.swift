import Testing

@testable import Brokerage

extension Client {
    func tellProduce(_ topic: String, _ bytes: [UInt8], partition: Int32) throws {
        try tell(.produce, 7) { writer in
            writer.string(nil)
            writer.int16(-1)
            writer.int32(1_000)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([partition]) { partition, writer in
                    writer.int32(partition)
                    writer.byteArray(bytes)
                }
            }
        }
    }

    func produceAnswer() throws -> (error: ErrorCode, offset: Int64) {
        try answer { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.string()
            _ = try reader.int32()
            _ = try reader.int32()
            return (try reader.errorCode(), try reader.int64())
        }
    }

    /// Commits the same offset for partitions 0 and on, outside any generation.
    func commit(
        _ group: String, _ topic: String, _ partitions: Int32, _ offset: Int64
    ) throws -> ErrorCode {
        try ask(.offsetCommit, 7) { writer in
            writer.string(group)
            writer.int32(-1)
            writer.string("")
            writer.string(nil)
            write(topic, Array(0..<partitions), &writer) { partition, writer in
                writer.int32(partition)
                writer.int64(offset)
                writer.int32(-1)
                writer.string("")
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try Self.firstError(&reader)
        }
    }

    /// What a group has committed for partitions 0 and on; nil where it has nothing.
    func committed(_ group: String, _ topic: String, _ partitions: Int32) throws -> [Int64?] {
        try ask(.offsetFetch, 5) { writer in
            writer.string(group)
            write(topic, Array(0..<partitions), &writer) { $1.int32($0) }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try reader.array { reader throws(WireError) in
                _ = try reader.string()
                return try reader.array { reader throws(WireError) in
                    _ = try reader.int32()
                    let offset = try reader.int64()
                    _ = try reader.int32()
                    _ = try reader.nullableString()
                    _ = try reader.int16()
                    return offset < 0 ? nil : offset
                }
            }.first ?? []
        }
    }

    /// For a transactional producer whose id is the topic's name.
    func addPartitions(
        _ topic: String, _ identity: ProducerIdentity, _ partitions: [Int32]
    ) throws -> ErrorCode {
        try ask(.addPartitionsToTransaction, 1) { writer in
            identify(topic, identity, &writer)
            write(topic, partitions, &writer) { $1.int32($0) }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try Self.firstError(&reader)
        }
    }

    /// Adds an offset of partition 0 for the group that is named as the topic is.
    func addOffsets(
        _ topic: String, _ identity: ProducerIdentity, number: Int64
    ) throws -> ErrorCode {
        let error = try ask(.addOffsetsToTransaction, 1) { writer in
            identify(topic, identity, &writer)
            writer.string(topic)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try reader.errorCode()
        }
        guard error == .none else { return error }
        return try ask(.transactionOffsetCommit, 2) { writer in
            writer.string(topic)
            writer.string(topic)
            writer.int64(identity.id)
            writer.int16(identity.epoch)
            write(topic, [0], &writer) { partition, writer in
                writer.int32(partition)
                writer.int64(number)
                writer.int32(-1)
                writer.string("")
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try Self.firstError(&reader)
        }
    }

    func endTransaction(
        _ topic: String, _ identity: ProducerIdentity, commit: Bool
    ) throws -> ErrorCode {
        try ask(.endTransaction, 1) { writer in
            identify(topic, identity, &writer)
            writer.bool(commit)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try reader.errorCode()
        }
    }

    /// What a reader of committed records gets from `offset` on, and the offset after it.
    func committedRecords(
        _ topic: String, _ partition: Int32, from offset: Int64
    ) throws -> (records: [Read], end: Int64) {
        var found: [Read] = []
        var next = offset
        while true {
            let fetched = try fetch(
                topic, from: next, partition: partition, bytesMax: 64 << 10, committedOnly: true)
            #expect(fetched.error == .none)
            #expect(fetched.stableOffset == fetched.endOffset)
            if fetched.bytes.isEmpty { return (found, next) }
            var due = fetched.aborted.sorted { $0.firstOffset < $1.firstOffset }[...]
            var aborted: Set<Int64> = []
            try forEachBatch(in: fetched.bytes) { bytes, header in
                while let first = due.first, first.firstOffset <= header.lastOffset {
                    aborted.insert(first.producerID)
                    due.removeFirst()
                }
                if header.isControl {
                    aborted.remove(header.producerID)
                } else if !header.isTransactional || !aborted.contains(header.producerID) {
                    found += try records(in: Array(bytes)).filter { $0.offset >= next }
                }
            }
            next = fetched.bytes.lastOffset + 1
        }
    }

    private func identify(
        _ name: String, _ identity: ProducerIdentity, _ writer: inout WireWriter
    ) {
        writer.string(name)
        writer.int64(identity.id)
        writer.int16(identity.epoch)
    }

    private func write(
        _ topic: String, _ partitions: [Int32], _ writer: inout WireWriter,
        _ body: (Int32, inout WireWriter) -> Void
    ) {
        writer.array([topic]) { topic, writer in
            writer.string(topic)
            writer.array(partitions, body)
        }
    }

    /// Of the errors of all partitions, in the form that many responses share.
    private static func firstError(_ reader: inout WireReader) throws(WireError) -> ErrorCode {
        let errors = try reader.array { reader throws(WireError) in
            _ = try reader.string()
            return try reader.array { reader throws(WireError) in
                _ = try reader.int32()
                return try reader.errorCode()
            }
        }
        return errors.joined().first { $0 != .none } ?? .none
    }
}

/// Calls `body` with each whole batch and its header.
func forEachBatch(
    in bytes: [UInt8], _ body: (ArraySlice<UInt8>, RecordBatchHeader) throws -> Void
) rethrows {
    var start = 0
    while start + RecordBatchHeader.size <= bytes.count {
        let header = bytes.withUnsafeBytes { RecordBatchHeader($0.baseAddress! + start) }
        guard header.sizeBytes <= bytes.count - start else { return }
        try body(bytes[start..<start + header.sizeBytes], header)
        start += header.sizeBytes
    }
}
