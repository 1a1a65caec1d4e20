import Glibc
import Testing

/// A TCP connection to this machine, for saying things that no well-behaved client says.
///
/// The pointers it takes and gives live no longer than the calls.
struct Loopback: ~Copyable {
    private let socket: Int32

    init(port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket, $0, size)
            }
        }
        // A test that waits for what never comes fails instead of hanging.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        let set = unsafe setsockopt(
            socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        try #require(connected == 0 && set == 0)
    }

    deinit { close(socket) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    /// Says that nothing more will be sent.
    func finish() { shutdown(socket, Int32(SHUT_WR)) }

    /// What came next; empty at the end.
    func receive() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe recv(socket, $0.baseAddress, $0.count, 0)
        }
        return Array(buffer.prefix(max(0, count)))
    }

    /// Receives until `text` has come; what came up to then, with or without it at the end.
    func receive(until text: String) -> String {
        var all: [UInt8] = []
        while !String(decoding: all, as: UTF8.self).contains(text) {
            let more = receive()
            if more.isEmpty { break }
            all += more
        }
        return String(decoding: all, as: UTF8.self)
    }

    func receiveAll() -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let more = receive()
            if more.isEmpty { return all }
            all += more
        }
    }
}

/// An answer, taken apart.
struct Answer: Equatable {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: String

    init(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let split = try #require(text.firstRange(of: "\r\n\r\n"))
        let lines = text[..<split.lowerBound].split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        self.status = try #require(status)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            let value = parts.dropFirst().joined().drop { $0 == " " }
            headers[parts[0].lowercased()] = String(value)
        }
        self.headers = headers
        body = String(text[split.upperBound...])
    }
}

/// Asks once, on a connection of its own.
func ask(
    _ port: UInt16, _ method: String = "GET", _ target: String, _ headers: String...
) throws -> Answer {
    let client = try Loopback(port: port)
    let lines = headers.map { $0 + "\r\n" }.joined()
    client.send(
        "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(lines)\r\n")
    return try Answer(client.receiveAll())
}
