import Testing

@testable import Brokerage

/// Producers that send batches of a few records, several under way at once.
///
/// The broker's answers come in the order of the requests, so what has no answer when the
/// connection ends is of unknown fate: there wholly, or not at all.
final class ProduceLoad: Load {
    struct Options {
        var codec = Codec.none
        var partitions: Int32 = 3
        /// Whether it repeats what got no answer; a plain one would store it twice.
        var isIdempotent = true
        var settings: [String: String] = [:]
        /// Whether the broker may delete from the log's start.
        var isDeleted = false
    }

    private struct Batch {
        let partition: Int32
        let first: Int
        let count: Int
        let bytes: [UInt8]
        var offset: Int64?

        func stamps(_ topic: String) -> [Stamp?] {
            (first..<first + count).map { Stamp(place: "\(topic)-\(partition)", number: $0) }
        }
    }

    private let topic: String
    private let options: Options
    private var numbers: SeededNumbers
    private var identity = ProducerIdentity(id: -1, epoch: -1)
    private var nextNumber: [Int]
    /// Sent since the last check, in order.
    private var sent: [Batch] = []
    /// Without an answer, in order; indices of `sent`.
    private var unanswered: [Int] = []
    /// What got no answer before the last kill, with its offset if it is in the log after all.
    private var unsure: [Batch] = []
    /// Up to where each partition has been checked.
    private var ends: [Int64]
    private(set) var checked = 0

    init(_ topic: String, seed: UInt64, _ options: Options = Options()) {
        self.topic = topic
        self.options = options
        numbers = SeededNumbers(seed: seed)
        nextNumber = Array(repeating: 0, count: Int(options.partitions))
        ends = Array(repeating: 0, count: Int(options.partitions))
    }

    func prepare(_ client: Client) throws {
        #expect(
            try client.create(topic, partitions: options.partitions, options.settings) == .none)
        if options.isIdempotent { identity = try client.identity() }
    }

    func run(_ client: Client) throws {
        try repeatUnsure(client)
        while true {
            let batch = nextBatch()
            sent.append(batch)
            unanswered.append(sent.count - 1)
            try tell(client, batch)
            let window = 1 + numbers.next(below: Limits.batchesRemembered)
            while unanswered.count >= window { try takeAnswer(client) }
        }
    }

    /// What is in the log already must be taken for the same, and the rest be stored now.
    private func repeatUnsure(_ client: Client) throws {
        while options.isIdempotent, let batch = unsure.first {
            if batch.offset == nil {
                sent.append(batch)
                unanswered.append(sent.count - 1)
                unsure.removeFirst()
                try tell(client, batch)
                try takeAnswer(client)
            } else {
                try tell(client, batch)
                let answer = try answer(client)
                #expect(answer.error == .none)
                #expect(answer.offset == batch.offset)
                unsure.removeFirst()
            }
        }
        unsure = []
    }

    private func takeAnswer(_ client: Client) throws {
        let answer = try answer(client)
        #expect(answer.error == .none)
        sent[unanswered.removeFirst()].offset = answer.offset
    }

    private func nextBatch() -> Batch {
        let partition = Int32(numbers.next(below: Int(options.partitions)))
        let first = nextNumber[Int(partition)]
        let count = 1 + numbers.next(below: 12)
        nextNumber[Int(partition)] += count
        let records = (first..<first + count).map { number -> (key: String?, value: String?) in
            let stamp = Stamp(place: "\(topic)-\(partition)", number: number)
            return ("k\(number % 5)", stamp.value(padding: numbers.next(below: 300)))
        }
        let bytes = batch(
            records, codec: options.codec, producer: identity,
            sequence: options.isIdempotent ? Int32(first) : -1)
        return Batch(partition: partition, first: first, count: count, bytes: bytes)
    }

    private func tell(_ client: Client, _ batch: Batch) throws {
        try client.tellProduce(topic, batch.bytes, partition: batch.partition)
    }

    private func answer(_ client: Client) throws -> (error: ErrorCode, offset: Int64) {
        try client.produceAnswer()
    }

    func check(_ client: Client) throws {
        for partition in 0..<options.partitions { try check(partition, client) }
        unsure = options.isIdempotent ? unanswered.map { sent[$0] } + unsure : []
        sent = []
        unanswered = []
    }

    /// Reads what is new: each batch in the order in which it was sent, whole and once, without a
    /// gap between offsets; those that were acknowledged are there, where it was said.
    private func check(_ partition: Int32, _ client: Client) throws {
        var start = ends[Int(partition)]
        var (found, fetched) = try client.recordsOnward(topic, partition, from: start)
        if options.isDeleted, fetched.startOffset > start {
            start = fetched.startOffset
            (found, fetched) = try client.recordsOnward(topic, partition, from: start)
        }
        #expect(fetched.error == .none)
        #expect(found.map(\.offset) == Array(start..<start + Int64(found.count)))
        let stamps = found.map { Stamp($0.value) }
        var offset = start
        for index in sent.indices where sent[index].partition == partition {
            let batch = sent[index]
            if let told = batch.offset, told < start { continue }
            let stored = stamps.dropFirst(Int(offset - start)).prefix(batch.count)
            if batch.offset == nil && stored.first != batch.stamps(topic)[0] { continue }
            #expect(Array(stored) == batch.stamps(topic))
            #expect(batch.offset ?? offset == offset)
            sent[index].offset = offset
            offset += Int64(batch.count)
        }
        // There is nothing else.
        #expect(offset == start + Int64(found.count))
        #expect(offset == fetched.endOffset)
        checked += found.count
        ends[Int(partition)] = offset
    }
}
