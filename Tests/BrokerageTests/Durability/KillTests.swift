import Foundation
import Kafka
import TestSupport
import Testing

@testable import Brokerage

@Suite(.enabled(if: EmbeddedBroker.isBuilt, "needs the product broker: swift build"))
struct `A broker that is killed` {
    /// Small segments, so that kills hit while a log rolls, is sealed, deleted from, compacted.
    private static let arguments = ["--cleaning-interval-ms", "100"]

    @Test(arguments: [UInt64(1), 2])
    func `has all that it acknowledged, in order, once and whole`(seed: UInt64) throws {
        var loads: [String: any Load] = [:]
        for codec in Codec.allCases {
            let idempotent = ProduceLoad.Options(
                codec: codec, settings: ["segment.bytes": "32768"])
            let plain = ProduceLoad.Options(
                codec: codec, isIdempotent: false, settings: ["segment.bytes": "65536"])
            loads["records, idempotent, \(codec)"] = ProduceLoad(
                "idempotent-\(codec)", seed: seed + 10, idempotent)
            loads["records, plain, \(codec)"] = ProduceLoad(
                "plain-\(codec)", seed: seed + 20, plain)
        }
        let report = try Killing.run(
            loads, kills: Size.kills, seed: seed, arguments: Self.arguments)
        #expect(report.checked.values.allSatisfy { $0 > 0 })
        Size.tell("\(report)")
    }

    @Test(arguments: [UInt64(3), 4])
    func `has it while logs are compacted and deleted from, groups commit and transactions end`(
        seed: UInt64
    ) throws {
        let compacted = CompactLoad("compacted", seed: seed + 1, codec: .zstd)
        let deleted = ProduceLoad.Options(
            codec: .lz4, partitions: 2,
            settings: ["segment.bytes": "8192", "retention.bytes": "65536"], isDeleted: true)
        let loads: [String: any Load] = [
            "records, compacted": compacted,
            "records, deleted from": ProduceLoad("deleted", seed: seed + 2, deleted),
            "offsets": CommitLoad("offsets"),
            "records, transactional": TransactionLoad("transactional", seed: seed + 3),
            "records, transactional too": TransactionLoad("transactional-too", seed: seed + 4),
        ]
        let report = try Killing.run(
            loads, kills: Size.kills, seed: seed, arguments: Self.arguments)
        #expect(report.checked.values.allSatisfy { $0 > 0 })
        #expect(compacted.compactions > 0)
        Size.tell("\(report)")
    }

    /// librdkafka retries by itself until everything is acknowledged.
    @Test(arguments: [true, false])
    func `loses nothing of what librdkafka was told`(isIdempotent: Bool) throws {
        let broker = try EmbeddedBroker(arguments: ["--segment-bytes", "1048576"])
        defer { broker.kill() }
        let partitions = 4
        let admin = try Admin(bootstrapServers: broker.bootstrapServers)
        _ = try admin.createTopics([.init("t", partitions: partitions)], timeoutMs: 30_000)
        var options = Producer.Options(bootstrapServers: broker.bootstrapServers)
        options.settings = isIdempotent ? [:] : ["enable.idempotence": "false"]
        let producer = try Producer(options)
        var numbers = SeededNumbers(seed: isIdempotent ? 5 : 6)
        let count = Size.records
        var killsAt = (0..<Size.kills).map { _ in numbers.next(below: count) }.sorted()[...]
        for number in 0..<count {
            let partition = number % partitions
            let value = Numbered.value(number)
            try producer.send(to: "t", partition: Int32(partition), key: nil, value: value)
            if number % 512 == 0 { producer.poll() }
            if number == killsAt.first {
                killsAt.removeFirst()
                try broker.restart()
            }
        }
        #expect(producer.flush(timeoutMs: 60_000) == .delivered)
        #expect(producer.delivered == count)
        try broker.restart()
        let read = try read(count, partitions, broker.bootstrapServers)
        #expect(read.isWhole)
        #expect(read.copies.count { $0 == 0 } == 0)
        if isIdempotent {
            #expect(read.copies.count { $0 > 1 } == 0)
            #expect(read.isInOrder)
        }
        let kind = isIdempotent ? "idempotent" : "plain"
        Size.tell("\(Size.kills) kills survived, \(count) records of librdkafka checked, \(kind)")
    }

    private struct Found {
        /// How often each number is there.
        var copies: [UInt8]
        var isInOrder = true
        /// No value is other than it was written, and offsets have no gap.
        var isWhole = true
    }

    private func read(_ count: Int, _ partitions: Int, _ servers: String) throws -> Found {
        var options = BatchConsumer.Options(bootstrapServers: servers)
        options.reportsPartitionEnd = true
        let consumer = try BatchConsumer(options)
        try consumer.assignAll(of: ["t"], from: .beginning, timeoutMs: 30_000)
        var found = Found(copies: Array(repeating: 0, count: count))
        var latest = [Int](repeating: -1, count: partitions)
        var next = [Int64](repeating: 0, count: partitions)
        var ended: Set<Int32> = []
        let isRead = try eventually(within: .seconds(600)) {
            try consumer.withBatch(timeoutMs: 50) { batch in
                for record in batch {
                    let partition = Int(record.partition)
                    guard let number = record.withValue({ Numbered.number($0) }), number < count,
                        number % partitions == partition, record.offset == next[partition]
                    else {
                        found.isWhole = false
                        continue
                    }
                    if number <= latest[partition] { found.isInOrder = false }
                    latest[partition] = number
                    next[partition] = record.offset + 1
                    found.copies[number] &+= 1
                }
                for case .partitionEnd(let partition, _) in batch.events {
                    ended.insert(partition.partition)
                }
            }
            return ended.count == partitions
        }
        #expect(isRead)
        return found
    }
}

/// A value that is one number, again and again, so that half of another would show.
private enum Numbered {
    private static let repeats = 16

    static func value(_ number: Int) -> [UInt8] {
        withUnsafeBytes(of: number) { bytes in
            (0..<repeats).flatMap { _ in bytes }
        }
    }

    static func number(_ value: Span<UInt8>) -> Int? {
        value.withUnsafeBytes { bytes in
            guard bytes.count == repeats * 8 else { return nil }
            let first = bytes.loadUnaligned(as: Int.self)
            for word in 1..<repeats
            where bytes.loadUnaligned(fromByteOffset: 8 * word, as: Int.self) != first {
                return nil
            }
            return first < 0 ? nil : first
        }
    }
}

/// How much is done: little, unless the environment asks for more.
private enum Size {
    static let kills = number("ANTIPHASE_KILLS") ?? 8
    static let records = number("ANTIPHASE_KILL_RECORDS") ?? 40_000

    /// For a run whose figures someone wants.
    static func tell(_ text: String) {
        if number("ANTIPHASE_KILLS") != nil { print(text) }
    }

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
}
