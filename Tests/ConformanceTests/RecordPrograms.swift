import CRdKafka

@testable import Brokerage

/// Records come back as they were written.
enum RecordPrograms {
    static let all = codecs.map(roundTrip) + codecs.map(times) + [appendTime, noTime]

    private static let codecs = ["none", "gzip", "snappy", "lz4", "zstd"]
    /// Records of 2023 stay: retention goes by their time.
    private static let kept = ["retention.ms": "-1"]
    private static let startMs: Int64 = 1_700_000_000_000

    /// 400 records with every kind of key, value and headers that there is.
    private static func record(_ index: Int) -> Sent {
        let key: String? = index % 5 == 0 ? nil : index % 7 == 0 ? "" : "key \(index % 9)"
        let value: String? =
            index % 11 == 0
            ? nil : index % 13 == 0 ? "" : String(repeating: "v\(index)", count: index % 40)
        let headers: [(String, String?)] =
            switch index % 4 {
            case 1: [("one", "1")]
            case 2: [("empty", ""), ("null", nil)]
            case 3: [("twice", "a"), ("other", "b"), ("twice", "c"), ("twice", "a")]
            default: []
            }
        return Sent(key, value, headers: headers, atMs: startMs + Int64(index) * 10)
    }

    private static func roundTrip(_ codec: String) -> Program {
        let records = (0..<400).map(record)
        let expected = records.enumerated().map { index, record in
            Seen.line(
                Int64(index), record.key, record.value, record.headers, record.timestampMs)
        }
        return Program("write and read, codec \(codec)", sees: expected) { site in
            let topic = site.name("records")
            try WireClient(site).create(topic, kept)
            // Many batches: 400 records, 50 at most in each.
            let producer = try RecordProducer(
                site, ["compression.codec": codec, "batch.num.messages": "50"])
            for record in records { try producer.send(record, to: topic) }
            try producer.flush()
            return try RecordConsumer(site).readAll(topic).map(\.line)
        }
    }

    /// Three batches of three: 100, 110, 120; 200, 220, 210; 300, 300, 310 ms after the start.
    private static func times(_ codec: String) -> Program {
        let batches: [[Int64]] = [[100, 110, 120], [200, 220, 210], [300, 300, 310]]
        // -1 is the end: nothing is as late. In the second batch 220 comes before 210.
        let asked: [(Int64, Int64)] = [
            (0, 0), (100, 0), (101, 1), (110, 1), (120, 2), (121, 3), (199, 3), (201, 4),
            (215, 4), (220, 4), (221, 6), (300, 6), (301, 8), (310, 8), (311, -1),
        ]
        let expected =
            asked.map { "at \($0.0): \($0.1)" } + ["0 to 9", "latest 8 at 310", "ahead -1"]
        return Program("offsets by time, codec \(codec)", sees: expected) { site in
            let topic = site.name("times")
            let wire = try WireClient(site)
            try wire.create(topic, kept)
            let producer = try RecordProducer(site, ["compression.codec": codec])
            for batch in batches {
                for time in batch {
                    try producer.send(Sent("k", "\(time)", atMs: startMs + time), to: topic)
                }
                try producer.flush()
            }
            let consumer = try RecordConsumer(site)
            var seen: [String] = []
            for (time, _) in asked {
                seen.append("at \(time): \(try consumer.offset(of: topic, atMs: startMs + time))")
            }
            let (low, high) = try consumer.watermarks(topic)
            seen.append("\(low) to \(high)")
            let latest = try wire.listOffsets(topic, atMs: -3)
            seen.append("latest \(latest.offset) at \(latest.timestampMs - startMs)")
            seen.append("ahead \(try wire.listOffsets(topic, atMs: startMs + 9_999).offset)")
            return seen
        }
    }

    private static let appendTime = Program(
        "the time of appending",
        sees: [
            "the broker's clock: true", "in order: true", "at the producer's time: -1",
            "by the broker's time: 0", "codec gzip: true",
        ]
    ) { site in
        let topic = site.name("append-time")
        let wire = try WireClient(site)
        try wire.create(topic, ["message.timestamp.type": "LogAppendTime"])
        let producer = try RecordProducer(site, ["compression.codec": "gzip"])
        let beforeMs = Clock.wallMs()
        for batch in 0..<3 {
            for index in 0..<5 {
                // An hour and more ahead: the broker takes no notice of it.
                try producer.send(
                    Sent("k", "\(batch) \(index)", atMs: beforeMs + 9_000_000), to: topic)
            }
            try producer.flush()
        }
        let consumer = try RecordConsumer(site)
        let records = try consumer.readAll(topic)
        let times = records.map(\.timestampMs)
        let range = beforeMs...Clock.wallMs()
        let isStamped = records.count == 15 && records.allSatisfy(\.hasAppendTime)
        let late = try consumer.offset(of: topic, atMs: beforeMs + 9_000_000)
        let values = (0..<15).map { Array("\($0 / 5) \($0 % 5)".utf8) }
        return [
            "the broker's clock: \(isStamped && times.allSatisfy(range.contains))",
            "in order: \(times == times.sorted())",
            "at the producer's time: \(late)",
            "by the broker's time: \(try consumer.offset(of: topic, atMs: beforeMs))",
            "codec gzip: \(records.map(\.value) == values)",
        ]
    }

    private static let noTime = Program(
        "a record whose producer gives no time gets the producer's clock", sees: ["true", "false"]
    ) { site in
        let topic = site.name("no-time")
        try WireClient(site).create(topic)
        let producer = try RecordProducer(site)
        let beforeMs = Clock.wallMs()
        try producer.send(Sent("k", "v"), to: topic)
        try producer.flush()
        let records = try RecordConsumer(site).readAll(topic)
        let range = beforeMs...Clock.wallMs()
        return records.flatMap { ["\(range.contains($0.timestampMs))", "\($0.hasAppendTime)"] }
    }
}
