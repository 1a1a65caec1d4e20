import Testing

@testable import Brokerage

/// A group that commits the same number for several partitions at once, and one more each time.
final class CommitLoad: Load {
    private let topic: String
    private let partitions: Int32 = 3
    private var acknowledged: Int64 = -1
    private var sent: Int64 = -1
    private(set) var checked = 0

    init(_ topic: String) { self.topic = topic }

    func prepare(_ client: Client) throws {
        #expect(try client.create(topic, partitions: partitions) == .none)
    }

    func run(_ client: Client) throws {
        while true {
            sent += 1
            #expect(try client.commit("group", topic, partitions, sent) == .none)
            acknowledged = sent
        }
    }

    /// The last commit that was acknowledged is there, or the one after it, wholly.
    func check(_ client: Client) throws {
        let found = try client.committed("group", topic, partitions)
        #expect(Set(found).count == 1)
        if acknowledged >= 0 { #expect((acknowledged...sent).contains(found[0] ?? -1)) }
        sent = max(acknowledged, found[0] ?? -1)
        acknowledged = sent
        checked += found.count
    }
}

/// A transactional producer that writes to several partitions and commits an offset with it.
final class TransactionLoad: Load {
    private enum Fate { case committed, aborted, unknown }

    private let topic: String
    private let partitions: Int32 = 3
    private var numbers: SeededNumbers
    private var transactions: [Fate] = []
    private var checkedTransactions = 0
    private var ends: [Int64]
    private(set) var checked = 0

    init(_ topic: String, seed: UInt64) {
        self.topic = topic
        numbers = SeededNumbers(seed: seed)
        ends = Array(repeating: 0, count: Int(partitions))
    }

    func prepare(_ client: Client) throws {
        #expect(
            try client.create(topic, partitions: partitions, ["segment.bytes": "16384"]) == .none)
    }

    func run(_ client: Client) throws {
        let identity = try client.identity(topic)
        var sequences = [Int32](repeating: 0, count: Int(partitions))
        while true {
            let number = transactions.count
            transactions.append(.unknown)
            #expect(
                try client.addPartitions(topic, identity, Array(0..<partitions)) == .none)
            for partition in 0..<partitions {
                let count = 1 + numbers.next(below: 3)
                let stamp = Stamp(place: topic, number: number)
                let records = (0..<count).map { _ -> (key: String?, value: String?) in
                    ("k", stamp.value(padding: numbers.next(below: 100)))
                }
                let bytes = batch(
                    records, codec: .lz4, producer: identity,
                    sequence: sequences[Int(partition)], transactional: true)
                sequences[Int(partition)] += Int32(count)
                let answer = try client.produce(
                    topic, bytes, partition: partition, transaction: topic)
                #expect(answer.error == .none)
            }
            #expect(try client.addOffsets(topic, identity, number: Int64(number)) == .none)
            let commits = numbers.next(below: 3) != 0
            // It may be killed before the answer, and the transaction be committed all the same.
            #expect(try client.endTransaction(topic, identity, commit: commits) == .none)
            transactions[number] = commits ? .committed : .aborted
        }
    }

    /// Each transaction is wholly visible or wholly not, and what was answered is what is seen.
    func check(_ client: Client) throws {
        // The next of its name: what is open ends, what is decided is done.
        _ = try client.identity(topic)
        var seen: [Set<Int>] = []
        for partition in 0..<partitions {
            let (records, end) = try client.committedRecords(
                topic, partition, from: ends[Int(partition)])
            ends[Int(partition)] = end
            let numbers = try records.map { try #require(Stamp($0.value)).number }
            #expect(numbers == numbers.sorted())
            seen.append(Set(numbers))
            checked += records.count
        }
        #expect(seen.allSatisfy { $0 == seen[0] })
        for number in checkedTransactions..<transactions.count {
            let isSeen = seen[0].contains(number)
            if transactions[number] == .unknown {
                transactions[number] = isSeen ? .committed : .aborted
            }
            #expect(isSeen == (transactions[number] == .committed))
        }
        checkedTransactions = transactions.count
        // The offset is that of the last that was committed, told or not.
        let last = transactions.lastIndex(of: .committed).map { Int64($0) }
        #expect(try client.committed(topic, topic, 1) == [last])
    }
}
