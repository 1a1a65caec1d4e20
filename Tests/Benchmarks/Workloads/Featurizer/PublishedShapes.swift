internal import Kafka
internal import Topics

/// What topic `shapes` holds of the first slot of an `InvocationTopic`.
struct PublishedShapes {
    /// By partition, the last value of each key: a correction supersedes.
    private var invocations: [[Digest: Int]] = Array(
        repeating: [:], count: InvocationTopic.partitions)

    /// Reads all that is there.
    init(from servers: String) throws {
        var options = BatchConsumer.Options(bootstrapServers: servers)
        options.reportsPartitionEnd = true
        let consumer = try BatchConsumer(options)
        try consumer.assignAll(of: [Topic.shapes.name], from: .beginning, timeoutMs: 30_000)
        var unread = consumer.assignment
        let suffix = Array("/\(InvocationTopic.startMs)".utf8)
        while !unread.isEmpty {
            try consumer.withBatch(timeoutMs: 100) { batch in
                for event in batch.events {
                    switch event {
                    case .partitionEnd(let partition, _): unread.remove(partition)
                    case .failure(let error, _): throw error
                    }
                }
                for record in batch { try take(record, suffix) }
            }
        }
    }

    /// - Throws: unless they are those that closed, no more and no less, with every invocation.
    func check(_ contents: InvocationTopic.Contents) throws {
        for (partition, expected) in contents.closed.enumerated() {
            guard let expected else { continue }
            let found = invocations[partition]
            let published = InvocationTopic.ClosedSlot(
                shapes: found.count, invocations: found.values.reduce(0, +))
            guard published == expected else {
                throw FeaturizerBenchmark.Failed(
                    description: "shapes of partition \(partition): \(published), "
                        + "expected \(expected)")
            }
        }
    }

    private mutating func take(_ record: RecordView, _ suffix: [UInt8]) throws {
        let key: Digest? = record.withKey { key in
            guard key.count >= suffix.count else { return nil }
            var digest = Digest()
            for place in key.indices { digest.add(key[place]) }
            let isOfSlot = suffix.indices.allSatisfy {
                key[key.count - suffix.count + $0] == suffix[$0]
            }
            return isOfSlot ? digest : nil
        }
        guard let key else { return }
        invocations[Int(record.partition)][key] = try record.withValue { value in
            try started(in: value)
                ?? FunctionShape(decoding: value).perMinute.reduce(0, +)
        }
    }

    /// The sum of `per_minute`; nil where it is not found as we write it. Decoding hundreds of
    /// thousands of shapes whole would take longer than the measurement.
    private func started(in value: Span<UInt8>) -> Int? {
        let mark = Array("\"per_minute\":[".utf8)
        var place = 0
        while place + mark.count <= value.count {
            if value[place] == mark[0], mark.indices.allSatisfy({ value[place + $0] == mark[$0] }) {
                return sum(in: value, from: place + mark.count)
            }
            place += 1
        }
        return nil
    }

    private func sum(in value: Span<UInt8>, from start: Int) -> Int? {
        var (sum, number) = (0, 0)
        for place in start..<value.count {
            switch value[place] {
            case let digit where (0x30...0x39).contains(digit):
                number = number * 10 + Int(digit) - 0x30
            case UInt8(ascii: ","):
                sum += number
                number = 0
            case UInt8(ascii: "]"): return sum + number
            default: return nil
            }
        }
        return nil
    }
}
