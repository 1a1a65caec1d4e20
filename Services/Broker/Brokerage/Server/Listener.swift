internal import Glibc

/// A listening socket.
final class Listener: Sendable {
    enum Failure: Error, Equatable, CustomStringConvertible {
        case address(String, reason: String)
        case bind(String, port: Int, code: Int32)

        var description: String {
            switch self {
            case .address(let host, let reason): "look up the address \"\(host)\": \(reason)"
            case .bind(let host, let port, let code):
                unsafe "listen on \(host):\(port): \(String(cString: strerror(code)))"
            }
        }
    }

    let port: Int
    private let descriptor: Int32

    init(host: String, port: Int) throws(Failure) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, "\(port)", &hints, &found)
        guard status == 0, let address = unsafe found else {
            throw unsafe .address(host, reason: String(cString: gai_strerror(status)))
        }
        defer { unsafe freeaddrinfo(found) }
        let descriptor = unsafe socket(
            address.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .bind(host, port: port, code: errno) }
        var on: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        guard unsafe bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0,
            listen(descriptor, Limits.connectionBacklog) == 0
        else {
            let code = errno
            close(descriptor)
            throw .bind(host, port: port, code: code)
        }
        self.descriptor = descriptor
        self.port = Self.port(of: descriptor)
    }

    deinit { close(descriptor) }

    /// The next connection; nil once the listener is stopped.
    func accept() -> Int32? {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                return connection
            }
            switch errno {
            case EINVAL, EBADF: return nil
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                // Nothing tells when a descriptor is free again.
                usleep(100_000)
            default: continue
            }
        }
    }

    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private static func port(of descriptor: Int32) -> Int {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            _ = unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size)
            }
        }
        // IPv4 and IPv6 addresses both have the port after the two bytes of the family.
        return unsafe withUnsafeBytes(of: storage) {
            unsafe Int(UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        }
    }
}
