import Foundation
import Glibc
import TestSupport
import Testing

@testable import Brokerage

/// For root nothing is read-only: the broker then runs as nobody.
private enum Nobody {
    static let id: UInt32 = 65_534
    static let command: [String] =
        geteuid() != 0
        ? []
        : ["/usr/bin/setpriv", "--reuid=\(id)", "--regid=\(id)", "--clear-groups"]

    /// Whether the broker can be started so, from where it lies.
    static let canRun: Bool = {
        guard EmbeddedBroker.isBuilt else { return false }
        let broker = try? withOwnFolder { try EmbeddedBroker(dataFolder: $0, through: command) }
        broker?.kill()
        return broker != nil
    }()

    static func withOwnFolder<R>(_ body: (String) throws -> R) throws -> R {
        try withFolder { folder in
            if geteuid() == 0 { chown(folder, id, id) }
            return try body(folder)
        }
    }
}

@Suite(.enabled(if: Nobody.canRun, "needs the product broker where nobody can run it, and setpriv"))
struct `A broker whose folder is read-only` {
    @Test func `does not start, and says why`() throws {
        try Nobody.withOwnFolder { folder in
            chmod(folder, 0o555)
            do {
                let broker = try EmbeddedBroker(dataFolder: folder, through: Nobody.command)
                broker.kill()
                Issue.record("it started")
            } catch {
                #expect("\(error)".contains("Permission denied"))
                #expect("\(error)".contains(folder))
            }
        }
    }

    @Test func `tells producers, keeps what it acknowledged, and goes on when it is not`() throws {
        try Nobody.withOwnFolder { folder in
            let broker = try EmbeddedBroker(dataFolder: folder, through: Nobody.command)
            defer { broker.kill() }
            let client = try broker.client()
            #expect(try client.create("t", ["segment.bytes": "4096"]) == .none)
            chmod(folder, 0o555)
            chmod("\(folder)/t-0", 0o555)
            var stored: Int64 = 0
            // The open segment is written to until it is full; the next cannot be made.
            while try client.produce("t", batch([("k", "\(stored)")])).error == .none {
                stored += 1
            }
            #expect(stored > 0)
            #expect(try client.produce("t", batch([("k", "")])).error == .storageError)
            #expect(try client.create("other") == .storageError)
            #expect(broker.child.standardError.contains("Permission denied"))
            chmod(folder, 0o755)
            chmod("\(folder)/t-0", 0o755)
            #expect(try client.produce("t", batch([("k", "\(stored)")])).offset == stored)
            #expect(try client.create("other") == .none)
            let found = try client.recordsOnward("t", 0, from: 0).records.map(\.value)
            #expect(found == (0...stored).map { "\($0)" })
        }
    }
}

/// `fdatasync` of a device fails, as that of a broken disk does.
@Suite struct `A disk that does not keep what it took` {
    @Test(arguments: [0, 1_000])
    func `closes the partition, and acknowledges nothing more`(intervalMs: Int) throws {
        try withFolder { folder in
            let path = Segment.path(in: folder, 0)
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: "/dev/null")
            let events = Events()
            let log = try PartitionLog(
                topic: "t", partition: 0, folder: folder,
                configuration: TopicConfiguration(
                    [], defaults: BrokerConfiguration(dataFolder: folder)),
                flusher: Flusher(intervalMs: intervalMs), tell: events.log)
            let first = log.append(batch([("k", "v")]))
            // Without an interval the batch is flushed before it is acknowledged, and read.
            #expect(first.error == (intervalMs == 0 ? .storageError : .none))
            #expect(log.endOffset == (intervalMs == 0 ? 0 : 1))
            log.flush()
            #expect(log.append(batch([("k", "v")])).error == .storageError)
            let failure = StorageError(operation: "flush", path: path, code: EINVAL)
            #expect(
                events.all.contains(.partitionClosed(topic: "t", partition: 0, failure)))
        }
    }

    @Test func `has journals written anew`() throws {
        try withFolder { folder in
            let path = folder + "/offsets.journal"
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: "/dev/null")
            let events = Events()
            let store = try OffsetStore(
                folder: folder, flusher: Flusher(intervalMs: 1_000), tell: events.log)
            let place = TopicPartition(topic: "t", partition: 0)
            let offset = CommittedOffset(offset: 7, leaderEpoch: -1, metadata: nil)
            #expect(store.commit("g", [(place, offset)]) == .none)
            store.flush()
            #expect(events.all.count == 1)
            // The journal is a file now, and has what the device dropped.
            #expect(try Journal(path).entries.count == 1)
            let reopened = try OffsetStore(
                folder: folder, flusher: Flusher(intervalMs: 1_000), tell: events.log)
            #expect(reopened.offset("g", place) == offset)
        }
    }
}
