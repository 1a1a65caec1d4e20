internal import CZlib

/// Unpacks gzip as its bytes come, one piece at a time.
@safe final class Inflation {
    /// What was packed is damaged.
    struct Failure: Error {}

    // On the heap: zlib keeps the address of its stream.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether the bytes so far end with a member: gzip files may be concatenated.
    private(set) var isComplete = false

    /// 15 bits of window, and 16 more to ask zlib for the gzip wrapper.
    private static let gzipWindow: Int32 = 15 + 16
    private static let pieceBytes = 1 << 20

    init() throws(Failure) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        let status = unsafe inflateInit2_(stream, Self.gzipWindow, ZLIB_VERSION, size)
        guard status == Z_OK else { throw Failure() }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Whether bytes begin as gzip does.
    static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// Calls `body` with what comes of the bytes, a piece of at most 1 MiB at a time.
    func unpack(_ packed: [UInt8], _ body: ([UInt8]) throws -> Void) throws {
        var taken = 0
        while taken < packed.count {
            if isComplete {
                unsafe inflateReset(stream)
                isComplete = false
            }
            var status = Z_OK
            let piece = unsafe packed.withUnsafeBufferPointer { input in
                unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { output, count in
                    unsafe stream.pointee.next_in = UnsafeMutablePointer(
                        mutating: input.baseAddress?.advanced(by: taken))
                    unsafe stream.pointee.avail_in = UInt32(input.count - taken)
                    unsafe stream.pointee.next_out = output.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(output.count)
                    status = unsafe inflate(stream, Z_NO_FLUSH)
                    count = unsafe output.count - Int(stream.pointee.avail_out)
                }
            }
            let left = unsafe Int(stream.pointee.avail_in)
            guard status == Z_OK || status == Z_STREAM_END,
                piece.count > 0 || left < packed.count - taken
            else { throw Failure() }
            taken = packed.count - left
            isComplete = status == Z_STREAM_END
            if !piece.isEmpty { try body(piece) }
        }
    }
}
