import Testing

@testable import Brokerage

/// An idempotent producer of a compacted topic: the last value of each key is known.
final class CompactLoad: Load {
    private let topic: String
    private let codec: Codec
    private var numbers: SeededNumbers
    private var identity = ProducerIdentity(id: -1, epoch: -1)
    private var number = 0
    /// By key: the last that was acknowledged, and the last that was sent.
    private var acknowledged: [String: Int] = [:]
    private var sent: [String: Int] = [:]
    private var unanswered: [(bytes: [UInt8], latest: [String: Int])] = []
    private(set) var checked = 0
    private(set) var compactions = 0

    init(_ topic: String, seed: UInt64, codec: Codec) {
        self.topic = topic
        self.codec = codec
        numbers = SeededNumbers(seed: seed)
    }

    func prepare(_ client: Client) throws {
        let settings = [
            "cleanup.policy": "compact", "segment.bytes": "8192",
            "min.cleanable.dirty.ratio": "0.01",
        ]
        #expect(try client.create(topic, settings) == .none)
        identity = try client.identity()
    }

    func run(_ client: Client) throws {
        for batch in unanswered { try client.tellProduce(topic, batch.bytes, partition: 0) }
        while true {
            while unanswered.count >= Limits.batchesRemembered { try takeAnswer(client) }
            let count = 1 + numbers.next(below: 8)
            var latest: [String: Int] = [:]
            let records = (0..<count).map { index -> (key: String?, value: String?) in
                let key = "k\(numbers.next(below: 20))"
                latest[key] = number + index
                let stamp = Stamp(place: key, number: number + index)
                return (key, stamp.value(padding: 20))
            }
            let bytes = batch(records, codec: codec, producer: identity, sequence: Int32(number))
            number += count
            sent.merge(latest) { $1 }
            unanswered.append((bytes, latest))
            try client.tellProduce(topic, bytes, partition: 0)
        }
    }

    private func takeAnswer(_ client: Client) throws {
        #expect(try client.produceAnswer().error == .none)
        acknowledged.merge(unanswered.removeFirst().latest) { max($0, $1) }
    }

    func check(_ client: Client) throws {
        let (found, fetched) = try client.recordsOnward(topic, 0, from: 0)
        #expect(fetched.error == .none)
        let offsets = found.map(\.offset)
        #expect(zip(offsets, offsets.dropFirst()).allSatisfy { $0 < $1 })
        if Int64(found.count) < fetched.endOffset { compactions += 1 }
        var latest: [String: Int] = [:]
        for record in found {
            let stamp = try #require(Stamp(record.value))
            #expect(stamp.place == record.key)
            // The offset of an idempotent producer's only partition is its sequence number.
            #expect(Int64(stamp.number) == record.offset)
            latest[stamp.place] = stamp.number
        }
        for (key, number) in acknowledged {
            #expect((number...(sent[key] ?? number)).contains(latest[key] ?? -1))
        }
        checked += found.count
    }
}
