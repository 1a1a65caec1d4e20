import Foundation
import Testing

@testable import Brokerage

/// Runs `body` on a log in a folder of its own; nothing is flushed but when the test asks.
func withLog<R>(
    _ settings: [(String, String?)] = [], folder: String? = nil, events: Events = Events(),
    _ body: (PartitionLog) throws -> R
) throws -> R {
    guard let folder else {
        return try withFolder { try withLog(settings, folder: $0, events: events, body) }
    }
    let configuration = try TopicConfiguration(
        settings, defaults: BrokerConfiguration(dataFolder: folder))
    return try body(
        PartitionLog(
            topic: "t", partition: 0, folder: folder, configuration: configuration,
            flusher: Flusher(intervalMs: 1_000), tell: events.log))
}

extension PartitionLog {
    @discardableResult
    func append(_ bytes: [UInt8]) -> AppendOutcome {
        var bytes = bytes
        return bytes.withUnsafeMutableBytes { bytes in
            append(bytes, RecordBatchHeader(UnsafeRawPointer(bytes.baseAddress!)))
        }
    }

    func bytes(from offset: Int64, committedOnly: Bool = false) throws -> [UInt8] {
        let read = read(
            from: offset, bytesMax: 1 << 30, atLeastOne: true, committedOnly: committedOnly)
        guard let span = read.span else { return [] }
        return try span.file.read(count: span.count, at: span.position)
    }

    /// All records from the start, segment after segment.
    func readAll() throws -> [Read] {
        var found: [Read] = []
        var offset = offsets(committedOnly: false).start
        while true {
            let bytes = try bytes(from: offset)
            if bytes.isEmpty { return found }
            found += try records(in: bytes).filter { $0.offset >= offset }
            offset = bytes.lastOffset + 1
        }
    }
}

extension [UInt8] {
    /// Of the batches that these bytes are.
    var lastOffset: Int64 {
        var last: Int64 = -1
        forEachBatch(in: self) { last = $1.lastOffset }
        return last
    }
}

@Suite struct `A log` {
    @Test(arguments: Codec.allCases)
    func `cut anywhere keeps exactly its whole batches`(codec: Codec) throws {
        try withFolder { folder in
            let path = Segment.path(in: folder, 0)
            var sizes: [Int] = [0]
            try withLog(folder: folder) { log throws in
                for value in 0..<3 {
                    log.append(batch([("a", "\(value)"), ("b", "\(value)")], codec: codec))
                    sizes.append(try File(path, create: false).size())
                }
            }
            let whole = try Data(contentsOf: URL(filePath: path))
            for size in sizes[2]...sizes[3] {
                try whole[..<size].write(to: URL(filePath: path))
                try withLog(folder: folder) { log throws in
                    let batches = size == sizes[3] ? 3 : 2
                    #expect(log.endOffset == Int64(2 * batches))
                    #expect(try log.readAll().map(\.offset) == Array(0..<Int64(2 * batches)))
                    #expect(try File(path, create: false).size() == sizes[batches])
                    #expect(log.append(batch([("c", "")])).baseOffset == Int64(2 * batches))
                }
            }
        }
    }

    @Test func `says what it cut`() throws {
        try withFolder { folder in
            try withLog(folder: folder) { _ = $0.append(batch([("a", "1")])) }
            let path = Segment.path(in: folder, 0)
            let size = try File(path, create: false).size()
            try File(path, create: false).write([1, 2, 3], at: size)
            let events = Events()
            try withLog(folder: folder, events: events) { #expect($0.endOffset == 1) }
            #expect(
                events.all == [
                    .logCut(topic: "t", partition: 0, offset: 1, bytes: 3, path: path)
                ])
        }
    }

    @Test func `finds the first record of a time as a walk over all does`() throws {
        var numbers = SeededNumbers(seed: 1)
        try withLog([("segment.bytes", "4096")]) { log throws in
            var timesMs: [Int64] = []
            for codec in Codec.allCases {
                for _ in 0..<40 {
                    // Times go up and down, as those of several producers do.
                    let times = (0..<5).map { _ in Int64(numbers.next() % 1_000) }
                    log.append(batch(times.map { _ in ("k", "v") }, codec: codec, timesMs: times))
                    timesMs += times
                }
            }
            for timestampMs in stride(from: Int64(0), through: 1_001, by: 7) {
                let expected = timesMs.firstIndex { $0 >= timestampMs }
                let found = try log.firstRecord(asLateAs: timestampMs)
                #expect(found?.offset == expected.map { Int64($0) })
            }
        }
    }

    @Test func `is the same after a restart, sealed or not`() throws {
        for flushes in [false, true] {
            try withFolder { folder in
                let settings: [(String, String?)] = [("segment.bytes", "2048")]
                let producer = ProducerIdentity(id: 7, epoch: 0)
                let before = try withLog(settings, folder: folder) { log throws in
                    for value in Int32(0)..<100 {
                        log.append(
                            batch([("k", "\(value)")], producer: producer, sequence: value))
                    }
                    if flushes { log.flush() }
                    return (try log.readAll(), log.producers.producers[7]?.batches)
                }
                try withLog(settings, folder: folder) { log throws in
                    #expect(log.segments.count > 3)
                    #expect(log.segments.dropLast().allSatisfy { $0.isSealed == flushes })
                    #expect(try log.readAll() == before.0)
                    #expect(log.producers.producers[7]?.batches == before.1)
                }
            }
        }
    }

    @Test func `deletes the oldest segments when it is too large`() throws {
        try withLog([("segment.bytes", "1024"), ("retention.bytes", "4096")]) { log throws in
            for value in 0..<200 { log.append(batch([("k", "\(value)")])) }
            log.clean(nowMs: Clock.wallMs())
            let sizes = log.segments.map(\.size)
            // As few as keep 4096 bytes: without the oldest there would be less.
            #expect(sizes.reduce(0, +) >= 4_096)
            #expect(sizes.dropFirst().reduce(0, +) < 4_096)
            #expect(log.endOffset == 200)
            let (start, end) = log.offsets(committedOnly: false)
            #expect(try log.readAll().map(\.offset) == Array(start..<end))
            let below = log.read(
                from: start - 1, bytesMax: 1, atLeastOne: true, committedOnly: false)
            #expect(below.error == .offsetOutOfRange)
        }
    }

    @Test func `deletes segments whose records are all too old`() throws {
        try withLog([("segment.bytes", "1024"), ("retention.ms", "1000")]) { log throws in
            for value in Int64(0)..<200 { log.append(batch([("k", "v")], timesMs: [value * 10])) }
            // At 2,500 the records before 1,500 are too old: offsets to 149.
            log.clean(nowMs: 2_500)
            let start = log.offsets(committedOnly: false).start
            #expect((1...150).contains(start))
            #expect(log.segments[0].maxTimestampMs >= 1_500)
            // Later all are, those of the active segment too; the end stays.
            log.clean(nowMs: 1_000_000)
            #expect(log.offsets(committedOnly: false) == (200, 200))
        }
    }

    @Test func `takes no more, and says so, when the disk is full`() throws {
        try withFolder { folder in
            try FileManager.default.createSymbolicLink(
                atPath: Segment.path(in: folder, 0), withDestinationPath: "/dev/full")
            let events = Events()
            try withLog(folder: folder, events: events) { log throws in
                #expect(log.append(batch([("k", "v")])).error == .storageError)
                #expect(log.endOffset == 0)
            }
            #expect(events.all.count == 1)
        }
    }
}

@Suite struct `An idempotent producer` {
    private let producer = ProducerIdentity(id: 7, epoch: 0)

    @Test func `has its batch stored once and acknowledged each time`() throws {
        try withLog { log throws in
            for sequence in Int32(0)..<5 {
                let outcome = log.append(one(sequence))
                #expect(outcome.baseOffset == Int64(sequence))
            }
            for sequence in Int32(0)..<5 {
                let outcome = log.append(one(sequence))
                #expect(outcome.error == .none)
                #expect(outcome.baseOffset == Int64(sequence))
            }
            #expect(log.endOffset == 5)
        }
    }

    @Test func `is recognised after a restart`() throws {
        try withFolder { folder in
            try withLog(folder: folder) { log throws in
                for sequence in Int32(0)..<3 { log.append(one(sequence)) }
            }
            try withLog(folder: folder) { log throws in
                #expect(log.append(one(2)).baseOffset == 2)
                #expect(log.append(one(3)).baseOffset == 3)
                #expect(log.endOffset == 4)
            }
        }
    }

    @Test func `may leave no gap and go back no further than is remembered`() throws {
        try withLog { log throws in
            for sequence in Int32(0)..<10 { log.append(one(sequence)) }
            #expect(log.append(one(11)).error == .outOfOrderSequenceNumber)
            #expect(log.append(one(4)).error == .outOfOrderSequenceNumber)
            #expect(log.append(one(5)).baseOffset == 5)
        }
    }

    @Test func `is not overtaken by itself when the disk did not take its first batch`() throws {
        var producers = ProducerSequences()
        func header(_ sequence: Int32) -> RecordBatchHeader {
            one(sequence).withUnsafeBytes { RecordBatchHeader($0.baseAddress!) }
        }
        #expect(producers.check(header(0)) == .append)
        producers.refused(header(0), nowMs: 0)
        // Were this stored, the repeat of the first would pass for a duplicate, and be lost.
        #expect(producers.check(header(1)) == .refuse(.outOfOrderSequenceNumber))
        #expect(producers.check(header(0)) == .append)
        producers.record(header(0), nowMs: 0)
        #expect(producers.check(header(1)) == .append)
    }

    @Test func `is fenced by a later epoch, which starts anew`() throws {
        try withLog { log throws in
            log.append(one(0))
            let later = ProducerIdentity(id: 7, epoch: 1)
            #expect(log.append(one(1, later)).error == .outOfOrderSequenceNumber)
            #expect(log.append(one(0, later)).baseOffset == 1)
            #expect(log.append(one(1)).error == .invalidProducerEpoch)
        }
    }

    @Test func `counts on from 0 after the largest number`() throws {
        try withLog { log throws in
            let last = batch([("a", ""), ("b", "")], producer: producer, sequence: .max - 1)
            #expect(log.append(last).error == .none)
            #expect(log.append(one(0)).baseOffset == 2)
        }
    }

    private func one(_ sequence: Int32, _ producer: ProducerIdentity? = nil) -> [UInt8] {
        batch([("k", "\(sequence)")], producer: producer ?? self.producer, sequence: sequence)
    }
}
