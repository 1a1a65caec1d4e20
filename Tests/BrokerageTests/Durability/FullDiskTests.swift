import Foundation
import Glibc
import Kafka
import TestSupport
import Testing

@testable import Brokerage

/// What a broker does when the disk takes no more.
private enum DiskLimit: CaseIterable {
    /// The kernel refuses to let a file grow further: EFBIG, after a part was written, anywhere.
    case fileSize
    /// A file system of 4 MiB: ENOSPC. Needs the right to mount one.
    case space

    static var available: [DiskLimit] { SmallDisk.canBeMounted ? allCases : [.fileSize] }
}

@Suite(.enabled(if: EmbeddedBroker.isBuilt, "needs the product broker: swift build"))
struct `A broker whose disk is full` {
    @Test(arguments: DiskLimit.available)
    private func `tells producers, keeps what it acknowledged, and goes on with room`(
        limit: DiskLimit
    ) throws {
        try withLimit(limit) { folder, fill, free in
            let broker = try EmbeddedBroker(
                dataFolder: folder, arguments: ["--segment-bytes", "262144"])
            defer { broker.kill() }
            let writer = try Writer(broker.client())
            try fill(broker.child.processID)
            try writer.writeUntilFull()
            // A topic takes little room: there may be some.
            #expect([.none, .storageError].contains(try writer.client.create("other")))
            try writer.check()
            #expect(broker.child.isRunning)
            // Killed with a full disk, it has what it acknowledged.
            try broker.restart()
            writer.client = try broker.client()
            try writer.check()
            try fill(broker.child.processID)
            try free(broker.child.processID)
            for _ in 0..<100 { #expect(try writer.send(5_000) == .none) }
            #expect(try writer.commit() == .none)
            #expect(try writer.endTransaction() == .none)
            #expect(try writer.client.create("another") == .none)
            try writer.check()
            try broker.restart()
            writer.client = try broker.client()
            try writer.check()
        }
    }

    /// Nobody asks again: the broker itself brings the transaction to its end.
    @Test func `ends a decided transaction once there is room`() throws {
        try withLimit(.fileSize) { folder, fill, free in
            let broker = try EmbeddedBroker(
                dataFolder: folder, arguments: ["--segment-bytes", "262144"])
            defer { broker.kill() }
            let client = try broker.client()
            #expect(try client.create("t") == .none)
            let identity = try client.identity("t")
            #expect(try client.addPartitions("t", identity, [0]) == .none)
            let open = batch([("k", "v")], producer: identity, sequence: 0, transactional: true)
            #expect(try client.produce("t", open, transaction: "t").error == .none)
            try fill(broker.child.processID)
            let filler = batch([("k", String(repeating: "x", count: 20))])
            while try client.produce("t", filler).error == .none {}
            #expect(try client.endTransaction("t", identity, commit: true) == .storageError)
            #expect(try client.fetch("t", from: 0).stableOffset == 0)
            try free(broker.child.processID)
            let isDone = try eventually { try client.fetch("t", from: 0).stableOffset > 0 }
            #expect(isDone)
            #expect(try client.committedRecords("t", 0, from: 0).records.first?.value == "v")
        }
    }

    /// It takes the error for one that passes, tries again, and is told of success in the end.
    @Test(arguments: DiskLimit.available)
    private func `loses nothing of what librdkafka was told`(limit: DiskLimit) throws {
        try withLimit(limit) { folder, fill, free in
            let broker = try EmbeddedBroker(dataFolder: folder)
            defer { broker.kill() }
            let admin = try Admin(bootstrapServers: broker.bootstrapServers)
            _ = try admin.createTopics([.init("t", partitions: 1)], timeoutMs: 30_000)
            var options = Producer.Options(bootstrapServers: broker.bootstrapServers)
            options.settings = ["compression.codec": "none", "message.timeout.ms": "4000"]
            let producer = try Producer(options)
            func send(_ count: Int) throws {
                for _ in 0..<count {
                    let value = Stamp(place: "t", number: producer.sent).value(padding: 900)
                    try producer.send(to: "t", partition: 0, key: nil, value: Array(value.utf8))
                }
            }
            try send(100)
            #expect(producer.flush(timeoutMs: 30_000) == .delivered)
            try fill(broker.child.processID)
            try send(6_000)
            guard case .failed(let failed, let first) = producer.flush(timeoutMs: 30_000) else {
                Issue.record("nothing failed")
                return
            }
            #expect(failed > 1_000)
            #expect(first.kind == .retriable || first.code == .messageTimedOut)
            try free(broker.child.processID)
            let client = try broker.client()
            let found = try client.recordsOnward("t", 0, from: 0).records.map {
                try #require(Stamp($0.value)).number
            }
            // In order, none twice, and no fewer than were said to be there.
            #expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 })
            #expect(found.count >= producer.delivered)
            let other = try Producer(options)
            try other.send(to: "t", partition: 0, key: nil, value: [1])
            #expect(other.flush(timeoutMs: 30_000) == .delivered)
        }
    }

    /// - Parameter body: gets a folder, and how to make the disk full and how to give it room.
    private func withLimit(
        _ limit: DiskLimit,
        _ body: (
            String, _ fill: (pid_t) throws -> Void, _ free: (pid_t) throws -> Void
        ) throws -> Void
    ) throws {
        switch limit {
        case .fileSize:
            func set(_ bytes: String, of process: pid_t) throws {
                // Only the soft limit, so that whoever runs this may raise it again.
                let outcome = try ChildProcess.run(
                    "/usr/bin/prlimit", ["--pid", "\(process)", "--fsize=\(bytes):"],
                    within: .seconds(10))
                #expect(outcome.ending == .exited(0))
            }
            try withFolder { folder in
                try body(
                    folder, { try set("150000", of: $0) }, { try set("unlimited", of: $0) })
            }
        case .space:
            try SmallDisk.with { folder in
                let ballast = "\(folder)/ballast"
                try body(
                    "\(folder)/data",
                    { _ in try SmallDisk.fill(ballast, leaving: 200_000) },
                    { _ in unlink(ballast) })
            }
        }
    }
}

/// An idempotent producer that also commits offsets, and has a transaction open.
private final class Writer {
    var client: Client
    private let identity: ProducerIdentity
    private let transactional: ProducerIdentity
    private var numbers = SeededNumbers(seed: 9)
    /// What was acknowledged.
    private var stored = ["open"]
    private var committed: Int64 = -1
    private var commits: Int64 = 0

    init(_ client: Client) throws {
        self.client = client
        #expect(try client.create("t") == .none)
        identity = try client.identity()
        transactional = try client.identity("t")
        #expect(try client.addPartitions("t", transactional, [0]) == .none)
        let open = batch(
            [("k", "open")], producer: transactional, sequence: 0, transactional: true)
        #expect(try client.produce("t", open, transaction: "t").error == .none)
        #expect(try commit() == .none)
    }

    func send(_ count: Int) throws -> ErrorCode {
        let value = "\(stored.count) " + String(repeating: "y", count: count)
        let bytes = batch([("k", value)], producer: identity, sequence: Int32(stored.count))
        let error = try client.produce("t", bytes).error
        if error == .none { stored.append(value) }
        return error
    }

    func commit() throws -> ErrorCode {
        let error = try client.commit("g", "t", 1, commits)
        if error == .none { committed = commits }
        commits += 1
        return error
    }

    func endTransaction() throws -> ErrorCode {
        try client.endTransaction("t", transactional, commit: true)
    }

    func writeUntilFull() throws {
        while try send(20_000) == .none {}
        #expect(try send(20_000) == .storageError)
        // Smaller and smaller, until nothing fits.
        var size = 10_000
        while size > 0 {
            let error = try send(1 + numbers.next(below: size))
            if error == .none { continue }
            #expect(error == .storageError)
            size /= 2
        }
        while try commit() == .none {}
        #expect(try commit() == .storageError)
        // Decided or not, it is not said to be committed.
        #expect(try endTransaction() == .storageError)
    }

    /// Everything that was acknowledged is there, in order, and nothing else.
    func check() throws {
        #expect(try client.recordsOnward("t", 0, from: 0).records.map(\.value) == stored)
        #expect(try client.committed("g", "t", 1) == [committed])
    }
}

/// A file system in memory, mounted for a test.
private enum SmallDisk {
    static let bytes = 4 << 20

    static let canBeMounted: Bool = (try? with { _ in }) != nil

    private struct Refused: Error {}

    static func with<R>(_ body: (String) throws -> R) throws -> R {
        return try withFolder { folder in
            let mounted = try ChildProcess.run(
                "/bin/mount", ["-t", "tmpfs", "-o", "size=\(bytes)", "none", folder],
                within: .seconds(10))
            guard mounted.ending == .exited(0) else { throw Refused() }
            defer { umount2(folder, Int32(MNT_DETACH)) }
            return try body(folder)
        }
    }

    /// Leaves so much room, or what there is when that is less.
    static func fill(_ path: String, leaving room: Int) throws {
        var status = statvfs()
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        defer { close(file) }
        try #require(fstatvfs(file, &status) == 0)
        let free = Int(status.f_bavail) * Int(status.f_bsize)
        let count = max(0, free - room)
        let zeros = [UInt8](repeating: 0, count: count)
        #expect(write(file, zeros, count) == count)
    }
}
