import TestSupport

@testable import Brokerage

/// Members that die or freeze; they are processes of their own, of kcat.
enum FaultPrograms {
    static let isPossible = Kcat.path != nil
    static let all = [killed, frozen, generations]

    private static let killed = Program(
        "a member that is killed",
        sees: [
            "shares of 2 and 2", "after the kill 4", "the group's offsets went on: true",
            "no record missed: true",
        ]
    ) { site in
        let topic = site.name("killed")
        try WireClient(site).create(topic, partitions: 4)
        let producer = try RecordProducer(site)
        try send(0..<40, to: topic, producer)
        let process = try Kcat.member(site, topic, topic)
        try await_("the first records") { Kcat.values(process).count == 40 }
        let consumer = try GroupPrograms.member(site, topic, sessions(topic))
        var values: Set<String> = []
        try await_("two shares") {
            collect(&values, from: consumer)
            return consumer.assigned.count == 2 && Kcat.share(process) == 2
        }
        var seen = ["shares of \(consumer.assigned.count) and \(Kcat.share(process))"]
        try send(40..<80, to: topic, producer)
        try await_("the second records") {
            collect(&values, from: consumer)
            return values.union(Kcat.values(process)).count == 80
        }
        process.kill()
        try await_("the share of the dead") {
            collect(&values, from: consumer)
            return consumer.assigned.count == 4
        }
        seen.append("after the kill \(consumer.assigned.count)")
        try send(80..<120, to: topic, producer)
        try await_("the last records") {
            collect(&values, from: consumer)
            return values.union(Kcat.values(process)).count == 120
        }
        // The first member committed when it gave up partitions to the second.
        seen.append("the group's offsets went on: \(values.count < 120)")
        let all = Set((0..<120).map { "\($0)" })
        seen.append("no record missed: \(values.union(Kcat.values(process)) == all)")
        return seen
    }

    private static let frozen = Program(
        "a member that is frozen past its session",
        sees: [
            "shares of 2 and 2", "while it is frozen 4", "when it wakes 2 and 2",
            "no record missed: true",
        ]
    ) { site in
        let topic = site.name("frozen")
        try WireClient(site).create(topic, partitions: 4)
        let producer = try RecordProducer(site)
        let process = try Kcat.member(site, topic, topic)
        let consumer = try GroupPrograms.member(site, topic, sessions(topic))
        var values: Set<String> = []
        func settle(_ what: String, mine: Int, its: Int?) throws {
            try await_(what) {
                collect(&values, from: consumer)
                return consumer.assigned.count == mine && (its == nil || Kcat.share(process) == its)
            }
        }
        try settle("two shares", mine: 2, its: 2)
        var seen = ["shares of \(consumer.assigned.count) and \(Kcat.share(process))"]
        try send(0..<40, to: topic, producer)
        process.freeze()
        try settle("the share of the frozen", mine: 4, its: nil)
        seen.append("while it is frozen \(consumer.assigned.count)")
        try send(40..<80, to: topic, producer)
        process.resume()
        try settle("two shares again", mine: 2, its: 2)
        seen.append("when it wakes \(consumer.assigned.count) and \(Kcat.share(process))")
        try send(80..<120, to: topic, producer)
        let all = Set((0..<120).map { "\($0)" })
        try await_("all records") {
            collect(&values, from: consumer)
            return values.union(Kcat.values(process)) == all
        }
        seen.append("no record missed: true")
        return seen
    }

    /// Who speaks for a generation that is over, or as somebody else, is told so. The numbers:
    /// 22 illegal generation, 23 inconsistent protocol, 24 invalid group id, 25 unknown member,
    /// 26 invalid session timeout, 27 rebalance in progress, 79 member id required, 82 fenced.
    private static let generations = Program(
        "a member that speaks out of turn",
        sees: [
            "without an id 79", "with it 0 in generation 1", "commits before the shares 27",
            "the shares 0", "commits 0", "in generation 0: 22", "as nobody 25", "as a stranger 25",
            "heartbeats 0", "in generation 0: 22", "with another protocol 23", "no group 24",
            "a session of 10 ms 26", "of an hour 26", "leaves 0", "and is gone 25",
            "static 0 in generation 3", "once more 0 in generation 3", "the former one 82",
            "an unknown instance 25", "silent past its session 25", "and so its commit 25",
        ]
    ) { site in
        let topic = site.name("generations")
        let wire = try WireClient(site)
        try wire.create(topic)
        let group = site.name("generations")
        var seen: [String] = []
        func note(_ what: String, _ code: Int16) { seen.append("\(what) \(code)") }

        var member = GroupClaim(group)
        let first = try patientJoin(wire, member)
        note("without an id", first.code)
        member.id = first.id
        var joined = try wire.join(member)
        seen.append("with it \(joined.code) in generation \(joined.generation)")
        member.generation = joined.generation
        note("commits before the shares", try wire.commit(member, topic, 1))
        note("the shares", try wire.sync(member))
        note("commits", try wire.commit(member, topic, 1))
        var other = member
        other.generation = 0
        note("in generation 0:", try wire.commit(other, topic, 1))
        note("as nobody", try wire.commit(GroupClaim(group), topic, 1))
        other = member
        other.id = "stranger"
        note("as a stranger", try wire.commit(other, topic, 1))
        note("heartbeats", try wire.heartbeat(member))
        other = member
        other.generation = 0
        note("in generation 0:", try wire.heartbeat(other))
        other = GroupClaim(group)
        other.protocolName = "another"
        note("with another protocol", try wire.join(other).code)
        note("no group", try wire.join(GroupClaim("")).code)
        for (name, sessionMs) in [("a session of 10 ms", 10), ("of an hour", 3_600_000)] {
            other = GroupClaim(group)
            other.sessionMs = Int32(sessionMs)
            note(name, try wire.join(other).code)
        }
        note("leaves", try wire.leave(member))
        note("and is gone", try wire.heartbeat(member))

        var fixed = GroupClaim(group)
        fixed.instance = "one"
        joined = try wire.join(fixed)
        seen.append("static \(joined.code) in generation \(joined.generation)")
        (fixed.id, fixed.generation) = (joined.id, joined.generation)
        _ = try wire.sync(fixed)
        var again = GroupClaim(group)
        again.instance = "one"
        joined = try wire.join(again)
        seen.append("once more \(joined.code) in generation \(joined.generation)")
        note("the former one", try wire.heartbeat(fixed))
        fixed.instance = "two"
        note("an unknown instance", try wire.heartbeat(fixed))

        // Frozen, as the broker sees it: nothing is heard until the session is over.
        var silent = GroupClaim(site.name("silent"))
        silent.instance = "one"
        silent.sessionMs = 1_500
        joined = try wire.join(silent)
        (silent.id, silent.generation) = (joined.id, joined.generation)
        _ = try wire.sync(silent)
        try await_("the end of its session") {
            try wire.describeGroup(silent.group).contains("Empty")
        }
        note("silent past its session", try wire.heartbeat(silent))
        note("and so its commit", try wire.commit(silent, topic, 1))
        return seen
    }

    private static func patientJoin(
        _ wire: WireClient, _ member: GroupClaim
    ) throws -> (code: Int16, generation: Int32, id: String) {
        var answer: (code: Int16, generation: Int32, id: String) = (-1, -1, "")
        _ = try patiently {
            answer = try wire.join(member)
            return answer.code
        }
        return answer
    }

    private static func sessions(_ group: String) -> [String: String] {
        ["group.id": group, "session.timeout.ms": "2000", "enable.auto.commit": "true"]
    }

    private static func send(
        _ range: Range<Int>, to topic: String, _ producer: RecordProducer
    ) throws {
        for index in range {
            try producer.send(Sent("k", "\(index)"), to: topic, partition: Int32(index % 4))
        }
        try producer.flush()
    }

    private static func collect(_ values: inout Set<String>, from consumer: RecordConsumer) {
        while case .record(let record)? = consumer.poll(ms: 5) {
            values.insert(String(decoding: record.value ?? [], as: UTF8.self))
        }
    }
}
