@testable import Brokerage

/// Topics and groups are made, looked at, changed and removed.
enum TopicPrograms {
    static let all = [creation, settings, growth, deletedRecords, groups, offsetsOfGroups]

    /// 3 unknown topic or partition, 17 invalid topic, 36 topic exists, 37 invalid partitions, 38
    /// invalid replication factor, 40 invalid configuration.
    private static let creation = Program(
        "topics are created and deleted",
        sees: [
            "only tried 0", "so it is not there 3", "created 0", "again 36", "only tried again 36",
            "5 replicas 38", "no partition 37", "-2 partitions 37", "a space in the name 17",
            "an empty name 17", "a name of one dot 17", "250 letters 17", "249 letters 0",
            "an unknown setting 40", "a setting that is no number 40", "a number too small 40",
            "a policy that is none 40", "all replicas left to the broker 0",
            "partitions 3", "deleted 0", "again 3", "asked for 3", "a name that is none 17",
            "written to: 3",
        ]
    ) { site in
        let wire = try WireClient(site)
        let topic = site.name("created")
        var seen: [String] = []
        func note(_ what: String, _ code: Int16) { seen.append("\(what) \(code)") }
        note("only tried", try wire.createTopic(topic, partitions: 3, validateOnly: true))
        note("so it is not there", try wire.metadata(topic).code)
        note("created", try wire.createTopic(topic, partitions: 3))
        note("again", try wire.createTopic(topic))
        note("only tried again", try wire.createTopic(topic, validateOnly: true))
        let other = site.name("other")
        note("5 replicas", try wire.createTopic(other, replicas: 5))
        note("no partition", try wire.createTopic(other, partitions: 0))
        note("-2 partitions", try wire.createTopic(other, partitions: -2))
        note("a space in the name", try wire.createTopic("a b"))
        note("an empty name", try wire.createTopic(""))
        note("a name of one dot", try wire.createTopic("."))
        note("250 letters", try wire.createTopic(String(repeating: "x", count: 250)))
        let longest = String(repeating: "x", count: 249)
        note("249 letters", try wire.createTopic(longest))
        _ = try wire.deleteTopic(longest)
        note("an unknown setting", try wire.createTopic(other, ["no.such": "1"]))
        note("a setting that is no number", try wire.createTopic(other, ["retention.ms": "week"]))
        note("a number too small", try wire.createTopic(other, ["retention.ms": "-2"]))
        note("a policy that is none", try wire.createTopic(other, ["cleanup.policy": "burn"]))
        note("all replicas left to the broker", try wire.createTopic(other, replicas: -1))
        _ = try wire.deleteTopic(other)
        try wire.awaitLeader(of: topic, partitions: 3)
        seen.append("partitions \(try wire.metadata(topic).led)")
        note("deleted", try wire.deleteTopic(topic))
        try await_("the deletion") { try wire.metadata(topic).code != 0 }
        note("again", try wire.deleteTopic(topic))
        note("asked for", try wire.metadata(topic).code)
        note("a name that is none", try wire.metadata("a b").code)
        seen.append("written to: \(try wire.produce(topic, Batch(["v"]).bytes).code)")
        return seen
    }

    /// The settings that both have, with equal defaults; `segment.bytes` has another here.
    private static let settings = Program(
        "settings of topics",
        sees: [
            "0 cleanup.policy=delete", "0 delete.retention.ms=86400000",
            "0 max.message.bytes=1048588", "0 message.timestamp.after.max.ms=3600000",
            "0 message.timestamp.before.max.ms=9223372036854775807",
            "0 message.timestamp.type=CreateTime", "0 min.cleanable.dirty.ratio=0.5",
            "0 min.compaction.lag.ms=0", "0 min.insync.replicas=1", "0 retention.bytes=-1",
            "0 retention.ms=1000, set", "0 segment.ms=604800000", "0 compression.type=producer",
            "set 0", "retention.ms=2000, set", "compact as well 0",
            "cleanup.policy=delete,compact, set", "and no more deleting 0",
            "cleanup.policy=compact, set", "unset 0", "retention.ms=604800000",
            "an unknown one 40", "no number 40", "added to what is no list 40",
            "of an unknown topic 3", "asked of an unknown topic 3",
        ]
    ) { site in
        let wire = try WireClient(site)
        let topic = site.name("settings")
        try wire.create(topic, ["retention.ms": "1000"])
        var seen: [String] = []
        func look(_ name: String) throws -> String {
            try await_("an entry") { try wire.settings(of: topic, [name]).entries[name] != nil }
            return "\(name)=\(try wire.settings(of: topic, [name]).entries[name] ?? "none")"
        }
        for name in [
            "cleanup.policy", "delete.retention.ms", "max.message.bytes",
            "message.timestamp.after.max.ms", "message.timestamp.before.max.ms",
            "message.timestamp.type", "min.cleanable.dirty.ratio", "min.compaction.lag.ms",
            "min.insync.replicas", "retention.bytes", "retention.ms", "segment.ms",
            "compression.type",
        ] {
            seen.append("\(try wire.settings(of: topic, [name]).code) \(try look(name))")
        }
        func alter(_ what: String, _ name: String, _ operation: Int8, _ value: String?) throws {
            seen.append("\(what) \(try wire.alter(topic, name, operation, value))")
        }
        /// Waits until a change is everywhere, and says what there is then.
        func awaits(_ name: String, _ value: String) throws {
            try await_("\(name)=\(value)") { try look(name) == "\(name)=\(value)" }
            seen.append(try look(name))
        }
        try alter("set", "retention.ms", 0, "2000")
        try awaits("retention.ms", "2000, set")
        try alter("compact as well", "cleanup.policy", 2, "compact")
        try awaits("cleanup.policy", "delete,compact, set")
        try alter("and no more deleting", "cleanup.policy", 3, "delete")
        try awaits("cleanup.policy", "compact, set")
        try alter("unset", "retention.ms", 1, nil)
        try awaits("retention.ms", "604800000")
        try alter("an unknown one", "no.such", 0, "1")
        try alter("no number", "retention.ms", 0, "week")
        try alter("added to what is no list", "retention.ms", 2, "1")
        let missing = site.name("missing")
        let code = try wire.alter(missing, "retention.ms", 0, "1000")
        seen.append("of an unknown topic \(code)")
        seen.append("asked of an unknown topic \(try wire.settings(of: missing, []).code)")
        return seen
    }

    private static let growth = Program(
        "a topic gets more partitions",
        sees: [
            "to 4: 0", "to 4 again 37", "to 2: 37", "of an unknown topic 3", "partitions 4",
            "written to the last: 0 at 0", "after a restart 4 partitions, and 0 at 1 in the last",
        ]
    ) { site in
        var wire = try WireClient(site)
        let topic = site.name("growth")
        try wire.create(topic, partitions: 2)
        var seen = ["to 4: \(try wire.createPartitions(topic, 4))"]
        try wire.awaitLeader(of: topic, partitions: 4)
        seen.append("to 4 again \(try wire.createPartitions(topic, 4))")
        seen.append("to 2: \(try wire.createPartitions(topic, 2))")
        seen.append("of an unknown topic \(try wire.createPartitions(site.name("missing"), 4))")
        seen.append("partitions \(try wire.metadata(topic).led)")
        var batch = Batch(["v"])
        batch.records[0].timestampMs = Clock.wallMs()
        let first = try wire.produce(topic, batch.bytes, partition: 3)
        seen.append("written to the last: \(first.code) at \(first.offset)")
        try site.restart(after: .graceful)
        wire = try WireClient(site)
        try wire.awaitLeader(of: topic, partitions: 4)
        let led = try wire.metadata(topic).led
        let second = try wire.produce(topic, batch.bytes, partition: 3)
        seen.append(
            "after a restart \(led) partitions, and \(second.code) at \(second.offset) in the last")
        return seen
    }

    private static let deletedRecords = Program(
        "records are deleted from the start",
        sees: [
            "before 4: 0, left from 4", "before 2: 0, left from 4", "beyond the end 1",
            "-2: 1", "read from 3: 1", "read from 4: 0", "records [4, 5, 6, 7, 8, 9]",
            "by time 4", "after a restart from 4", "all 0, left from 10", "records []",
            "of a compacted topic 44",
        ]
    ) { site in
        var wire = try WireClient(site)
        let topic = site.name("deleted-records")
        try wire.create(topic)
        let nowMs = Clock.wallMs()
        // Two batches of five; the deletion ends in the middle of the first.
        for start in [0, 5] {
            var batch = Batch((start..<start + 5).map { "\($0)" })
            for index in 0..<5 { batch.records[index].timestampMs = nowMs + Int64(start + index) }
            batch.codec = .zstd
            _ = try wire.produce(topic, batch.bytes)
        }
        var seen: [String] = []
        for offset: Int64 in [4, 2] {
            let answer = try wire.deleteRecords(topic, before: offset)
            seen.append("before \(offset): \(answer.code), left from \(answer.start)")
        }
        seen.append("beyond the end \(try wire.deleteRecords(topic, before: 11).code)")
        seen.append("-2: \(try wire.deleteRecords(topic, before: -2).code)")
        seen.append("read from 3: \(try wire.fetch(topic, from: 3).code)")
        seen.append("read from 4: \(try wire.fetch(topic, from: 4).code)")
        let fromStart = [Place(topic: topic, partition: 0, offset: -2)]
        var records = try RecordConsumer(site).readAll(fromStart)
        seen.append("records \(records.map(\.place.offset))")
        seen.append("by time \(try wire.listOffsets(topic, atMs: nowMs).offset)")
        // After a kill Apache Kafka may have forgotten: it notes the start of logs every minute.
        try site.restart(after: .graceful)
        wire = try WireClient(site)
        try wire.awaitLeader(of: topic, partitions: 1)
        seen.append("after a restart from \(try wire.listOffsets(topic, atMs: -2).offset)")
        let answer = try wire.deleteRecords(topic, before: -1)
        seen.append("all \(answer.code), left from \(answer.start)")
        records = try RecordConsumer(site).readAll(fromStart)
        seen.append("records \(records.map(\.place.offset))")
        let compacted = site.name("compacted")
        try wire.create(compacted, ["cleanup.policy": "compact"])
        let refused = try wire.deleteRecords(compacted, before: 0)
        seen.append("of a compacted topic \(refused.code)")
        return seen
    }

    /// 68 the group is not empty, 69 there is no such group.
    private static let groups = Program(
        "groups are listed, described and deleted",
        sees: [
            "0 [\"Dead\", \"\", \"\"] []", "deleted 69", "list [\"none\"]",
            "0 [\"Stable\", \"consumer\", \"range\"] [\"one conformance /127.0.0.1 (22, 10)\"]",
            "list [\"consumer Stable\"]", "list of empty ones [\"none\"]", "deleted 68",
            "0 [\"Empty\", \"consumer\", \"\"] []", "list of empty ones [\"consumer Empty\"]",
            "deleted 0", "0 [\"Dead\", \"\", \"\"] []", "offset [0, -1]",
        ]
    ) { site in
        let wire = try WireClient(site)
        let topic = site.name("listed")
        try wire.create(topic)
        let group = site.name("listed")
        var seen: [String] = []
        _ = try patiently { try wire.deleteGroup(group) }
        seen.append(try wire.describeGroup(group))
        seen.append("deleted \(try wire.deleteGroup(group))")
        seen.append("list \(try wire.listGroups([group]))")
        var member = GroupClaim(group)
        member.instance = "one"
        let joined = try wire.join(member)
        (member.id, member.generation) = (joined.id, joined.generation)
        _ = try wire.sync(member)
        _ = try wire.commit(member, topic, 5)
        seen.append(try wire.describeGroup(group))
        seen.append("list \(try wire.listGroups([group]))")
        seen.append("list of empty ones \(try wire.listGroups([group], states: ["Empty"]))")
        seen.append("deleted \(try wire.deleteGroup(group))")
        _ = try wire.leave(member)
        seen.append(try wire.describeGroup(group))
        seen.append("list of empty ones \(try wire.listGroups([group], states: ["Empty"]))")
        seen.append("deleted \(try wire.deleteGroup(group))")
        seen.append(try wire.describeGroup(group))
        seen.append("offset \(try wire.committed(group, topic))")
        return seen
    }

    /// 86 a member of the group reads the topic.
    private static let offsetsOfGroups = Program(
        "offsets of groups are deleted",
        sees: [
            "of no group [69]", "of a topic that a member reads [0, 86]", "of another [0, 0]",
            "once more [0, 0]", "offset [0, -1]", "offset [0, 5]", "of a topic that is not [0, 3]",
        ]
    ) { site in
        let wire = try WireClient(site)
        let other = site.name("not-read")
        // What members say that they read, see `GroupClaim`.
        let read = "subscribed"
        if try wire.metadata(read).code != 0 { try wire.create(read) }
        try wire.create(other)
        let group = site.name("deleting")
        var member = GroupClaim(group)
        member.instance = "one"
        _ = try patiently { try wire.deleteGroup(group) }
        var seen = ["of no group \(try wire.deleteOffset(group, other))"]
        let joined = try wire.join(member)
        (member.id, member.generation) = (joined.id, joined.generation)
        _ = try wire.sync(member)
        _ = try wire.commit(member, read, 5)
        _ = try wire.commit(member, other, 5)
        seen.append("of a topic that a member reads \(try wire.deleteOffset(group, read))")
        seen.append("of another \(try wire.deleteOffset(group, other))")
        seen.append("once more \(try wire.deleteOffset(group, other))")
        seen.append("offset \(try wire.committed(group, other))")
        seen.append("offset \(try wire.committed(group, read))")
        let missing = try wire.deleteOffset(group, site.name("missing"))
        seen.append("of a topic that is not \(missing)")
        return seen
    }
}
