import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Brokerage

@Suite struct `A broker that is sent garbage` {
    /// Connections that send garbage, one after the other.
    static let connections = 400
    static let growthMbMax = 200

    @Test func `serves its other clients, and neither stops nor grows`() async {
        let findings = `Bad input`.newPath()
        defer { try? FileManager.default.removeItem(atPath: findings) }
        let ended = await #expect(processExitsWith: .success) { [findings = findings as String] in
            leaving(findings: findings) { try Self.serve() }
        }
        if ended == nil { Issue.record("\(`Bad input`.finding(at: findings).said)") }
    }

    private static func serve() throws {
        let folder = TemporaryFolder("socket")
        var configuration = BrokerConfiguration(dataFolder: folder.path)
        configuration.port = 0
        let broker = try Broker(configuration: configuration) { _ in }
        broker.start()
        defer { broker.stop() }
        let port = UInt16(broker.port)
        let bystander = try Peer(port)
        try hold(bystander.creates("bystanders"), "the topic cannot be created")
        let before = Memory.peakMb
        let mutator = Mutator(corpus: Frames.all, dictionary: ["events"])
        for number in 0..<Self.connections {
            try garbage(number, mutator, to: Peer(port))
            try hold(
                bystander.produces("bystanders") == Int64(number) * 3,
                "after connection \(number) the bystander's records lie elsewhere")
        }
        let grown = Memory.peakMb - before
        try hold(grown <= Self.growthMbMax, "the broker grew by \(grown) MB")
    }
}

/// What a connection can say: frames that are nearly right, bytes that are none, sizes that lie, and
/// ends in the middle.
private func garbage(_ number: Int, _ mutator: Mutator, to peer: Peer) throws {
    var random = TestRandom(seed: UInt64(number))
    switch number % 5 {
    case 0:
        for part in 0..<8 {
            let frame = mutator.input(number * 8 + part, seed: 3)
            // A member that joins would wait for others, as it should.
            guard frame.count >= 8, frame[1] != 11 && frame[1] != 14 else { continue }
            guard peer.send(size(frame.count) + frame) else { return }
        }
    case 1: _ = peer.send((0..<random.below(4_000)).map { _ in random.byte() })
    case 2: _ = peer.send(size(random.element(of: [-1, 0, 7, 104_857_600, 104_857_601, .max])))
    case 3: _ = peer.send(size(104_857_600) + mutator.input(number, seed: 4))
    default:
        let frame = mutator.input(number, seed: 5)
        _ = peer.send(size(frame.count) + frame.dropLast(1 + random.below(8)))
    }
}

private func size(_ count: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
}

/// One connection on loopback.
private final class Peer: @unchecked Sendable {
    // Sendable is true: a test uses it from one thread.
    private let descriptor: Int32

    init(_ port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try hold(status == 0, "connect to port \(port): \(errno)")
    }

    deinit { close(descriptor) }

    /// - Returns: false when the broker has closed the connection.
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func receive(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var piece = [UInt8](repeating: 0, count: count - bytes.count)
            let received = recv(descriptor, &piece, piece.count, 0)
            try hold(received > 0, "the broker closed a connection that did nothing wrong")
            bytes += piece[..<received]
        }
        return bytes
    }

    private func ask(
        _ api: API, _ version: Int16, _ body: (inout WireWriter) -> Void
    ) throws -> [UInt8] {
        var writer = WireWriter()
        writer.int32(0)
        writer.int16(api.rawValue)
        writer.int16(version)
        writer.int32(1)
        writer.string("bystander")
        body(&writer)
        writer.overwrite(at: 0, int32: Int32(writer.count - 4))
        try hold(send(writer.bytes), "the broker takes no request")
        return try receive(try receive(4).reduce(0) { $0 << 8 | Int($1) })
    }

    func creates(_ topic: String) throws -> Bool {
        let answer = try ask(.createTopics, 0) { writer in
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.int32(1)
                writer.int16(1)
                writer.int32(0)
                writer.int32(0)
            }
            writer.int32(1_000)
        }
        return answer.suffix(2) == [0, 0]
    }

    /// The offset that three records got.
    func produces(_ topic: String) throws -> Int64 {
        let answer = try ask(.produce, 0) { writer in
            writer.int16(-1)
            writer.int32(1_000)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([Int32(0)]) { partition, writer in
                    writer.int32(partition)
                    writer.byteArray(Batches.batch(.none))
                }
            }
        }
        return answer.suffix(8).reduce(0) { $0 << 8 | Int64($1) }
    }
}
