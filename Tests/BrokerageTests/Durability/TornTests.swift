import Foundation
import TestSupport
import Testing

@testable import Brokerage

/// What a crash, or a bad disk, makes of the end of a file.
private enum Damage: CaseIterable {
    /// The file ends early.
    case cut
    /// It ends early and goes on with zeros, as file systems leave it that grew it first.
    case zeros
    /// One bit is another.
    case flip

    func apply(to bytes: Data, at position: Int) -> Data {
        var damaged = bytes
        switch self {
        case .cut: damaged.removeSubrange(position...)
        case .zeros:
            damaged.resetBytes(in: position..<bytes.count)
            // And some more, beyond the end.
            damaged.append(Data(count: position % 3 * 40))
        case .flip: damaged[position] ^= 1 << (position % 8)
        }
        return damaged
    }
}

@Suite struct `A torn file` {
    /// In the header offset and leader epoch have no checksum: a flip there may pass unseen.
    private static func isSeen(_ damage: Damage, at position: Int, in batch: Data) -> Bool {
        damage != .flip || position >= 16 || (8..<12).contains(position) || position < 8
    }

    @Test(arguments: Codec.allCases, Damage.allCases)
    private func `of a log is cut at its last whole batch, and the log says so`(
        codec: Codec, damage: Damage
    ) throws {
        try withFolder { folder in
            let path = Segment.path(in: folder, 0)
            var sizes = [0]
            var whole: [Read] = []
            try withLog(folder: folder) { log throws in
                for value in 0..<3 {
                    log.append(batch([("a", "\(value)"), ("b", "\(value)")], codec: codec))
                    sizes.append(try File(path, create: false).size())
                }
                whole = try log.readAll()
            }
            let bytes = try Data(contentsOf: URL(filePath: path))
            for position in sizes[2]..<sizes[3] {
                let damaged = damage.apply(to: bytes, at: position)
                // A zero may take the place of a zero, and the batch be whole all the same.
                let isWhole = damaged.prefix(sizes[3]) == bytes
                // The leader epoch has no checksum, and means nothing here.
                let isIdle = damage == .flip && (12..<16).contains(position - sizes[2])
                // A later offset is as good as the right one.
                let isMoved = damage == .flip && position - sizes[2] < 8
                try damaged.write(to: URL(filePath: path))
                let events = Events()
                try withLog(folder: folder, events: events) { log throws in
                    if isMoved && log.endOffset > 6 { return }
                    let left = isWhole || isIdle ? 3 : 2
                    #expect(try log.readAll() == Array(whole.prefix(2 * left)))
                    #expect(try File(path, create: false).size() == sizes[left])
                    let cut = damaged.count - sizes[left]
                    let told = BrokerEvent.logCut(
                        topic: "t", partition: 0, offset: Int64(2 * left), bytes: cut, path: path)
                    #expect(events.all == (cut == 0 ? [] : [told]))
                    #expect(log.append(batch([("c", "")])).baseOffset == Int64(2 * left))
                }
            }
        }
    }

    /// The next start reads the segment itself, and finds the same records and producers.
    @Test(arguments: Damage.allCases)
    private func `that is a summary is done without`(damage: Damage) throws {
        try withFolder { folder in
            let settings: [(String, String?)] = [("segment.bytes", "1024")]
            let producer = ProducerIdentity(id: 7, epoch: 0)
            let before = try withLog(settings, folder: folder) { log throws in
                for value in Int32(0)..<40 {
                    log.append(batch([("k", "\(value)")], producer: producer, sequence: value))
                }
                log.flush()
                return (try log.readAll(), log.producers.producers[7]?.batches)
            }
            let path = Segment.path(in: folder, 0, SegmentSummary.kind)
            let bytes = try Data(contentsOf: URL(filePath: path))
            for position in bytes.indices {
                let damaged = damage.apply(to: bytes, at: position)
                if damaged.prefix(bytes.count) == bytes { continue }
                try damaged.write(to: URL(filePath: path))
                let events = Events()
                try withLog(settings, folder: folder, events: events) { log throws in
                    #expect(try log.readAll() == before.0)
                    #expect(log.producers.producers[7]?.batches == before.1)
                }
                #expect(
                    events.all == [.summaryUnusable(topic: "t", partition: 0, path: path)])
            }
        }
    }

    @Test(arguments: Damage.allCases)
    private func `that is a journal keeps the changes before`(damage: Damage) throws {
        try withFolder { folder in
            let path = folder + "/offsets.journal"
            var journal = try Journal(path)
            var sizes = [0]
            for number in UInt8(0)..<3 {
                // Several at once are one change.
                try journal.set([([1], [number]), ([2, number], [number]), ([3], nil)])
                sizes.append(try File(path, create: false).size())
            }
            let bytes = try Data(contentsOf: URL(filePath: path))
            for position in sizes[2]..<sizes[3] {
                let damaged = damage.apply(to: bytes, at: position)
                if damaged.prefix(bytes.count) == bytes { continue }
                try damaged.write(to: URL(filePath: path))
                let opened = try Journal(path)
                #expect(opened.entries == [[1]: [1], [2, 0]: [0], [2, 1]: [1]])
                let cut = damaged.count - sizes[2]
                #expect(
                    opened.cut
                        == (cut == 0
                            ? nil : .journalCut(path: path, position: sizes[2], bytes: cut)))
                #expect(try File(path, create: false).size() == sizes[2])
            }
        }
    }
}

/// The same, of the real process and each of its files.
@Suite(.enabled(if: EmbeddedBroker.isBuilt, "needs the product broker: swift build"))
struct `A broker whose files are torn` {
    @Test func `starts, says what it cut, and goes on`() throws {
        let broker = try EmbeddedBroker()
        defer { broker.kill() }
        var client = try broker.client()
        #expect(try client.create("t", partitions: 2) == .none)
        let producer = try client.identity("t")
        for number in Int32(0)..<3 {
            let bytes = batch([("k", "\(number)"), ("l", "\(number)")])
            #expect(try client.produce("t", bytes, partition: 1).error == .none)
            #expect(try client.commit("g", "t", 2, Int64(number)) == .none)
            #expect(try client.addPartitions("t", producer, [0]) == .none)
            #expect(try client.endTransaction("t", producer, commit: true) == .none)
        }
        broker.kill()
        let files = [
            "t-1/\(String(repeating: "0", count: 20)).log", "topics.journal", "offsets.journal",
            "producers.journal",
        ]
        for file in files {
            let path = "\(broker.dataFolder)/\(file)"
            let bytes = try Data(contentsOf: URL(filePath: path))
            // The start of another entry, never finished.
            try (bytes + [0, 0, 0, 9, 1, 2, 3]).write(to: URL(filePath: path))
        }
        try broker.restart()
        let log = broker.child.standardError
        for file in files {
            let lines = log.split(separator: "\n").filter { $0.contains(file) }
            #expect(lines.count == 1)
            #expect(lines[0].contains("bytes: 7"))
        }
        let line = try #require(log.split(separator: "\n").first { $0.contains("logCut") })
        for part in ["topic: \\\"t\\\"", "partition: 1", "offset: 6"] {
            #expect(line.contains(part))
        }
        client = try broker.client()
        #expect(try client.committed("g", "t", 2) == [2, 2])
        #expect(try client.recordsOnward("t", 1, from: 0).records.count == 6)
        #expect(try client.produce("t", batch([("k", "")]), partition: 1).offset == 6)
        #expect(try client.identity("t").id == producer.id)
    }
}
