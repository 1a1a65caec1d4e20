/// The fixed part of a record batch, format 2: 61 bytes, then the records.
///
/// - SeeAlso: Apache Kafka documentation, "Record Batch"
///   <https://kafka.apache.org/documentation/#recordbatch>
struct RecordBatchHeader: Equatable {
    static let size = 61
    /// The bytes before what `batchLength` counts.
    static let lengthOverhead = 12
    /// The checksum covers the batch from here on; offset and leader epoch, before it, may change.
    static let checksumStart = 21

    var baseOffset: Int64
    var batchLength: Int32
    var magic: Int8
    var checksum: UInt32
    var attributes: Int16
    var lastOffsetDelta: Int32
    var baseTimestampMs: Int64
    var maxTimestampMs: Int64
    var producerID: Int64
    var producerEpoch: Int16
    var baseSequence: Int32
    var recordCount: Int32

    /// - Parameter bytes: at least `size` of them.
    init(_ bytes: UnsafeRawPointer) {
        func integer<T: FixedWidthInteger>(_ offset: Int, _: T.Type = T.self) -> T {
            unsafe T(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
        }
        baseOffset = integer(0)
        batchLength = integer(8)
        magic = integer(16)
        checksum = integer(17)
        attributes = integer(21)
        lastOffsetDelta = integer(23)
        baseTimestampMs = integer(27)
        maxTimestampMs = integer(35)
        producerID = integer(43)
        producerEpoch = integer(51)
        baseSequence = integer(53)
        recordCount = integer(57)
    }

    var sizeBytes: Int { Int(batchLength) + Self.lengthOverhead }
    var lastOffset: Int64 { baseOffset + Int64(lastOffsetDelta) }
    var codec: Codec? { Codec(rawValue: attributes & 0x07) }
    /// All records have the batch's `maxTimestampMs`, which the broker gave it.
    var hasAppendTime: Bool { attributes & 0x08 != 0 }
    /// Tombstones in it may go from `baseTimestampMs` on, which is no record's time then (KIP-534).
    var hasDeleteHorizon: Bool { attributes & 0x40 != 0 }
    var isTransactional: Bool { attributes & 0x10 != 0 }
    var isControl: Bool { attributes & 0x20 != 0 }
    var hasProducer: Bool { producerID >= 0 }

    /// The sequence number of the last record; after the largest comes 0.
    ///
    /// Compaction takes records out of a batch, and leaves its last offset.
    var lastSequence: Int32 { (baseSequence &+ lastOffsetDelta) & Int32.max }

    /// Far beyond what a partition can hold, and far from where sums of offsets end.
    static let offsetMax = Int64(1) << 62

    /// Whether lengths and counts make sense, all but the checksum.
    var isPlausible: Bool {
        magic == 2 && sizeBytes >= Self.size && lastOffsetDelta >= 0 && recordCount >= 0
            && (0...Self.offsetMax).contains(baseOffset)
    }
}

/// What a produced record set is, once it is known to be one whole batch.
enum RecordBatch {
    /// - Throws: the code for the producer when `bytes` are not exactly one intact batch.
    static func check(
        _ bytes: UnsafeRawBufferPointer, bytesMax: Int64
    ) throws(ErrorCode) -> RecordBatchHeader {
        // What is incomplete is no batch, as what is of an older format is none for clients of now.
        guard let start = bytes.baseAddress, bytes.count > 16 else { throw .invalidRecord }
        guard unsafe bytes[16] <= 2 else { throw .corruptMessage }
        guard unsafe bytes[16] == 2, bytes.count >= RecordBatchHeader.size else {
            throw .invalidRecord
        }
        let header = unsafe RecordBatchHeader(start)
        guard header.sizeBytes >= RecordBatchHeader.size else { throw .corruptMessage }
        guard header.sizeBytes <= bytes.count else { throw .invalidRecord }
        guard Int64(header.sizeBytes) <= bytesMax else { throw .messageTooLarge }
        guard header.sizeBytes == bytes.count else { throw .invalidRecord }
        guard unsafe isIntact(bytes, header) else { throw .corruptMessage }
        // A record takes 7 bytes at least, so an uncompressed batch bounds its own count.
        let room = header.codec == Codec.none ? (bytes.count - RecordBatchHeader.size) / 7 : .max
        guard header.recordCount > 0, header.lastOffsetDelta == header.recordCount - 1,
            Int(header.recordCount) <= room, header.codec != nil, !header.isControl,
            !header.hasProducer || (header.producerEpoch >= 0 && header.baseSequence >= 0)
        else { throw .invalidRecord }
        return header
    }

    /// Gives a batch the time at which it is appended, in the place of its records' own.
    static func stamp(
        _ bytes: UnsafeMutableRawBufferPointer, _ header: inout RecordBatchHeader,
        appendTimeMs: Int64
    ) {
        header.attributes |= 0x08
        header.maxTimestampMs = appendTimeMs
        unsafe bytes.storeBytes(
            of: header.attributes.bigEndian, toByteOffset: 21, as: Int16.self)
        unsafe bytes.storeBytes(of: appendTimeMs.bigEndian, toByteOffset: 35, as: Int64.self)
        let covered = unsafe UnsafeRawBufferPointer(
            rebasing: bytes[RecordBatchHeader.checksumStart..<header.sizeBytes])
        header.checksum = unsafe CRC32C.checksum(covered)
        unsafe bytes.storeBytes(of: header.checksum.bigEndian, toByteOffset: 17, as: UInt32.self)
    }

    static func isIntact(_ bytes: UnsafeRawBufferPointer, _ header: RecordBatchHeader) -> Bool {
        let covered = unsafe UnsafeRawBufferPointer(
            rebasing: bytes[RecordBatchHeader.checksumStart..<header.sizeBytes])
        return unsafe CRC32C.checksum(covered) == header.checksum
    }
}
