import Foundation
import TestSupport
import Testing

@testable import Brokerage

/// Work that a client does until its broker is killed, and what it can say of it afterwards.
protocol Load: AnyObject {
    /// Makes what it needs, once.
    func prepare(_ client: Client) throws
    /// Goes on where the last kill left it, until `Client.Closed` is thrown.
    func run(_ client: Client) throws
    /// After a kill: holds the broker to what it acknowledged.
    func check(_ client: Client) throws
    /// Records or other facts that `check` has found to be as they must.
    var checked: Int { get }
}

/// A real broker process, killed (SIGKILL) at moments that look random, under some loads.
enum Killing {
    struct Report: CustomStringConvertible {
        var kills = 0
        var checked: [String: Int] = [:]
        var description: String {
            "\(kills) kills survived, checked "
                + checked.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
                .joined(separator: ", ")
        }
    }

    /// - Parameter pausesMs: how long the loads run before each kill.
    @discardableResult
    static func run(
        _ loads: [String: any Load], kills: Int, seed: UInt64, arguments: [String],
        pausesMs: ClosedRange<UInt64> = 15...220
    ) throws -> Report {
        var numbers = SeededNumbers(seed: seed)
        let broker = try EmbeddedBroker(arguments: arguments)
        defer { broker.kill() }
        for load in loads.values { try load.prepare(try broker.client()) }
        for _ in 0..<kills {
            let threads = try loads.values.map { load in
                try LoadThread(load, broker.client())
            }
            usleep(UInt32(1_000 * numbers.next(in: pausesMs)))
            broker.kill()
            for thread in threads { try thread.join() }
            try broker.restart()
            for load in loads.values { try load.check(try broker.client()) }
        }
        return Report(kills: kills, checked: loads.mapValues(\.checked))
    }
}

extension EmbeddedBroker {
    func client() throws -> Client {
        let port = bootstrapServers.split(separator: ":").last.flatMap { Int($0) }
        return try Client(port: try #require(port))
    }
}

extension SeededNumbers {
    mutating func next(in range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + next() % (range.upperBound - range.lowerBound + 1)
    }

    mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// Runs a load until its connection ends.
private final class LoadThread: @unchecked Sendable {
    // Sendable is true: `failure` is written before `done` is signalled and read after.
    private let done = DispatchSemaphore(value: 0)
    private var failure: (any Error)?

    init(_ load: any Load, _ client: Client) {
        let work = Work(load: load, client: client)
        Thread.detachNewThread { [self] in
            do { try work.load.run(work.client) } catch { failure = error }
            done.signal()
        }
    }

    /// - Throws: what ended the load, unless it was the end of the connection.
    func join() throws {
        done.wait()
        guard let failure else { return }
        if !(failure is Client.Closed) { throw failure }
    }

    private struct Work: @unchecked Sendable {
        // Sendable is true: the thread that made it waits in `join` before it goes on.
        let load: any Load
        let client: Client
    }
}

/// A record's value that shows where it belongs, and whether it is whole.
struct Stamp: Equatable {
    let place: String
    let number: Int

    /// - Parameter padding: how many bytes more, so that records differ in length.
    func value(padding: Int) -> String {
        let body = "\(place) \(number) x" + String(repeating: "x", count: padding)
        return body + " \(CRC32C.checksum(body.utf8))"
    }

    init(place: String, number: Int) {
        self.place = place
        self.number = number
    }

    /// Nil when a byte is not what was written.
    init?(_ value: String?) {
        guard let value, let end = value.lastIndex(of: " "),
            String(CRC32C.checksum(value[..<end].utf8)) == value[value.index(after: end)...]
        else { return nil }
        let parts = value.split(separator: " ")
        guard parts.count == 4, let number = Int(parts[1]) else { return nil }
        self.init(place: String(parts[0]), number: number)
    }
}

extension Client {
    /// A new producer id, of a transactional one when it has a name.
    func identity(_ name: String? = nil, timeoutMs: Int32 = 60_000) throws -> ProducerIdentity {
        try ask(.initProducerID, 1) { writer in
            writer.string(name)
            writer.int32(timeoutMs)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int16()
            return try ProducerIdentity(from: &reader)
        }
    }

    /// All records from `offset` on, with the log's start and end.
    func recordsOnward(
        _ topic: String, _ partition: Int32, from offset: Int64, committedOnly: Bool = false
    ) throws -> (records: [Read], fetched: Fetched) {
        var found: [Read] = []
        var next = offset
        while true {
            let fetched = try fetch(
                topic, from: next, partition: partition, bytesMax: 64 << 10,
                committedOnly: committedOnly)
            guard fetched.error == .none, !fetched.bytes.isEmpty else { return (found, fetched) }
            found += try BrokerageTests.records(in: fetched.bytes).filter { $0.offset >= next }
            next = fetched.bytes.lastOffset + 1
        }
    }
}
