internal import CLZ4
internal import CSnappy
internal import CZlib
internal import CZstd

/// How the records of a batch are compressed; the raw value is the batch's attribute.
enum Codec: Int16, CaseIterable {
    case none = 0
    case gzip = 1
    case snappy = 2
    case lz4 = 3
    case zstd = 4

    enum Failure: Error, Equatable {
        /// What the library was given is not its format.
        case malformed(Codec)
        /// More than `Limits.decompressedBytes` would come of it.
        case tooLarge(Codec)
    }

    func decompress(_ input: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
        switch self {
        case .none: unsafe Array(input)
        case .gzip: try unsafe Self.inflate(input)
        case .snappy: try unsafe Self.unsnap(input)
        case .lz4: try unsafe Self.unframeLZ4(input)
        case .zstd: try unsafe Self.unzstd(input)
        }
    }

    func compress(_ input: [UInt8]) throws(Failure) -> [UInt8] {
        switch self {
        case .none: input
        case .gzip: try Self.deflated(input)
        case .snappy: try Self.snapped(input)
        case .lz4: try Self.framedLZ4(input)
        case .zstd: try Self.zstd(input)
        }
    }

    /// Fills an array through its storage; `fill` returns how much it wrote, nil when it failed.
    private func filled(
        _ capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int?
    ) throws(Failure) -> [UInt8] {
        guard capacity <= Limits.decompressedBytes else { throw .tooLarge(self) }
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: max(1, capacity)) { buffer, count in
            let written = unsafe fill(UnsafeMutableRawBufferPointer(buffer))
            failed = written == nil
            count = written ?? 0
        }
        if failed { throw .malformed(self) }
        return bytes
    }
}

// MARK: - zstd

extension Codec {
    private static func unzstd(_ input: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
        guard let context = unsafe ZSTD_createDStream() else { throw .malformed(.zstd) }
        defer { unsafe ZSTD_freeDStream(context) }
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var output: [UInt8] = []
        // Streams, since a frame need not tell its size.
        var more = true
        while more {
            let piece = try unsafe Codec.zstd.filled(max(64 << 10, input.count * 4)) { buffer in
                var target = unsafe ZSTD_outBuffer(
                    dst: buffer.baseAddress, size: buffer.count, pos: 0)
                let status = unsafe ZSTD_decompressStream(context, &target, &source)
                if ZSTD_isError(status) != 0 { return nil }
                more = unsafe status != 0 || source.pos < source.size
                if unsafe more && target.pos < target.size && source.pos == source.size {
                    return nil
                }
                return unsafe target.pos
            }
            output += piece
            guard output.count <= Limits.decompressedBytes else { throw .tooLarge(.zstd) }
        }
        return output
    }

    private static func zstd(_ input: [UInt8]) throws(Failure) -> [UInt8] {
        try unsafe Codec.zstd.filled(ZSTD_compressBound(input.count)) { buffer in
            let size = unsafe ZSTD_compress(buffer.baseAddress, buffer.count, input, input.count, 3)
            return ZSTD_isError(size) == 0 ? size : nil
        }
    }
}

// MARK: - lz4, in its frame format

extension Codec {
    private static func unframeLZ4(_ input: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
        var context: OpaquePointer?
        guard
            unsafe LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION)))
                == 0
        else { throw .malformed(.lz4) }
        defer { unsafe LZ4F_freeDecompressionContext(context) }
        var output: [UInt8] = []
        var read = 0
        var hint = 1
        while read < input.count && hint != 0 {
            let piece = try unsafe Codec.lz4.filled(max(64 << 10, input.count * 4)) { buffer in
                var written = buffer.count
                var taken = input.count - read
                hint = unsafe LZ4F_decompress(
                    context, buffer.baseAddress, &written,
                    input.baseAddress.map { unsafe $0 + read },
                    &taken, nil)
                read += taken
                if LZ4F_isError(hint) != 0 || (written == 0 && taken == 0) { return nil }
                return written
            }
            output += piece
            guard output.count <= Limits.decompressedBytes else { throw .tooLarge(.lz4) }
        }
        guard hint == 0 else { throw .malformed(.lz4) }
        return output
    }

    private static func framedLZ4(_ input: [UInt8]) throws(Failure) -> [UInt8] {
        try unsafe Codec.lz4.filled(LZ4F_compressFrameBound(input.count, nil)) { buffer in
            let size = unsafe LZ4F_compressFrame(
                buffer.baseAddress, buffer.count, input, input.count, nil)
            return LZ4F_isError(size) == 0 ? size : nil
        }
    }
}

// MARK: - gzip

extension Codec {
    /// 15 bits of window, and 16 more to ask zlib for the gzip wrapper.
    private static let gzipWindow: Int32 = 15 + 16

    private static func inflate(_ input: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
        var stream = unsafe z_stream()
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(&stream, gzipWindow, ZLIB_VERSION, size) == Z_OK else {
            throw .malformed(.gzip)
        }
        defer { unsafe inflateEnd(&stream) }
        let source = unsafe input.bindMemory(to: UInt8.self)
        unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        unsafe stream.avail_in = UInt32(input.count)
        var output: [UInt8] = []
        var status = Z_OK
        while status != Z_STREAM_END {
            let piece = try unsafe Codec.gzip.filled(max(64 << 10, input.count * 4)) { buffer in
                unsafe stream.next_out = buffer.bindMemory(to: UInt8.self).baseAddress
                unsafe stream.avail_out = UInt32(buffer.count)
                status = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
                let written = unsafe buffer.count - Int(stream.avail_out)
                guard status == Z_OK || status == Z_STREAM_END else { return nil }
                return unsafe status == Z_OK && written == 0 && stream.avail_in == 0 ? nil : written
            }
            output += piece
            guard output.count <= Limits.decompressedBytes else { throw .tooLarge(.gzip) }
        }
        return output
    }

    private static func deflated(_ input: [UInt8]) throws(Failure) -> [UInt8] {
        var stream = unsafe z_stream()
        guard
            unsafe deflateInit2_(
                &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzipWindow, 8, Z_DEFAULT_STRATEGY,
                ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw .malformed(.gzip) }
        defer { unsafe deflateEnd(&stream) }
        return try unsafe Codec.gzip.filled(Int(deflateBound(&stream, UInt(input.count)))) {
            buffer in
            unsafe input.withUnsafeBufferPointer { source in
                unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = buffer.bindMemory(to: UInt8.self).baseAddress
                unsafe stream.avail_out = UInt32(buffer.count)
                guard unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
                return unsafe buffer.count - Int(stream.avail_out)
            }
        }
    }
}

// MARK: - snappy

extension Codec {
    /// Java's clients write snappy in blocks behind this header; librdkafka writes one bare block.
    private static let snappyStreamHeader: [UInt8] =
        [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0x00, 0, 0, 0, 1, 0, 0, 0, 1]

    private static func unsnap(_ input: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
        guard unsafe input.starts(with: snappyStreamHeader.prefix(8)) else {
            return try unsafe unsnapBlock(input)
        }
        var output: [UInt8] = []
        var position = snappyStreamHeader.count
        while position < input.count {
            guard position + 4 <= input.count else { throw .malformed(.snappy) }
            let size = unsafe Int(
                UInt32(bigEndian: input.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
            position += 4
            guard size <= input.count - position else { throw .malformed(.snappy) }
            output += try unsafe unsnapBlock(
                UnsafeRawBufferPointer(rebasing: input[position..<position + size]))
            guard output.count <= Limits.decompressedBytes else { throw .tooLarge(.snappy) }
            position += size
        }
        return output
    }

    private static func unsnapBlock(_ input: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
        let source = unsafe input.bindMemory(to: CChar.self).baseAddress
        var size = 0
        guard unsafe snappy_uncompressed_length(source, input.count, &size) == SNAPPY_OK else {
            throw .malformed(.snappy)
        }
        return try unsafe Codec.snappy.filled(size) { buffer in
            let target = unsafe buffer.bindMemory(to: CChar.self).baseAddress
            return unsafe snappy_uncompress(source, input.count, target, &size) == SNAPPY_OK
                ? size : nil
        }
    }

    /// One block, with the header that every client reads.
    private static func snapped(_ input: [UInt8]) throws(Failure) -> [UInt8] {
        var size = snappy_max_compressed_length(input.count)
        let block = try unsafe Codec.snappy.filled(size) { buffer in
            unsafe input.withUnsafeBytes { source in
                let target = unsafe buffer.bindMemory(to: CChar.self).baseAddress
                let status = unsafe snappy_compress(
                    source.bindMemory(to: CChar.self).baseAddress, input.count, target, &size)
                return status == SNAPPY_OK ? size : nil
            }
        }
        let length = unsafe withUnsafeBytes(of: UInt32(block.count).bigEndian) { unsafe Array($0) }
        return snappyStreamHeader + length + block
    }
}
