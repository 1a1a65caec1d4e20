import CRdKafka

@testable import Brokerage

/// Groups share partitions, and keep their offsets.
enum GroupPrograms {
    static let all = [range, cooperative, staticMembers, sameInstance, offsets]

    private static let range = Program(
        "range: members come and go",
        sees: [
            "one: [0, 1, 2, 3]", "two: [0, 1] [2, 3]", "three: [0, 1] [2] [3]",
            "two again: [0, 1] [2, 3]", "one again: [0, 1, 2, 3]",
        ]
    ) { site in
        let topic = site.name("range")
        try WireClient(site).create(topic, partitions: 4)
        let settings = ["group.id": topic, "partition.assignment.strategy": "range"]
        var members = [try member(site, topic, settings)]
        var seen = ["one: \(try shares(members))"]
        members.append(try member(site, topic, settings))
        seen.append("two: \(try shares(members))")
        members.append(try member(site, topic, settings))
        seen.append("three: \(try shares(members))")
        members.removeLast().close()
        seen.append("two again: \(try shares(members))")
        members.removeLast().close()
        seen.append("one again: \(try shares(members))")
        return seen
    }

    private static let cooperative = Program(
        "cooperative-sticky: only what moves is taken away",
        sees: ["the first gave [\"-2\"]", "and kept 2 of its own", "shares of 2 and 2", "gone: 4"]
    ) { site in
        let topic = site.name("cooperative")
        try WireClient(site).create(topic, partitions: 4)
        let settings = [
            "group.id": topic, "partition.assignment.strategy": "cooperative-sticky",
        ]
        let first = try member(site, topic, settings)
        _ = try shares([first])
        let second = try member(site, topic, settings)
        _ = try shares([first, second])
        var seen = [
            "the first gave \(first.events.filter { $0.hasPrefix("-") && $0 != "-0" })",
            "and kept \(first.assigned.count) of its own",
            "shares of \(first.assigned.count) and \(second.assigned.count)",
        ]
        second.close()
        _ = try shares([first])
        seen.append("gone: \(first.assigned.count)")
        return seen
    }

    private static let staticMembers = Program(
        "a static member that comes back disturbs nobody",
        sees: ["the same share: true", "rebalances of the other: 0"]
    ) { site in
        let topic = site.name("static")
        try WireClient(site).create(topic, partitions: 4)
        let settings = ["group.id": topic, "session.timeout.ms": "30000"]
        let one = settings.merging(["group.instance.id": "one"]) { $1 }
        let two = settings.merging(["group.instance.id": "two"]) { $1 }
        let other = try member(site, topic, two)
        var leaving: RecordConsumer? = try member(site, topic, one)
        _ = try shares([other, leaving].compactMap { $0 })
        let share = leaving?.assigned ?? []
        leaving?.close()
        leaving = nil
        let events = other.events
        let back = try member(site, topic, one)
        try await_("the share of who came back") {
            _ = other.poll(ms: 5)
            _ = back.poll(ms: 5)
            return !back.assigned.isEmpty
        }
        return [
            "the same share: \(back.assigned == share)",
            "rebalances of the other: \(other.events.count - events.count)",
        ]
    }

    private static let sameInstance = Program(
        "a second member of the same instance fences the first", sees: ["FENCED_INSTANCE_ID"]
    ) { site in
        let topic = site.name("fenced")
        try WireClient(site).create(topic, partitions: 2)
        let settings = ["group.id": topic, "group.instance.id": "one"]
        let first = try member(site, topic, settings)
        _ = try shares([first], of: 2)
        let second = try member(site, topic, settings)
        var name = ""
        try await_("the end of the first") {
            _ = second.poll(ms: 5)
            guard case .failure = first.poll(ms: 5) else { return false }
            var reason = [CChar](repeating: 0, count: 512)
            name = Librdkafka.name(rd_kafka_fatal_error(first.client, &reason, reason.count))
            return name != "NO_ERROR"
        }
        return [name]
    }

    private static let offsets = Program(
        "committed offsets outlive the broker",
        sees: [
            "at first [-1001, -1001, -1001]", "ok", "after an orderly end [3, 0, -1001]", "ok",
            "after a kill [3, 5, -1001]", "read on from there: 3, 4, 5, 6, 7, 8, 9",
        ]
    ) { site in
        let topic = site.name("offsets")
        try WireClient(site).create(topic, partitions: 3)
        let producer = try RecordProducer(site)
        for index in 0..<10 { try producer.send(Sent("k", "\(index)"), to: topic) }
        try producer.flush()
        let consumer = try RecordConsumer(site, ["group.id": topic])
        var seen: [String] = []
        func look(_ when: String) throws {
            seen.append("\(when) \(try consumer.committed(topic, [0, 1, 2]))")
        }
        try look("at first")
        seen.append(
            consumer.commit([
                Place(topic: topic, partition: 0, offset: 3),
                Place(topic: topic, partition: 1, offset: 0),
            ]))
        try site.restart(after: .graceful)
        try await_("the broker") { (try? look("after an orderly end")) != nil }
        seen.append(consumer.commit([Place(topic: topic, partition: 1, offset: 5)]))
        try site.restart(after: .killed)
        try await_("the broker") { (try? look("after a kill")) != nil }
        // -1000 is where the group is.
        let rest = try consumer.readAll([Place(topic: topic, partition: 0, offset: -1_000)])
        let line = rest.map { "\($0.place.offset)" }.joined(separator: ", ")
        seen.append("read on from there: \(line)")
        return seen
    }

    static func member(
        _ site: Site, _ topic: String, _ settings: [String: String]
    ) throws -> RecordConsumer {
        let consumer = try RecordConsumer(site, settings)
        try consumer.subscribe([topic])
        return consumer
    }

    /// Waits until the members have all partitions among them; their shares in order.
    static func shares(_ members: [RecordConsumer], of partitions: Int = 4) throws -> String {
        try await_("\(members.count) shares of \(partitions)") {
            for member in members { _ = member.poll(ms: 5) }
            let all = members.flatMap(\.assigned)
            return Set(all).count == partitions && all.count == partitions
                && members.allSatisfy { !$0.assigned.isEmpty }
        }
        return members.map(\.assigned).sorted { ($0.first ?? 0) < ($1.first ?? 0) }
            .map { "\($0)" }.joined(separator: " ")
    }
}
