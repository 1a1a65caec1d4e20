import TestSupport

@testable import Brokerage

/// What retention and compaction leave.
enum CleaningPrograms {
    static let all = [retentionByTime, retentionByBytes, compaction, tombstones]

    /// With batches of one record of 100,000 bytes, ten of them (61 bytes of header and some 20 of
    /// record framing each) fill a segment of 1 MiB, the least that Apache Kafka takes; an eleventh
    /// does not fit.
    private static let segment = ["segment.bytes": "1048576"]
    private static let large = String(repeating: "x", count: 100_000)

    private static let retentionByTime = Program(
        "records that are too old go",
        sees: ["0 at first", "3 in the end", "records [3, 4]"]
    ) { site in
        let topic = site.name("too-old")
        let wire = try WireClient(site)
        let hourMs: Int64 = 3_600_000
        let nowMs = Clock.wallMs()
        try wire.create(topic, ["retention.ms": "-1", "segment.ms": "60000"])
        for index in 0..<3 {
            try produce(wire, topic, "k", "old", atMs: nowMs - 2 * hourMs + Int64(index))
        }
        var seen = ["\(try wire.listOffsets(topic, atMs: -2).offset) at first"]
        guard try wire.alter(topic, "retention.ms", 0, "\(hourMs)") == 0 else {
            throw Stuck("alter retention.ms")
        }
        try await_("the end of what is old") { try wire.listOffsets(topic, atMs: -2).offset == 3 }
        for _ in 0..<2 { try produce(wire, topic, "k", "new", atMs: Clock.wallMs()) }
        seen.append("\(try wire.listOffsets(topic, atMs: -2).offset) in the end")
        seen.append("records \(try offsets(site, topic))")
        return seen
    }

    /// Four segments of 1,000,8xx bytes: two of them are more than 1,500,000, so the first two go
    /// and no more: without the third, less than the limit would be left.
    private static let retentionByBytes = Program(
        "records that are too many go", sees: ["from 20", "records 20"]
    ) { site in
        let topic = site.name("too-many")
        let wire = try WireClient(site)
        try wire.create(topic, segment.merging(["retention.bytes": "1500000"]) { $1 })
        for _ in 0..<40 { try produce(wire, topic, "k", large, atMs: Clock.wallMs()) }
        try await_("the end of what is too much") {
            try wire.listOffsets(topic, atMs: -2).offset == 20
        }
        return [
            "from \(try wire.listOffsets(topic, atMs: -2).offset)",
            "records \(try offsets(site, topic).count)",
        ]
    }

    /// Keys k0 to k4 in turn in the first segment (offsets 0 to 9); in the second a tombstone of k0
    /// (10), then k3, k1, k2 in turn (11 to 20: the rest of the offset by 3, and 1); the third is
    /// written to (21, 22) and stays as it is.
    /// Left: 9 is the last of k4, 10 the tombstone, 18 to 20 the last of k1, k2 and k3.
    private static let compaction = Program(
        "of each key the last record stays",
        sees: [
            "9 k4, 10 k0 deleted, 18 k1, 19 k2, 20 k3, 21 last, 22 last",
            "read from 0: 9", "to 23",
        ]
    ) { site in
        let topic = site.name("compaction")
        let wire = try WireClient(site)
        try wire.create(topic, segment.merging(compacting) { $1 })
        for index in 0..<10 { try produce(wire, topic, "k\(index % 5)", large) }
        try produce(wire, topic, "k0", nil)
        for index in 11...20 { try produce(wire, topic, "k\(index % 3 + 1)", large) }
        for _ in 0..<2 { try produce(wire, topic, "last", large) }
        try await_("the compaction") { try offsets(site, topic).count == 7 }
        let records = try RecordConsumer(site).readAll(topic)
        let line = records.map { record in
            let key = String(decoding: record.key ?? [], as: UTF8.self)
            return "\(record.place.offset) \(key)\(record.value == nil ? " deleted" : "")"
        }
        return [
            line.joined(separator: ", "), "read from 0: \(records.first?.place.offset ?? -1)",
            "to \(try wire.listOffsets(topic, atMs: -1).offset)",
        ]
    }

    /// Who begins to read just before a compaction must be told of what was deleted: a tombstone
    /// outlives the first compaction that reaches it, and goes with a later one.
    private static let tombstones = Program(
        "a tombstone goes with a later compaction",
        sees: ["after the first: true", "after another: false"]
    ) { site in
        let topic = site.name("tombstones")
        let wire = try WireClient(site)
        let settings = compacting.merging(["delete.retention.ms": "100"]) { $1 }
        try wire.create(topic, segment.merging(settings) { $1 })
        try produce(wire, topic, "gone", "value")
        try produce(wire, topic, "gone", nil)
        func fill() throws { for _ in 0..<11 { try produce(wire, topic, "filler", large) } }
        func hasTombstone() throws -> Bool {
            try RecordConsumer(site).readAll(topic).contains { $0.value == nil }
        }
        try fill()
        // The value before the tombstone is gone once the first segment was compacted.
        try await_("the first compaction") { try offsets(site, topic).first == 1 }
        var seen = ["after the first: \(try hasTombstone())"]
        // A compaction wants something new each time; the first does not see that its time is over.
        try await_("a later compaction", within: .seconds(90)) {
            try fill()
            return try eventually(within: .seconds(3)) { try !hasTombstone() }
        }
        seen.append("after another: \(try hasTombstone())")
        return seen
    }

    private static let compacting = [
        "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01",
    ]

    private static func produce(
        _ wire: WireClient, _ topic: String, _ key: String, _ value: String?,
        atMs timestampMs: Int64? = nil
    ) throws {
        var batch = Batch([value], key: key)
        batch.records[0].timestampMs = timestampMs ?? Clock.wallMs()
        let answer = try wire.produce(topic, batch.bytes)
        guard answer.code == 0 else { throw Stuck("produce to \(topic): \(answer.code)") }
    }

    private static func offsets(_ site: Site, _ topic: String) throws -> [Int64] {
        try RecordConsumer(site).readAll([Place(topic: topic, partition: 0, offset: -2)])
            .map(\.place.offset)
    }
}
