import Foundation
import Testing

@testable import Brokerage

@Suite struct `A transaction` {
    @Test func `hides its records until it is committed, and for ever when it is not`() throws {
        try withBroker { client throws in
            try client.create("t")
            let producer = try Producer(client, "p")
            try producer.send("a")
            #expect(try client.fetch("t", from: 0, committedOnly: true).bytes.isEmpty)
            #expect(try producer.end(commit: true) == .none)
            try producer.send("b")
            #expect(try producer.end(commit: false) == .none)
            try producer.send("c")
            // Offsets: a, its marker, b, its marker, c.
            let fetched = try client.fetch("t", from: 0, committedOnly: true)
            #expect(fetched.stableOffset == 4)
            #expect(fetched.endOffset == 5)
            #expect(fetched.aborted.map(\.firstOffset) == [2])
            #expect(try records(in: fetched.bytes).map(\.value) == ["a", "b"])
        }
    }

    @Test func `goes on after the broker was killed`() throws {
        try withFolder { folder in
            let copy = folder + "-killed"
            defer { try? FileManager.default.removeItem(atPath: copy) }
            let producer = try withBroker(in: folder) { client throws in
                try client.create("t")
                let producer = try Producer(client, "p")
                try producer.send("a")
                try FileManager.default.copyItem(atPath: folder, toPath: copy)
                return producer
            }
            try withBroker(in: copy) { client throws in
                #expect(try client.fetch("t", from: 0, committedOnly: true).stableOffset == 0)
                producer.client = client
                try producer.send("b")
                #expect(try producer.end(commit: true) == .none)
                // A repeated request is answered as the first.
                #expect(try producer.end(commit: true) == .none)
                #expect(try producer.end(commit: false) == .invalidTransactionState)
                let fetched = try client.fetch("t", from: 0, committedOnly: true)
                #expect(try records(in: fetched.bytes).map(\.value) == ["a", "b"])
            }
        }
    }

    @Test func `is aborted by the next producer of its name, and its own is fenced`() throws {
        try withBroker { client throws in
            try client.create("t")
            let old = try Producer(client, "p")
            try old.send("old")
            let new = try Producer(client, "p")
            #expect(try old.end(commit: true) == .invalidProducerEpoch)
            #expect(try old.produce("late").error == .invalidProducerEpoch)
            try new.send("new")
            #expect(try new.end(commit: true) == .none)
            let fetched = try client.fetch("t", from: 0, committedOnly: true)
            #expect(fetched.aborted.map(\.firstOffset) == [0])
            #expect(fetched.stableOffset == fetched.endOffset)
        }
    }

    @Test func `is aborted when its time is over`() throws {
        try withFolder { folder in
            let events = Events()
            try withBroker(in: folder, events: events) { client throws in
                try client.create("t")
                let producer = try Producer(client, "p", timeoutMs: 50)
                try producer.send("a")
                while try client.fetch("t", from: 0, committedOnly: true).stableOffset == 0 {
                    usleep(10_000)
                }
                #expect(try producer.end(commit: true) == .invalidProducerEpoch)
            }
            #expect(events.all.contains(.transactionTimedOut("p")))
        }
    }

    @Test func `must have its partitions added`() throws {
        try withBroker { client throws in
            try client.create("t")
            let producer = try Producer(client, "p")
            #expect(try producer.produce("a").error == .invalidTransactionState)
        }
    }

    @Test func `gives every producer another id, also after a restart`() throws {
        try withFolder { folder in
            var ids: Set<Int64> = []
            for _ in 0..<3 {
                try withBroker(in: folder) { client throws in
                    for _ in 0..<3 { ids.insert(try Producer(client, nil).identity.id) }
                }
            }
            #expect(ids.count == 9)
        }
    }
}

/// A transactional producer to partition 0 of "t".
private final class Producer {
    var client: Client
    private let name: String?
    let identity: ProducerIdentity
    private var sequence: Int32 = 0

    init(_ client: Client, _ name: String?, timeoutMs: Int32 = 60_000) throws {
        self.client = client
        self.name = name
        identity = try client.ask(.initProducerID, 1) { writer in
            writer.string(name)
            writer.int32(timeoutMs)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int16()
            return try ProducerIdentity(from: &reader)
        }
    }

    /// Adds the partition to the transaction, and produces.
    func send(_ value: String) throws {
        let error = try client.ask(.addPartitionsToTransaction, 1) { writer in
            identify(&writer)
            writer.array(["t"]) { topic, writer in
                writer.string(topic)
                writer.array([Int32(0)]) { $1.int32($0) }
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            _ = try reader.int32()
            _ = try reader.int32()
            return try reader.errorCode()
        }
        #expect(error == .none)
        #expect(try produce(value).error == .none)
    }

    func produce(_ value: String) throws -> (error: ErrorCode, offset: Int64) {
        defer { sequence += 1 }
        return try client.produce(
            "t",
            batch(
                [("k", value)], producer: identity, sequence: sequence, transactional: true),
            transaction: name)
    }

    func end(commit: Bool) throws -> ErrorCode {
        try client.ask(.endTransaction, 1) { writer in
            identify(&writer)
            writer.bool(commit)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try reader.errorCode()
        }
    }

    private func identify(_ writer: inout WireWriter) {
        writer.string(name)
        writer.int64(identity.id)
        writer.int16(identity.epoch)
    }
}
