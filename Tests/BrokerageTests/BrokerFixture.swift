import Foundation
import Glibc
import Synchronization
import Testing

@testable import Brokerage

/// A folder that is gone after the test.
func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = NSTemporaryDirectory() + "brokerage-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

/// What a broker told its log.
final class Events: Sendable {
    private let told = Mutex<[BrokerEvent]>([])
    var all: [BrokerEvent] { told.withLock { $0 } }
    var log: @Sendable (BrokerEvent) -> Void {
        { [self] event in told.withLock { $0.append(event) } }
    }
}

/// Runs a broker on a port of the system's choice for as long as `body` does.
@discardableResult
func withBroker<R>(
    in folder: String, events: Events = Events(),
    _ configure: (inout BrokerConfiguration) -> Void = { _ in }, _ body: (Client) throws -> R
) throws -> R {
    var configuration = BrokerConfiguration(dataFolder: folder)
    configuration.port = 0
    configuration.initialRebalanceDelayMs = 20
    configure(&configuration)
    let broker = try Broker(configuration: configuration, log: events.log)
    broker.start()
    defer { broker.stop() }
    return try body(try Client(port: broker.port))
}

@discardableResult
func withBroker<R>(
    _ configure: (inout BrokerConfiguration) -> Void = { _ in }, _ body: (Client) throws -> R
) throws -> R {
    try withFolder { try withBroker(in: $0, configure, body) }
}

/// Numbers that look random and are the same every time: SplitMix64.
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// A client that says exactly what it is told to.
final class Client: @unchecked Sendable {
    // Sendable is true: a test uses a client from one thread at a time.
    struct Closed: Error {}
    struct Unreadable: Error { let bytes: [UInt8] }

    let port: Int
    private let descriptor: Int32
    private var correlation: Int32 = 0

    init(port: Int) throws {
        self.port = port
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Closed() }
    }

    deinit { close(descriptor) }

    func another() throws -> Client { try Client(port: port) }

    /// The body of the response to a request.
    func ask(
        _ api: API, _ version: Int16, _ body: (inout WireWriter) -> Void = { _ in }
    ) throws -> [UInt8] {
        try tell(api, version, body)
        let size = Int(try receive(4).reduce(0) { $0 << 8 | UInt32($1) })
        return Array(try receive(size).dropFirst(4))
    }

    /// Asks, and reads the response.
    func ask<R>(
        _ api: API, _ version: Int16, _ body: (inout WireWriter) -> Void = { _ in },
        read: (inout WireReader) throws(WireError) -> R
    ) throws -> R {
        let bytes = try ask(api, version, body)
        guard let answer = WireReader.decode(bytes, read) else { throw Unreadable(bytes: bytes) }
        return answer
    }

    func tell(
        _ api: API, _ version: Int16, _ body: (inout WireWriter) -> Void = { _ in }
    ) throws {
        correlation += 1
        var writer = WireWriter()
        writer.int32(0)
        writer.int16(api.rawValue)
        writer.int16(version)
        writer.int32(correlation)
        writer.string("test")
        body(&writer)
        writer.overwrite(at: 0, int32: Int32(writer.bytes.count - 4))
        try send(writer.bytes)
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Closed() }
            sent += count
        }
    }

    func receive(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var piece = [UInt8](repeating: 0, count: count - bytes.count)
            let received = recv(descriptor, &piece, piece.count, 0)
            guard received > 0 else { throw Closed() }
            bytes += piece[..<received]
        }
        return bytes
    }
}

extension Client {
    /// Reads the response to what was told.
    func answer<R>(read: (inout WireReader) throws(WireError) -> R) throws -> R {
        let size = Int(try receive(4).reduce(0) { $0 << 8 | UInt32($1) })
        let bytes = Array(try receive(size).dropFirst(4))
        guard let answer = WireReader.decode(bytes, read) else { throw Unreadable(bytes: bytes) }
        return answer
    }
}
