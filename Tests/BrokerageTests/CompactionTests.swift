import Foundation
import Testing

@testable import Brokerage

@Suite struct `Compaction` {
    private let settings: [(String, String?)] = [
        ("cleanup.policy", "compact"), ("segment.bytes", "2048"), ("delete.retention.ms", "1000"),
    ]

    @Test(arguments: Codec.allCases)
    func `keeps the last value of each key, at its offset`(codec: Codec) throws {
        try withLog(settings) { log throws in
            let written = fill(log, count: 400, codec: codec, seed: 3)
            let before = try log.readAll()
            log.flush()
            log.clean(nowMs: Clock.wallMs())
            let after = try log.readAll()
            #expect(Self.last(after) == Self.last(before))
            #expect(Self.last(after) == written)
            #expect(after.map(\.offset) == after.map(\.offset).sorted())
            #expect(Set(after.map(\.offset)).count == after.count)
            #expect(after.allSatisfy { before.contains($0) })
            // Closed segments have each key once; only the active one may repeat it.
            let closed = after.filter { $0.offset < log.active.baseOffset }
            #expect(Set(closed.map(\.key)).count == closed.count)
            #expect(log.endOffset == 400)
        }
    }

    @Test func `leaves the same after a restart, and after another one`() throws {
        try withFolder { folder in
            var expected: [Read] = []
            for round in 0..<4 {
                try withLog(settings, folder: folder) { log throws in
                    #expect(try log.readAll() == expected)
                    _ = fill(log, count: 150, codec: .lz4, seed: UInt64(round))
                    log.flush()
                    log.clean(nowMs: Clock.wallMs())
                    expected = try log.readAll()
                }
            }
        }
    }

    @Test func `killed between any two of its steps loses no last value`() throws {
        try withFolder { root in
            let folder = root + "/log"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            let before = try withLog(settings, folder: folder) { log throws in
                _ = fill(log, count: 400, codec: .none, seed: 5)
                log.flush()
                return Self.last(try log.readAll())
            }
            // What the folder holds before and after; a kill leaves any part of the way: the
            // first segment renamed over, the others still there, a draft half written.
            let after = root + "/after"
            try FileManager.default.copyItem(atPath: folder, toPath: after)
            try withLog(settings, folder: after) { log in log.clean(nowMs: Clock.wallMs()) }
            let old = try Folder.names(in: folder).filter { $0.hasSuffix(".log") }
            let kept = Set(try Folder.names(in: after).filter { $0.hasSuffix(".log") })
            let gone = old.filter { !kept.contains($0) }
            for removed in 0...gone.count {
                let mixed = root + "/mixed\(removed)"
                try FileManager.default.copyItem(atPath: after, toPath: mixed)
                for name in try Folder.names(in: mixed) where name.hasSuffix(".index") {
                    try Folder.remove("\(mixed)/\(name)")
                }
                for name in gone.dropFirst(removed) {
                    try FileManager.default.copyItem(
                        atPath: "\(folder)/\(name)", toPath: "\(mixed)/\(name)")
                }
                try Data([1, 2, 3]).write(to: URL(filePath: Segment.path(in: mixed, 0, "cleaned")))
                try withLog(settings, folder: mixed) { log throws in
                    #expect(Self.last(try log.readAll()) == before)
                    #expect(log.endOffset == 400)
                }
            }
        }
    }

    @Test func `drops tombstones only when they are old`() throws {
        try withLog(settings) { log throws in
            log.append(batch([("gone", "1"), ("stays", "1")]))
            log.append(batch([("gone", nil)]))
            for value in 0..<100 { log.append(batch([("filler", "\(value)")])) }
            log.flush()
            let nowMs = Clock.wallMs()
            log.clean(nowMs: nowMs)
            #expect(try log.readAll().contains(Read(offset: 2, key: "gone", value: nil)))
            #expect(try !log.readAll().contains { $0.key == "gone" && $0.value != nil })
            for value in 0..<100 { log.append(batch([("filler", "\(value)")])) }
            log.flush()
            log.clean(nowMs: nowMs + 1_000_000)
            #expect(try !log.readAll().contains { $0.key == "gone" })
            #expect(try log.readAll().contains(Read(offset: 1, key: "stays", value: "1")))
        }
    }

    /// Who began to read before the compaction may have the value, and must hear of its end.
    @Test func `keeps a tombstone for its time after the first compaction, however old`() throws {
        try withLog(settings) { log throws in
            func fill() {
                for value in 0..<100 { log.append(batch([("filler", "\(value)")])) }
                log.flush()
            }
            log.append(batch([("gone", "1")], timesMs: [5_000]))
            log.append(batch([("gone", nil), ("late", "1")], timesMs: [6_000, 7_000]))
            fill()
            let laterMs = Clock.wallMs() + 1_000_000
            log.clean(nowMs: laterMs)
            #expect(try log.readAll().contains(Read(offset: 1, key: "gone", value: nil)))
            // Its batch has another base, and its records the times that they had.
            #expect(try log.firstRecord(asLateAs: 6_500)?.timestampMs == 7_000)
            fill()
            log.clean(nowMs: laterMs + 999)
            #expect(try log.readAll().contains(Read(offset: 1, key: "gone", value: nil)))
            fill()
            log.clean(nowMs: laterMs + 1_000)
            #expect(try !log.readAll().contains { $0.key == "gone" })
            #expect(try log.firstRecord(asLateAs: 6_500)?.timestampMs == 7_000)
        }
    }

    @Test func `drops what was aborted and keeps what was committed`() throws {
        try withFolder { folder in
            try withLog(settings, folder: folder) { log throws in
                let producer = ProducerIdentity(id: 7, epoch: 0)
                func add(_ sequence: Int32, _ key: String, _ value: String) {
                    log.append(
                        batch(
                            [(key, value)], producer: producer, sequence: sequence,
                            transactional: true))
                }
                add(0, "a", "committed")
                #expect(log.endTransaction(producer, commit: true) == .none)
                add(1, "a", "aborted")
                add(2, "b", "aborted")
                #expect(log.endTransaction(producer, commit: false) == .none)
                for value in 0..<100 { log.append(batch([("filler", "\(value)")])) }
                log.flush()
                log.clean(nowMs: Clock.wallMs())
                let read = try log.readAll().filter { $0.key != "filler" }
                #expect(read == [Read(offset: 0, key: "a", value: "committed")])
                #expect(log.stableOffset == log.endOffset)
            }
            // Also when the segments are read anew, without their summaries.
            for name in try Folder.names(in: folder) where name.hasSuffix(".index") {
                try Folder.remove("\(folder)/\(name)")
            }
            try withLog(settings, folder: folder) { log throws in
                #expect(log.stableOffset == log.endOffset)
                #expect(log.producers.aborted.isEmpty)
            }
        }
    }

    @Test func `waits for the lag that was asked for`() throws {
        try withLog(settings + [("min.compaction.lag.ms", "5000")]) { log throws in
            let nowMs = Clock.wallMs()
            for value in 0..<200 { log.append(batch([("k", "\(value)")], timesMs: [nowMs])) }
            log.flush()
            log.clean(nowMs: nowMs + 4_000)
            #expect(try log.readAll().count == 200)
            log.clean(nowMs: nowMs + 6_000)
            #expect(try log.readAll().count < 200)
        }
    }

    @Test func `goes together with deletion`() throws {
        let both: [(String, String?)] = [
            ("cleanup.policy", "compact,delete"), ("segment.bytes", "1024"),
            ("retention.ms", "1000"),
        ]
        try withLog(both) { log throws in
            for value in Int64(0)..<100 {
                log.append(batch([("old\(value)", "v")], timesMs: [value]))
            }
            for value in Int64(0)..<100 {
                log.append(batch([("new", "\(value)")], timesMs: [10_000]))
            }
            log.flush()
            log.clean(nowMs: 10_500)
            let read = try log.readAll()
            // At most one segment mixes old and new.
            #expect(log.startOffset > 80)
            #expect(read.last == Read(offset: 199, key: "new", value: "99"))
            #expect(read.count < 50)
        }
    }

    /// Writes random values to 20 keys, and some tombstones; what is then the last of each.
    private func fill(
        _ log: PartitionLog, count: Int, codec: Codec, seed: UInt64
    ) -> [String: String?] {
        var numbers = SeededNumbers(seed: seed)
        var last: [String: String?] = [:]
        var left = count
        while left > 0 {
            let size = min(left, Int(numbers.next() % 5) + 1)
            let records = (0..<size).map { _ -> (key: String?, value: String?) in
                let value = numbers.next() % 8 == 0 ? nil : "\(numbers.next())"
                return ("k\(numbers.next() % 20)", value)
            }
            log.append(batch(records, codec: codec))
            for record in records { last[record.key ?? ""] = .some(record.value) }
            left -= size
        }
        return last
    }

    private static func last(_ read: [Read]) -> [String: String?] {
        var last: [String: String?] = [:]
        for record in read { last[record.key ?? ""] = .some(record.value) }
        return last
    }
}
