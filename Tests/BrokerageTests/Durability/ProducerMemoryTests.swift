import Foundation
import Testing

@testable import Brokerage

/// What a partition knows of its producers, over everything that takes their batches away.
@Suite struct `What is known of a producer` {
    private let producer = ProducerIdentity(id: 7, epoch: 0)

    private func one(_ sequence: Int32, key: String = "k") -> [UInt8] {
        batch([(key, "\(sequence)")], producer: producer, sequence: sequence)
    }

    @Test(arguments: [false, true])
    func `outlives retention of all that it wrote`(flushes: Bool) throws {
        let settings: [(String, String?)] = [("segment.bytes", "1024"), ("retention.ms", "1000")]
        try withFolder { folder in
            try withLog(settings, folder: folder) { log throws in
                for sequence in Int32(0)..<40 { log.append(one(sequence)) }
                if flushes { log.flush() }
                log.clean(nowMs: Clock.wallMs() + 1_000_000)
                #expect(log.offsets(committedOnly: false) == (40, 40))
            }
            // As after a kill: nothing was flushed since.
            for _ in 0..<2 {
                try withLog(settings, folder: folder) { log throws in
                    #expect(log.append(one(39)).baseOffset == 39)
                    #expect(log.append(one(38)).baseOffset == 38)
                    #expect(log.append(one(41)).error == .outOfOrderSequenceNumber)
                    #expect(log.offsets(committedOnly: false) == (40, 40))
                }
            }
        }
    }

    /// Its last batch loses a record to a later one, or goes altogether.
    @Test(arguments: [false, true])
    func `outlives compaction, killed at its last step or not`(isKilled: Bool) throws {
        let settings: [(String, String?)] = [
            ("cleanup.policy", "compact"), ("segment.bytes", "1024"),
        ]
        try withFolder { folder in
            let other = ProducerIdentity(id: 8, epoch: 0)
            try withLog(settings, folder: folder) { log throws in
                for sequence in Int32(0)..<5 { log.append(one(sequence, key: "mine")) }
                for sequence in Int32(0)..<40 {
                    log.append(
                        batch([("mine", "\(sequence)")], producer: other, sequence: sequence))
                }
                log.flush()
                log.clean(nowMs: Clock.wallMs())
                #expect(try log.readAll().count < 45)
                #expect(log.segments[0].isSealed && log.segments[0].isClean)
            }
            let index = Segment.path(in: folder, 0, SegmentSummary.kind)
            let draft = Segment.path(in: folder, 0, Compacted.summaryKind)
            if isKilled { try Folder.rename(index, to: draft) }
            let events = Events()
            try withLog(settings, folder: folder, events: events) { log throws in
                #expect(log.segments[0].isSealed && log.segments[0].isClean)
                #expect(!Folder.exists(draft))
                #expect(log.append(one(4)).baseOffset == 4)
                #expect(log.append(one(5)).error == .none)
            }
            #expect(events.all.isEmpty)
        }
    }

    @Test func `counts the records that compaction took out of a batch`() throws {
        let settings: [(String, String?)] = [
            ("cleanup.policy", "compact"), ("segment.bytes", "1024"),
        ]
        try withFolder { folder in
            try withLog(settings, folder: folder) { log throws in
                let pair = [("gone", "1"), ("stays", "1"), ("gone", "2")]
                    .map { (key: $0.0 as String?, value: $0.1 as String?) }
                log.append(batch(pair, producer: producer, sequence: 0))
                for value in 0..<40 { log.append(batch([("gone", "\(value)")])) }
                log.flush()
                log.clean(nowMs: Clock.wallMs())
            }
            // Without the summary the segment itself is read.
            try Folder.remove(Segment.path(in: folder, 0, SegmentSummary.kind))
            try withLog(settings, folder: folder) { log throws in
                #expect(log.append(one(3)).error == .none)
            }
        }
    }

    @Test func `half a compaction is forgotten`() throws {
        let settings: [(String, String?)] = [("segment.bytes", "1024")]
        try withFolder { folder in
            let before = try withLog(settings, folder: folder) { log throws in
                for sequence in Int32(0)..<40 { log.append(one(sequence)) }
                log.flush()
                return try log.readAll()
            }
            let index = Segment.path(in: folder, 0, SegmentSummary.kind)
            for kind in [Compacted.kind, Compacted.summaryKind] {
                let path = Segment.path(in: folder, 0, kind)
                try FileManager.default.copyItem(atPath: index, toPath: path)
            }
            try withLog(settings, folder: folder) { log throws in
                #expect(try log.readAll() == before)
                #expect(log.segments[0].isSealed)
            }
            let left = try Folder.names(in: folder).filter { $0.contains("cleaned") }
            #expect(left.isEmpty)
        }
    }

    @Test func `a segment that cannot be sealed does not close its partition`() throws {
        let settings: [(String, String?)] = [("segment.bytes", "1024")]
        try withFolder { folder in
            // A folder where the summary is to be drafted: as good as a full disk.
            let blocked = Segment.path(in: folder, 0, SegmentSummary.kind) + ".draft"
            let events = Events()
            try withLog(settings, folder: folder, events: events) { log throws in
                try Folder.create(blocked)
                for sequence in Int32(0)..<40 { log.append(one(sequence)) }
                log.flush()
                log.flush()
                #expect(!log.segments[0].isSealed)
                #expect(log.append(one(40)).error == .none)
                #expect(events.all.count == 1)
                rmdir(blocked)
                log.flush()
                #expect(log.segments[0].isSealed)
            }
        }
    }
}
