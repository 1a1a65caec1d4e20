internal import Glibc

/// Owner of an open file; it closes with its last reader.
final class File: Sendable {
    let path: String
    let descriptor: Int32

    /// Opens for reading and writing.
    init(_ path: String, create: Bool) throws(StorageError) {
        let flags = O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0)
        let descriptor = unsafe open(path, flags, 0o644)
        guard descriptor >= 0 else { throw .last("open", path) }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    func size() throws(StorageError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last("stat", path) }
        return Int(status.st_size)
    }

    /// When it was last written, in milliseconds of the wall clock.
    func modifiedMs() throws(StorageError) -> Int64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last("stat", path) }
        return Int64(status.st_mtim.tv_sec) * 1_000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
    }

    func setModified(ms: Int64) throws(StorageError) {
        let time = timespec(
            tv_sec: Int(ms / 1_000), tv_nsec: Int(ms % 1_000) * 1_000_000)
        guard unsafe futimens(descriptor, [time, time]) == 0 else {
            throw .last("set time of", path)
        }
    }

    /// Writes all of `bytes`, or throws having written none or some of them.
    func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(StorageError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe pwrite(
                descriptor, bytes.baseAddress.map { unsafe $0 + written }, bytes.count - written,
                off_t(position + written))
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("write", path)
            }
            written += count
        }
    }

    func write(_ bytes: [UInt8], at position: Int) throws(StorageError) {
        let result = unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in try unsafe write(bytes, at: position) }
        }
        try result.get()
    }

    /// Reads into `buffer` until it is full or the file ends; how much that was.
    func read(
        _ buffer: UnsafeMutableRawBufferPointer, at position: Int
    ) throws(StorageError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = unsafe pread(
                descriptor, buffer.baseAddress.map { unsafe $0 + filled }, buffer.count - filled,
                off_t(position + filled))
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("read", path)
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    func read(count: Int, at position: Int) throws(StorageError) -> [UInt8] {
        var outcome: Result<Int, StorageError> = .success(0)
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            outcome = Result { () throws(StorageError) in
                try unsafe read(UnsafeMutableRawBufferPointer(buffer), at: position)
            }
            filled = (try? outcome.get()) ?? 0
        }
        _ = try outcome.get()
        return bytes
    }

    func cut(to size: Int) throws(StorageError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw .last("cut", path) }
    }

    /// Brings what was written to the disk.
    func flush() throws(StorageError) {
        guard fdatasync(descriptor) == 0 else { throw .last("flush", path) }
    }
}

/// A part of an open file, to be sent to a client.
struct FileSpan {
    let file: File
    let position: Int
    let count: Int
}
