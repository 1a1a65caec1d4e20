internal import Glibc

/// What the broker does with names in a folder.
enum Folder {
    static func create(_ path: String) throws(StorageError) {
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .last("create", path) }
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// The names in a folder, in order.
    static func names(in path: String) throws(StorageError) -> [String] {
        guard let stream = unsafe opendir(path) else { throw .last("list", path) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func rename(_ path: String, to target: String) throws(StorageError) {
        guard unsafe Glibc.rename(path, target) == 0 else { throw .last("rename", path) }
    }

    static func remove(_ path: String) throws(StorageError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .last("remove", path) }
    }

    /// Removes a folder and the files in it; a partition's has no folders within.
    static func removeWithFiles(_ path: String) throws(StorageError) {
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard unsafe rmdir(path) == 0 || errno == ENOENT else { throw .last("remove", path) }
    }

    /// Brings names made, changed and removed in a folder to the disk.
    static func flush(_ path: String) throws(StorageError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .last("flush", path) }
    }

    /// Puts `bytes` in place of the file at `path`, so that a reader finds the old or the new.
    ///
    /// The new name is on the disk to stay once the folder was flushed, too.
    @discardableResult
    static func replace(_ path: String, with bytes: [UInt8]) throws(StorageError) -> File {
        let draft = "\(path).draft"
        do throws(StorageError) {
            let file = try File(draft, create: true)
            try file.cut(to: 0)
            try file.write(bytes, at: 0)
            try file.flush()
            try rename(draft, to: path)
            return file
        } catch {
            // On a full disk half a draft takes room that others need.
            try? remove(draft)
            throw error
        }
    }
}

/// The claim of one broker on a data folder, given up when the process ends.
final class FolderClaim: Sendable {
    private let file: File

    init(_ folder: String) throws(StorageError) {
        file = try File("\(folder)/.lock", create: true)
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .last("lock (does another broker use it?)", folder)
        }
    }
}
