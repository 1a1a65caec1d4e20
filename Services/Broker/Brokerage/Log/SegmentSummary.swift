/// What is known of a sealed segment, kept in `<base offset>.index` beside it.
///
/// It is written after the segment is on disk to stay, so a segment with a summary needs no
/// check at start, and one without is read and checked batch by batch.
struct SegmentSummary {
    static let kind = "index"
    private static let format: Int32 = 0x4150_5331  // "APS1"
    /// The format, four numbers, whether it is clean, and the count.
    private static let indexStart = 4 + 4 * 8 + 1 + 4
    private static let placeBytes = 24

    let baseOffset: Int64
    let size: Int
    let nextOffset: Int64
    let maxTimestampMs: Int64
    let isClean: Bool
    let index: [Segment.Place]
    /// The producers of the partition, as they were at the segment's end.
    let producers: [UInt8]

    init(_ segment: Segment, producers: [UInt8], isClean: Bool) {
        baseOffset = segment.baseOffset
        size = segment.size
        nextOffset = segment.nextOffset
        maxTimestampMs = segment.maxTimestampMs
        index = segment.index
        self.isClean = isClean
        self.producers = producers
    }

    /// Nil when `path` holds no whole summary.
    init?(path: String) {
        guard Folder.exists(path), let file = try? File(path, create: false),
            let size = try? file.size(), let bytes = try? file.read(count: size, at: 0),
            bytes.count > 4
        else { return nil }
        let sum = bytes.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
        guard CRC32C.checksum(bytes.dropLast(4)) == sum,
            let summary = WireReader.decode(
                bytes,
                { reader throws(WireError) in
                    try Self(from: &reader)
                }) ?? nil
        else { return nil }
        self = summary
    }

    private init?(from reader: inout WireReader) throws(WireError) {
        guard try reader.int32() == Self.format else { return nil }
        baseOffset = try reader.int64()
        size = Int(try reader.int64())
        nextOffset = try reader.int64()
        maxTimestampMs = try reader.int64()
        isClean = try reader.bool()
        index = try reader.array { reader throws(WireError) in
            Segment.Place(
                offset: try reader.int64(), position: Int(try reader.int64()),
                timestampBeforeMs: try reader.int64())
        }
        producers = try reader.byteArray()
    }

    /// One place of the index, alone.
    static func place(_ number: Int, in file: File) -> Segment.Place? {
        let position = indexStart + placeBytes * number
        guard let bytes = try? file.read(count: placeBytes, at: position),
            bytes.count == placeBytes
        else { return nil }
        return WireReader.decode(bytes) { reader throws(WireError) in
            Segment.Place(
                offset: try reader.int64(), position: Int(try reader.int64()),
                timestampBeforeMs: try reader.int64())
        }
    }

    func write(to path: String) throws(StorageError) {
        var writer = WireWriter()
        writer.int32(Self.format)
        writer.int64(baseOffset)
        writer.int64(Int64(size))
        writer.int64(nextOffset)
        writer.int64(maxTimestampMs)
        writer.bool(isClean)
        writer.array(index) { place, writer in
            writer.int64(place.offset)
            writer.int64(Int64(place.position))
            writer.int64(place.timestampBeforeMs)
        }
        writer.byteArray(producers)
        writer.int32(Int32(bitPattern: CRC32C.checksum(writer.bytes)))
        try Folder.replace(path, with: writer.bytes)
    }
}
