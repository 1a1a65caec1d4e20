/// One record of a batch, opened.
struct Record: Equatable {
    var offsetDelta: Int32
    var timestampDeltaMs: Int64
    var key: [UInt8]?
    /// Nil is a tombstone: in a compacted topic it deletes its key.
    var value: [UInt8]?
    /// From the number of headers to the end of the record, as it was written.
    var headers: [UInt8]
}

/// The records of a batch, opened and closed again.
///
/// Fields are in order: length, attributes, timestamp delta, offset delta, key, value, headers;
/// all numbers but the attributes are zigzag varints.
enum Records {
    enum Malformed: Error, Equatable {
        case codec(Codec.Failure)
        case unknownCodec(Int16)
        /// A record's field goes beyond the batch, or the count is wrong.
        case field(at: Int)
    }

    /// - Parameter batch: a whole batch, from its base offset on.
    static func decode(
        _ batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader
    ) throws(Malformed) -> [Record] {
        guard let codec = header.codec else { throw .unknownCodec(header.attributes & 7) }
        let body = unsafe UnsafeRawBufferPointer(
            rebasing: batch[RecordBatchHeader.size..<header.sizeBytes])
        if codec == Codec.none { return try unsafe decode(body, count: Int(header.recordCount)) }
        let plain: [UInt8]
        do throws(Codec.Failure) {
            plain = try unsafe codec.decompress(body)
        } catch {
            throw .codec(error)
        }
        let result = unsafe plain.withUnsafeBytes { bytes in
            Result { () throws(Malformed) in
                try unsafe decode(bytes, count: Int(header.recordCount))
            }
        }
        return try result.get()
    }

    /// The batch of `header` with only `records` in it: offsets, times and producer stay.
    static func encode(
        _ records: [Record], like header: RecordBatchHeader
    ) throws(Codec.Failure) -> [UInt8] {
        var body: [UInt8] = []
        for record in records { append(record, to: &body) }
        let packed = try (header.codec ?? Codec.none).compress(body)
        var writer = WireWriter()
        writer.int64(header.baseOffset)
        let size = RecordBatchHeader.size + packed.count
        writer.int32(Int32(size - RecordBatchHeader.lengthOverhead))
        writer.int32(0)  // leader epoch
        writer.int8(2)
        writer.int32(0)  // the checksum, below
        writer.int16(header.attributes)
        writer.int32(header.lastOffsetDelta)
        writer.int64(header.baseTimestampMs)
        writer.int64(header.maxTimestampMs)
        writer.int64(header.producerID)
        writer.int16(header.producerEpoch)
        writer.int32(header.baseSequence)
        writer.int32(Int32(records.count))
        writer.raw(packed)
        let checksum = CRC32C.checksum(writer.bytes[RecordBatchHeader.checksumStart...])
        writer.overwrite(at: 17, int32: Int32(bitPattern: checksum))
        return writer.bytes
    }

    private static func decode(
        _ bytes: UnsafeRawBufferPointer, count: Int
    ) throws(Malformed) -> [Record] {
        guard count >= 0 else { throw .field(at: 57) }
        var reader = unsafe VarintReader(bytes: bytes)
        var records: [Record] = []
        records.reserveCapacity(min(count, bytes.count / 7))
        for _ in 0..<count {
            let length = try reader.integer()
            guard length >= 0, length <= bytes.count - reader.position else {
                throw .field(at: reader.position)
            }
            let end = reader.position + Int(length)
            _ = try reader.take(1)  // attributes, unused
            let timestampDelta = try reader.integer()
            let offsetDelta = try reader.integer()
            let key = try reader.nullableBytes()
            let value = try reader.nullableBytes()
            guard reader.position <= end, let offsetDelta = Int32(exactly: offsetDelta) else {
                throw .field(at: reader.position)
            }
            records.append(
                Record(
                    offsetDelta: offsetDelta, timestampDeltaMs: timestampDelta, key: key,
                    value: value, headers: try reader.take(end - reader.position)))
        }
        return records
    }

    private static func append(_ record: Record, to body: inout [UInt8]) {
        var fields: [UInt8] = [0]
        appendVarint(record.timestampDeltaMs, to: &fields)
        appendVarint(Int64(record.offsetDelta), to: &fields)
        for bytes in [record.key, record.value] {
            appendVarint(bytes.map { Int64($0.count) } ?? -1, to: &fields)
            fields += bytes ?? []
        }
        fields += record.headers
        appendVarint(Int64(fields.count), to: &body)
        body += fields
    }

    private static func appendVarint(_ value: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

@safe  // Every read is checked against the end; whoever makes it vouches for the bytes.
private struct VarintReader {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    mutating func integer() throws(Records.Malformed) -> Int64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while unsafe position < bytes.count, shift < 64 {
            let byte = unsafe bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
            shift += 7
        }
        throw .field(at: position)
    }

    mutating func nullableBytes() throws(Records.Malformed) -> [UInt8]? {
        let count = try integer()
        if count == -1 { return nil }
        guard let count = Int(exactly: count) else { throw .field(at: position) }
        return try take(count)
    }

    mutating func take(_ count: Int) throws(Records.Malformed) -> [UInt8] {
        guard count >= 0, unsafe count <= bytes.count - position else { throw .field(at: position) }
        defer { position += count }
        return unsafe Array(bytes[position..<position + count])
    }
}
