import Foundation
import Testing

@testable import Brokerage

@Suite struct `A broker` {
    @Test(arguments: Codec.allCases)
    func `gives back what it acknowledged, in order`(codec: Codec) throws {
        try withBroker { client throws in
            try client.create("t")
            var expected: [Read] = []
            for round in 0..<20 {
                let records = (0...round).map { ("k\($0)" as String?, "\(round)" as String?) }
                let (error, offset) = try client.produce("t", batch(records, codec: codec))
                #expect(error == .none)
                #expect(offset == Int64(expected.count))
                expected += records.map {
                    Read(offset: Int64(expected.count), key: $0.0, value: $0.1)
                }.enumerated().map { index, read in
                    Read(offset: read.offset + Int64(index), key: read.key, value: read.value)
                }
            }
            #expect(try client.readAll("t") == expected)
        }
    }

    @Test func `keeps everything when it is killed`() throws {
        try withFolder { folder in
            let copy = folder + "-killed"
            defer { try? FileManager.default.removeItem(atPath: copy) }
            try withBroker(in: folder) { client throws in
                try client.create("t", ["segment.bytes": "1024"])
                for value in 0..<100 {
                    #expect(try client.produce("t", batch([("k", "\(value)")])).error == .none)
                }
                // A copy of the files at this moment is what a killed broker leaves.
                try FileManager.default.copyItem(atPath: folder, toPath: copy)
            }
            try withBroker(in: copy) { client throws in
                #expect(try client.readAll("t").map(\.value) == (0..<100).map { "\($0)" })
                #expect(try client.produce("t", batch([("k", "next")])).offset == 100)
            }
        }
    }

    @Test func `wakes a fetch that waits as soon as there is something`() throws {
        try withBroker { client throws in
            try client.create("t")
            let other = try client.another()
            // Much longer than any test may take: only waking ends it.
            try other.tell(.fetch, 4) { writer in
                for value: Int32 in [-1, 60_000, 1, 1_000] { writer.int32(value) }
                writer.int8(0)
                writer.array(["t"]) { topic, writer in
                    writer.string(topic)
                    writer.int32(1)
                    writer.int32(0)
                    writer.int64(0)
                    writer.int32(1_000)
                }
            }
            #expect(try client.produce("t", batch([("k", "v")])).error == .none)
            let size = Int(try other.receive(4).reduce(0) { $0 << 8 | UInt32($1) })
            #expect(try other.receive(size).count > RecordBatchHeader.size)
        }
    }

    @Test func `says that a batch is too large`() throws {
        try withBroker { client throws in
            try client.create("t", ["max.message.bytes": "500"])
            let large = batch([("k", String(repeating: "v", count: 500))])
            #expect(try client.produce("t", large).error == .messageTooLarge)
            #expect(try client.readAll("t").isEmpty)
        }
    }

    @Test func `says that a batch is damaged`() throws {
        try withBroker { client throws in
            try client.create("t")
            var damaged = batch([("k", "v")])
            damaged[damaged.count - 1] ^= 1
            #expect(try client.produce("t", damaged).error == .corruptMessage)
            #expect(try client.readAll("t").isEmpty)
        }
    }

    @Test func `gives a batch larger than was asked for rather than nothing`() throws {
        try withBroker { client throws in
            try client.create("t")
            let large = batch([("k", String(repeating: "v", count: 5_000))])
            _ = try client.produce("t", large)
            let fetched = try client.fetch("t", from: 0, bytesMax: 100)
            #expect(try records(in: fetched.bytes).count == 1)
        }
    }

    @Test func `gives only whole batches, whatever is asked for`() throws {
        try withBroker { client throws in
            try client.create("t", ["segment.bytes": "100000"])
            for value in 0..<300 {
                _ = try client.produce("t", batch([("k", String(repeating: "v", count: value))]))
            }
            for bytesMax in stride(from: Int32(1), to: 60_000, by: 997) {
                let offset = Int64(bytesMax % 300)
                let fetched = try client.fetch("t", from: offset, bytesMax: bytesMax)
                let found = try records(in: fetched.bytes)
                #expect(found.first?.offset == offset)
                #expect(found.map(\.offset) == Array(offset..<offset + Int64(found.count)))
                #expect(fetched.bytes.count <= max(Int(bytesMax), 61 + 310))
            }
        }
    }

    @Test func `creates no topic by being asked for it`() throws {
        try withBroker { client throws in
            #expect(try client.topics(["t"]) == ["t": -3])
            #expect(try client.topics().isEmpty)
            #expect(try client.produce("t", batch([("k", "v")])).error == .unknownTopicOrPartition)
        }
    }

    @Test func `creates topics by being asked for them when it is told to`() throws {
        try withBroker {
            $0.autoCreateTopics = true
            $0.partitionsDefault = 3
        } _: { client throws in
            #expect(try client.topics(["t"]) == ["t": 3])
            #expect(try client.topics(["../t"]) == ["../t": -17])
        }
    }

    @Test func `creates and deletes topics as they are described`() throws {
        try withFolder { folder in
            try withBroker(in: folder) { client throws in
                #expect(try client.create("t", partitions: 5) == .none)
                #expect(try client.create("t") == .topicAlreadyExists)
                #expect(try client.create("u", ["no.such": "1"]) == .invalidConfig)
                #expect(try client.create("u", ["retention.ms": "soon"]) == .invalidConfig)
                #expect(try client.create("u/v") == .invalidTopic)
                #expect(try client.create("u", partitions: 0) == .invalidPartitions)
                _ = try client.produce("t", batch([("k", "v")]))
                let error = try client.ask(.deleteTopics, 3) { writer in
                    writer.array(["t"]) { $1.string($0) }
                    writer.int32(1_000)
                }
                // Throttle time, one topic, "t", no error.
                #expect(error == [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, UInt8(ascii: "t"), 0, 0])
                #expect(try client.create("t", partitions: 2) == .none)
                #expect(try client.readAll("t").isEmpty)
            }
            try withBroker(in: folder) { client throws in
                #expect(try client.topics() == ["t": 2])
            }
        }
    }

    @Test(arguments: UInt64(0)..<20)
    func `closes a connection that sends noise, and no other`(seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        try withBroker { client throws in
            try client.create("t")
            for _ in 0..<20 {
                let noisy = try client.another()
                var noise = (0..<100).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
                // A size that may be, and often a kind and version that are known.
                noise.replaceSubrange(0..<4, with: [0, 0, 0, 96])
                if numbers.next() % 4 > 0 {
                    noise[4] = 0
                    noise[5] = UInt8(numbers.next() % 33)
                    noise[6] = 0
                    noise[7] = UInt8(numbers.next() % 4)
                }
                try noisy.send(noise)
            }
            let plain = try client.another()
            try plain.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            #expect(throws: Client.Closed.self) { try plain.receive(1) }
            #expect(try client.produce("t", batch([("k", "v")])).error == .none)
        }
    }

    @Test func `answers a newer client in the oldest form`() throws {
        try withBroker { client throws in
            let answer = try client.ask(.apiVersions, 4)
            #expect(answer[..<2] == [0, 35])
            // Error, count, and three numbers of two bytes for each kind of request.
            #expect(answer.count == 2 + 4 + 6 * API.allCases.count)
        }
    }

    @Test func `refuses connections beyond its limit`() throws {
        let events = Events()
        try withFolder { folder in
            try withBroker(in: folder, events: events) {
                $0.connectionsMax = 2
            } _: { client throws in
                let second = try client.another()
                _ = try second.topics()
                let third = try client.another()
                #expect(throws: Client.Closed.self) { try third.topics() }
                _ = try client.topics()
            }
        }
        #expect(events.all.contains(.connectionRefused(connections: 2)))
    }

    @Test func `does not share its folder`() throws {
        try withFolder { folder in
            try withBroker(in: folder) { _ in
                let configuration = BrokerConfiguration(dataFolder: folder)
                #expect(throws: StorageError.self) {
                    try Broker(configuration: configuration) { _ in }
                }
            }
        }
    }

    @Test func `tells a producer when the disk takes no more`() throws {
        try withFolder { folder in
            try withBroker(in: folder) { try $0.create("t") }
            // The device that is always full stands in for a full disk.
            let segment = "\(folder)/t-0/00000000000000000000.log"
            try FileManager.default.removeItem(atPath: segment)
            try FileManager.default.createSymbolicLink(
                atPath: segment, withDestinationPath: "/dev/full")
            let events = Events()
            try withBroker(in: folder, events: events) { client throws in
                #expect(try client.produce("t", batch([("k", "v")])).error == .storageError)
                #expect(try client.readAll("t").isEmpty)
            }
            #expect(events.all.contains { if case .partitionRefuses = $0 { true } else { false } })
        }
    }
}
