import Foundation
import Glibc
import TestSupport

@testable import Brokerage

extension Target {
    static let broker: [Target] = [
        Target(
            "broker requests", inputsUsually: 6_000, growthMbMax: 900,
            mutator: { Mutator(corpus: Frames.all, dictionary: words) },
            prepare: {
                var handling = try Handling(folder: nil)
                var read = 0
                return { frame in
                    read += 1
                    // What earlier ones left, such as members of groups, may be told by later ones.
                    if read % requestsPerBroker == 0 { handling = try Handling(folder: nil) }
                    return try handling.read(frame)
                }
            })
    ]

    private static let requestsPerBroker = 10_000

    private static let words =
        [
            Frames.topic, Frames.compacted, Frames.group, Frames.transaction, "temporary",
        ] + TopicConfiguration.Key.allCases.map(\.rawValue)
}

/// All that a broker has behind its sockets; whoever would wait for other clients is answered at once.
final class Handling: @unchecked Sendable {
    // Sendable is true: a test uses it from one thread.
    let topics: TopicRegistry
    private let folder: TemporaryFolder?
    private let handler: RequestHandler
    private let connection: Connection
    private let groups: GroupCoordinator
    private let flusher: Flusher
    /// Topics that requests made up are deleted beyond so many partitions.
    private static let partitionsMax = 64

    /// - Parameter folder: of its data; one of its own when there is none.
    init(folder path: String?) throws {
        folder = path == nil ? TemporaryFolder("requests") : nil
        var configuration = BrokerConfiguration(dataFolder: path ?? folder?.path ?? "")
        configuration.partitionsDefault = 1
        configuration.autoCreateTopics = true
        flusher = Flusher(intervalMs: 1_000)
        topics = try TopicRegistry(configuration, flusher: flusher) { _ in }
        let offsets = try OffsetStore(
            folder: configuration.dataFolder, flusher: flusher, tell: { _ in })
        groups = GroupCoordinator(offsets: offsets, initialDelayMs: 0, tell: { _ in })
        let transactions = try TransactionCoordinator(
            folder: configuration.dataFolder, topics: topics, offsets: offsets, flusher: flusher,
            tell: { _ in })
        let fetches = FetchRegistry()
        groups.stop()
        fetches.stop()
        handler = RequestHandler(
            configuration, endpoint: Endpoint(host: "127.0.0.1", port: 9_092), topics: topics,
            groups: groups, transactions: transactions, fetches: fetches)
        connection = Connection(open("/dev/null", O_RDWR))
        try prepareTopics()
    }

    deinit { flusher.stop() }

    private func prepareTopics() throws {
        for (name, entries) in [
            (Frames.topic, []), (Frames.compacted, [("cleanup.policy", "compact")]),
        ] where topics.topic(name) == nil {
            try topics.create(name, partitions: 1, entries, validateOnly: false)
        }
    }

    func answer(_ frame: [UInt8]) -> Answer {
        var bytes = frame
        return bytes.withUnsafeMutableBytes { handler.answer($0, for: connection) }
    }

    /// What is answered says which request it answers, and how long it is.
    func read(_ frame: [UInt8]) throws -> Bool {
        // The connection takes nothing shorter.
        guard frame.count >= 8 else { return false }
        defer { forget() }
        switch answer(frame) {
        case .silence: return true
        case .close(let reason):
            try hold(reason.utf8.count < 1_024, "a long reason: \(reason)")
            return false
        case .respond(let writer):
            let size = writer.bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            try hold(size == writer.count - 4, "an answer of \(writer.count) bytes says \(size)")
            try hold(writer.bytes[4..<8] == frame[4..<8], "the answer is to another request")
            try hold(
                writer.bytes.count <= 64 * frame.count + (1 << 16),
                "\(writer.bytes.count) bytes answer \(frame.count)")
            return true
        }
    }

    private func forget() {
        let all = topics.all
        let held = all.reduce(0) { $0 + $1.partitions.count }
        guard
            held > Self.partitionsMax || topics.topic(Frames.topic) == nil
                || topics.topic(Frames.compacted) == nil
        else { return }
        for topic in all { _ = topics.delete(topic.name) }
        do { try prepareTopics() } catch { preconditionFailure("make the topics again: \(error)") }
    }
}
