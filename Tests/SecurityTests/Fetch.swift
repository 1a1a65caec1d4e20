import Glibc
import TestSupport

/// A program of ours that a test runs, and what it says.
struct Running {
    let process: ChildProcess

    struct NotBuilt: Error { let name: String }

    init(
        _ name: String, _ arguments: [String] = [], environment: [String: String] = [:]
    ) throws {
        guard let path = Products.path(of: name) else { throw NotBuilt(name: name) }
        // Nothing of the machine's own counts.
        let clean = ["KAFKA_BOOTSTRAP_SERVERS": "", "DATABASE_URL": "", "PGPASSWORD": ""]
        process = try ChildProcess(
            path, arguments, environment: clean.merging(environment) { $1 })
    }

    /// All it wrote.
    var said: String { process.standardOutput + process.standardError }

    /// The port that the log names; nil when none came within the time.
    func port(within limit: Duration = .seconds(20)) -> UInt16? {
        eventually(within: limit) { !process.isRunning || loggedPort != nil }
        return loggedPort
    }

    private var loggedPort: UInt16? {
        guard let line = process.standardError.firstRange(of: " served") else { return nil }
        let rest = process.standardError[line.upperBound...]
        guard let mark = rest.firstRange(of: "\"port\":") else { return nil }
        return UInt16(rest[mark.upperBound...].prefix { $0.isNumber })
    }
}

/// An answer to a GET.
struct Fetched {
    var status = 0
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body = ""
}

/// Asks a server of this machine.
///
/// - Parameters:
///   - target: as it is to stand in the request.
///   - bytesMax: for streams, which do not end by themselves.
func fetch(
    _ port: UInt16, _ target: String, host: String? = nil, address: String = "127.0.0.1",
    bytesMax: Int = 8 << 20
) -> Fetched? {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    guard inet_pton(AF_INET, address, &place.sin_addr) == 1 else { return nil }
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let connected = withUnsafePointer(to: &place) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else { return nil }
    let name = host ?? "\(address):\(port)"
    let request = Array("GET \(target) HTTP/1.1\r\nHost: \(name)\r\nConnection: close\r\n\r\n".utf8)
    guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
        return nil
    }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while all.count < bytesMax {
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { break }
        all += buffer.prefix(count)
    }
    return taken(String(decoding: all, as: UTF8.self))
}

private func taken(_ text: String) -> Fetched? {
    guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
    // A line break is one character to Swift: "\r\n".
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    guard let first = lines.first else { return nil }
    var fetched = Fetched()
    fetched.status = first.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    for line in lines.dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        fetched.headers[parts[0].lowercased()] =
            parts.count < 2 ? "" : String(parts[1].drop { $0 == " " })
    }
    fetched.body = String(text[end.upperBound...])
    return fetched
}
