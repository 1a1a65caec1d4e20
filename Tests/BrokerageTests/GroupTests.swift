import Foundation
import Testing

@testable import Brokerage

@Suite struct `A group` {
    @Test func `shares among its members and gives a dead one's share to the others`() throws {
        try withBroker { client throws in
            let first = try Member(client.another(), sessionMs: 300)
            let second = try Member(client.another(), sessionMs: 300)
            try first.startJoin()
            try second.startJoin()
            let joined = [try first.finishJoin(), try second.finishJoin()]
            #expect(joined.map(\.generation) == [1, 1])
            #expect(joined[0].leader == joined[1].leader)
            // The leader is told of both; it shares.
            #expect(joined.map(\.members.count).sorted() == [0, 2])
            let (leader, follower) =
                joined[0].leader == joined[0].member ? (first, second) : (second, first)
            try follower.startSync([:])
            let shares = [leader.id: [UInt8]([1]), follower.id: [2]]
            #expect(try leader.sync(shares) == SyncAnswer(error: .none, assignment: [1]))
            #expect(try follower.finishSync() == SyncAnswer(error: .none, assignment: [2]))
            // The leader falls silent; the follower hears of it by its heartbeats, and is alone.
            while try follower.heartbeat() == .none { usleep(20_000) }
            #expect(try follower.heartbeat() == .rebalanceInProgress)
            try follower.startJoin()
            let alone = try follower.finishJoin()
            #expect(alone.generation == 2)
            #expect(alone.leader == follower.id)
            #expect(alone.members == [follower.id])
            #expect(try leader.heartbeat() == .unknownMemberID)
        }
    }

    @Test func `tells a new member its id first`() throws {
        try withBroker { client throws in
            let member = try Member(client, sessionMs: 5_000)
            try member.startJoin(explicitly: true)
            #expect(try member.finishJoin().error == .memberIDRequired)
            #expect(!member.id.isEmpty)
            try member.startJoin()
            #expect(try member.finishJoin().error == .none)
        }
    }

    @Test func `takes a static member back without a rebalance and fences the old one`() throws {
        try withBroker { client throws in
            let old = try Member(client.another(), sessionMs: 5_000, instance: "one")
            try old.startJoin()
            #expect(try old.finishJoin().generation == 1)
            #expect(try old.sync([old.id: [7]]).assignment == [7])
            let new = try Member(client.another(), sessionMs: 5_000, instance: "one")
            try new.startJoin()
            let back = try new.finishJoin()
            #expect(back.error == .none)
            #expect(back.generation == 1)
            // It was the leader, and is told another id so that it does not share anew.
            #expect(back.leader == old.id)
            #expect(try new.sync([:]).assignment == [7])
            #expect(try new.heartbeat() == .none)
            #expect(try old.heartbeat() == .fencedInstanceID)
        }
    }

    @Test func `refuses who shares no protocol with the others`() throws {
        try withBroker { client throws in
            let first = try Member(client.another(), sessionMs: 5_000)
            try first.startJoin()
            _ = try first.finishJoin()
            let other = try Member(client.another(), sessionMs: 5_000)
            other.protocolName = "sticky"
            try other.startJoin()
            #expect(try other.finishJoin().error == .inconsistentGroupProtocol)
        }
    }

    @Test func `takes offsets only from its present generation`() throws {
        try withBroker { client throws in
            try client.create("t")
            let member = try Member(client.another(), sessionMs: 5_000)
            try member.startJoin()
            _ = try member.finishJoin()
            // Until the partitions are shared nobody has any to commit for.
            #expect(try member.commit("t", 1) == .rebalanceInProgress)
            _ = try member.sync([member.id: []])
            #expect(try member.commit("t", 5) == .none)
            #expect(try member.commit("t", 6, generation: 0) == .illegalGeneration)
            #expect(try member.commit("t", 7, generation: -1) == .unknownMemberID)
            #expect(try member.committed("t") == 5)
        }
    }

    @Test func `has its offsets after a restart, and after a kill`() throws {
        try withFolder { folder in
            let copy = folder + "-killed"
            defer { try? FileManager.default.removeItem(atPath: copy) }
            try withBroker(in: folder) { client throws in
                try client.create("t")
                let nobody = try Member(client.another(), sessionMs: 5_000)
                #expect(try nobody.commit("t", 5, generation: -1) == .none)
                #expect(try nobody.commit("t", 9, generation: -1) == .none)
                try FileManager.default.copyItem(atPath: folder, toPath: copy)
            }
            for folder in [folder, copy] {
                try withBroker(in: folder) { client throws in
                    #expect(try Member(client, sessionMs: 5_000).committed("t") == 9)
                }
            }
        }
    }
}

struct JoinAnswer {
    let error: ErrorCode
    let generation: Int32
    let leader: String
    let member: String
    let members: [String]
}

struct SyncAnswer: Equatable {
    let error: ErrorCode
    let assignment: [UInt8]
}

/// A member of the group "g", one request at a time.
private final class Member {
    private let client: Client
    private let sessionMs: Int32
    private let instance: String?
    private(set) var id = ""
    private var generation: Int32 = -1
    var protocolName = "range"

    init(_ client: Client, sessionMs: Int32, instance: String? = nil) throws {
        self.client = client
        self.sessionMs = sessionMs
        self.instance = instance
    }

    /// - Parameter explicitly: by a version in which a new member is told its id first.
    func startJoin(explicitly: Bool = false) throws {
        let version: Int16 = explicitly || instance != nil || !id.isEmpty ? 5 : 3
        try client.tell(.joinGroup, version) { writer in
            writer.string("g")
            writer.int32(sessionMs)
            writer.int32(5_000)
            writer.string(id)
            if version >= 5 { writer.string(instance) }
            writer.string("consumer")
            writer.array([protocolName]) { name, writer in
                writer.string(name)
                writer.byteArray([])
            }
        }
        joinVersion = version
    }
    private var joinVersion: Int16 = 5

    func finishJoin() throws -> JoinAnswer {
        let hasInstances = joinVersion >= 5
        let answer = try client.answer { reader throws(WireError) in
            _ = try reader.int32()
            let error = try reader.errorCode()
            let generation = try reader.int32()
            _ = try reader.string()
            return JoinAnswer(
                error: error, generation: generation, leader: try reader.string(),
                member: try reader.string(),
                members: try reader.array { reader throws(WireError) in
                    let id = try reader.string()
                    if hasInstances { _ = try reader.nullableString() }
                    _ = try reader.byteArray()
                    return id
                })
        }
        id = answer.member
        generation = answer.generation
        return answer
    }

    func startSync(_ shares: [String: [UInt8]]) throws {
        try client.tell(.syncGroup, 3) { writer in
            identify(&writer)
            writer.array(shares.sorted { $0.key < $1.key }) { share, writer in
                writer.string(share.key)
                writer.byteArray(share.value)
            }
        }
    }

    func finishSync() throws -> SyncAnswer {
        try client.answer { reader throws(WireError) in
            _ = try reader.int32()
            return SyncAnswer(
                error: try reader.errorCode(), assignment: try reader.byteArray())
        }
    }

    func sync(_ shares: [String: [UInt8]]) throws -> SyncAnswer {
        try startSync(shares)
        return try finishSync()
    }

    func heartbeat() throws -> ErrorCode {
        try client.ask(.heartbeat, 3) {
            identify(&$0)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try reader.errorCode()
        }
    }

    func commit(_ topic: String, _ offset: Int64, generation: Int32? = nil) throws -> ErrorCode {
        try client.ask(.offsetCommit, 7) { writer in
            let claimed = generation ?? self.generation
            writer.string("g")
            writer.int32(claimed)
            writer.string(claimed < 0 ? "" : id)
            writer.string(nil)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.int32(1)
                writer.int32(0)
                writer.int64(offset)
                writer.int32(-1)
                writer.string("note")
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            _ = try reader.int32()
            _ = try reader.int32()
            return try reader.errorCode()
        }
    }

    func committed(_ topic: String) throws -> Int64 {
        try client.ask(.offsetFetch, 5) { writer in
            writer.string("g")
            writer.int32(-1)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            _ = try reader.int32()
            _ = try reader.int32()
            return try reader.int64()
        }
    }

    private func identify(_ writer: inout WireWriter) {
        writer.string("g")
        writer.int32(generation)
        writer.string(id)
        writer.string(instance)
    }
}
