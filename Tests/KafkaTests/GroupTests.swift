import Kafka
import TestSupport
import Testing

@Suite(.enabled(if: !BrokerKind.available.isEmpty, "needs the embedded broker or Apache Kafka"))
struct `A group of consumers` {
    private struct Wanted: Error {}

    /// One member, with what it was told and what it read.
    private final class Member {
        let name: String
        let consumer: BatchConsumer
        var read: [Int32: [Int64]] = [:]

        init(
            _ name: String, _ servers: String, _ topic: String,
            _ rebalancing: BatchConsumer.Rebalancing
        )
            throws
        {
            self.name = name
            var options = BatchConsumer.Options(
                bootstrapServers: servers, group: "group-of-\(topic)")
            options.rebalancing = rebalancing
            consumer = try BatchConsumer(options)
        }

        func poll() throws {
            try consumer.withBatch(timeoutMs: 20) { batch in
                for record in batch { read[record.partition, default: []].append(record.offset) }
            }
        }

        var partitions: Set<Int32> { Set(consumer.assignment.map(\.partition)) }
    }

    /// What happened, in the order in which it did, over all members.
    private final class Journal {
        enum Entry: Equatable {
            case assigned(String, Int32)
            case revoked(String, Int32)
        }
        var entries: [Entry] = []
    }

    @Test(arguments: BrokerKind.available, [BatchConsumer.Rebalancing.eager, .cooperative])
    func `shares partitions, and takes each from one before another has it`(
        _ kind: BrokerKind, _ rebalancing: BatchConsumer.Rebalancing
    ) throws {
        try withTopic(kind, partitions: 4) { servers, topic in
            let journal = Journal()
            let first = try member("first", servers, topic, rebalancing, journal)
            var settled = try eventually {
                try first.poll()
                return first.partitions == [0, 1, 2, 3]
            }
            #expect(settled)
            let second = try member("second", servers, topic, rebalancing, journal)
            settled = try eventually {
                try first.poll()
                try second.poll()
                return first.partitions.count == 2 && second.partitions.count == 2
            }
            #expect(settled)
            #expect(first.partitions.isDisjoint(with: second.partitions))
            expectOneOwnerAtATime(journal)
            for partition in second.partitions {
                #expect(journal.entries.contains(.revoked("first", partition)))
            }

            try second.consumer.close()
            settled = try eventually {
                try first.poll()
                return first.partitions == [0, 1, 2, 3]
            }
            #expect(settled)
            expectOneOwnerAtATime(journal)
            try first.consumer.close()
            #expect(first.partitions.isEmpty)
        }
    }

    @Test(arguments: BrokerKind.available)
    func `starts each partition where the caller says`(_ kind: BrokerKind) throws {
        try withTopic(kind, partitions: 3) { servers, topic in
            let producer = try producer(servers)
            for number in 0..<30 {
                try producer.send(to: topic, partition: Int32(number % 3), key: nil, value: [])
            }
            #expect(producer.flush(timeoutMs: timeoutMs) == .delivered)
            let member = try Member("only", servers, topic, .eager)
            let starts: [Int32: Start] = [0: .beginning, 1: .offset(4), 2: .offset(10)]
            try member.consumer.subscribe(to: [topic]) { partitions in
                partitions.map { starts[$0.partition] ?? .end }
            } onRevoke: { _, _ in
            }
            // Ten each: all of partition 0, six of partition 1, none of partition 2.
            let came = try eventually {
                try member.poll()
                return member.read.values.map(\.count).reduce(0, +) >= 16
            }
            #expect(came)
            try member.poll()
            #expect(member.read == [0: Array(0..<10), 1: Array(4..<10)])
            try member.consumer.close()
        }
    }

    @Test(arguments: BrokerKind.available)
    func `that rebalances while it reads, reads each record once`(_ kind: BrokerKind) throws {
        try withTopic(kind, partitions: 4) { servers, topic in
            // What a stage's database does: the next offset of each partition, whoever reads it.
            let journal = Journal()
            var next: [Int32: Int64] = [:]
            let producer = try producer(servers)
            let total = 20_000
            var sent = 0
            func send(_ count: Int) throws {
                for _ in 0..<count {
                    try producer.send(
                        to: topic, partition: Int32(sent % 4), key: nil, value: [1, 2, 3])
                    sent += 1
                }
            }
            func join(_ name: String) throws -> Member {
                let member = try Member(name, servers, topic, .eager)
                try member.consumer.subscribe(to: [topic]) { partitions in
                    journal.entries += partitions.map { .assigned(name, $0.partition) }
                    return partitions.map { .offset(next[$0.partition] ?? 0) }
                } onRevoke: { partitions, _ in
                    journal.entries += partitions.map { .revoked(name, $0.partition) }
                }
                return member
            }
            func poll(_ member: Member) throws {
                try member.consumer.withBatch(timeoutMs: 5) { batch in
                    for record in batch {
                        #expect(record.offset == next[record.partition] ?? 0)
                        next[record.partition] = record.offset + 1
                    }
                }
            }
            var members = [try join("0")]
            let read = try eventually {
                if sent < total { try send(100) }
                if sent == 6_000 || sent == 12_000, members.count < 3 {
                    members.append(try join("\(members.count)"))
                }
                if sent == 18_000 { try members.removeLast().consumer.close() }
                for member in members { try poll(member) }
                return next.values.reduce(0, +) >= total
            }
            #expect(read)
            #expect(next == [0: 5_000, 1: 5_000, 2: 5_000, 3: 5_000])
            expectOneOwnerAtATime(journal)
            for member in members { try member.consumer.close() }
        }
    }

    @Test(arguments: BrokerKind.available)
    func `hears what its handlers throw from the poll they ran in`(_ kind: BrokerKind) throws {
        try withTopic(kind) { servers, topic in
            let member = try Member("only", servers, topic, .eager)
            try member.consumer.subscribe(to: [topic]) { _ in
                throw Wanted()
            } onRevoke: { _, _ in
            }
            #expect(throws: Wanted.self) {
                _ = try eventually {
                    try member.poll()
                    return false
                }
            }
            #expect(member.consumer.assignment.isEmpty)
            try member.consumer.close()
        }
    }

    private func member(
        _ name: String, _ servers: String, _ topic: String,
        _ rebalancing: BatchConsumer.Rebalancing, _ journal: Journal
    ) throws -> Member {
        let member = try Member(name, servers, topic, rebalancing)
        try member.consumer.subscribe(to: [topic]) { partitions in
            journal.entries += partitions.map { .assigned(name, $0.partition) }
            return partitions.map { _ in .beginning }
        } onRevoke: { partitions, _ in
            journal.entries += partitions.map { .revoked(name, $0.partition) }
        }
        return member
    }

    private func expectOneOwnerAtATime(_ journal: Journal) {
        var owners: [Int32: String] = [:]
        for entry in journal.entries {
            switch entry {
            case .assigned(let name, let partition):
                #expect(owners[partition] == nil)
                owners[partition] = name
            case .revoked(let name, let partition):
                #expect(owners[partition] == name)
                owners[partition] = nil
            }
        }
    }
}
