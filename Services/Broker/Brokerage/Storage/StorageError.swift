internal import Glibc

/// A call to the file system that failed.
public struct StorageError: Error, Equatable, CustomStringConvertible {
    public let operation: String
    public let path: String
    /// The system's `errno`.
    public let code: Int32

    public init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// To be made right after the failed call.
    static func last(_ operation: String, _ path: String) -> StorageError {
        StorageError(operation: operation, path: path, code: errno)
    }

    public var description: String {
        unsafe "\(operation) \(path): \(String(cString: strerror(code)))"
    }
}
