internal import CMicroHTTPD
internal import Glibc

/// Answers GET and HEAD over HTTP/1.1 until it goes out of scope.
///
/// The handler runs on libmicrohttpd's threads, several at once; while it runs, other requests of
/// its thread wait. A HEAD request is the handler's to answer like GET: its body is not sent.
public struct Server: ~Copyable {
    private let daemon: Daemon
    /// The port in use, which differs from the one asked for when that was 0.
    public let port: UInt16

    /// - Parameter address: IPv4, or a name that resolves to it: `127.0.0.1`, `localhost`.
    /// - Parameter port: 0 takes one that is free.
    /// - Parameter hosts: left out, on loopback nothing but this machine's own names and addresses,
    ///   elsewhere any.
    /// - Throws: when the address does not resolve or cannot be listened on.
    public init(
        address: String, port: UInt16, threads: Int = 2, hosts: HostRule? = nil,
        handler: @escaping @Sendable (Request) -> Response
    ) throws(HTTPError) {
        precondition((1...64).contains(threads), "server with \(threads) threads")
        var socket = try resolved(address)
        socket.sin_port = port.bigEndian
        // 127.0.0.0/8.
        let isLoopback = UInt32(bigEndian: socket.sin_addr.s_addr) >> 24 == 127
        let responder = Responder(hosts ?? (isLoopback ? .only() : .any), handler)
        let daemon = try Daemon(
            socket, threads: threads, responder, named: "\(address):\(port)")
        self.port = daemon.port
        self.daemon = daemon
    }

    /// Ends streams, answers what is being answered, and closes; within a second when handlers do.
    public consuming func stop() {}
}

/// Why there is no server.
public struct HTTPError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}

/// Sole owner of an `MHD_Daemon` and of the responder it calls.
struct Daemon: ~Copyable {
    private let pointer: OpaquePointer
    private let responder: Unmanaged<Responder>
    let port: UInt16

    init(
        _ address: sockaddr_in, threads: Int, _ responder: Responder, named name: String
    ) throws(HTTPError) {
        let options = antiphase_http_options(
            threads: UInt32(threads), connections_max: Limits.connections,
            idle_s_max: Limits.idleSeconds, connection_bytes_max: Limits.connectionBytes)
        let responder = Unmanaged.passRetained(responder)
        let started = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                antiphase_http_start(
                    $0, options, beginExchange, handleExchange, endExchange, responder.toOpaque())
            }
        }
        guard let started else {
            let reason = String(cString: strerror(errno))
            responder.release()
            throw HTTPError(description: "listen on \(name): \(reason)")
        }
        self.pointer = started
        self.responder = responder
        self.port = antiphase_http_port(started)
    }

    deinit {
        let streams = responder.takeUnretainedValue().streams
        streams.stop()
        MHD_stop_daemon(pointer)
        streams.join()
        responder.release()
    }
}

private func resolved(_ name: String) throws(HTTPError) -> sockaddr_in {
    var hints = addrinfo()
    hints.ai_family = AF_INET
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let failure = getaddrinfo(name, nil, &hints, &found)
    guard failure == 0, let found else {
        let reason = gai_strerror(failure).map { String(cString: $0) } ?? "\(failure)"
        throw HTTPError(description: "resolve address \"\(name)\" to IPv4: \(reason)")
    }
    defer { freeaddrinfo(found) }
    guard let address = found.pointee.ai_addr else {
        throw HTTPError(description: "resolve address \"\(name)\" to IPv4: nothing found")
    }
    return UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
}
