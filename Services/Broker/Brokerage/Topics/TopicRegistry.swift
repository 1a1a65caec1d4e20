/// A topic with the logs of its partitions.
struct Topic: Sendable {
    let name: String
    let configuration: TopicConfiguration
    let partitions: [PartitionLog]

    func log(_ partition: Int32) -> PartitionLog? {
        partitions.indices.contains(Int(partition)) ? partitions[Int(partition)] : nil
    }
}

/// The topics there are, with their configurations, in `topics.journal`.
final class TopicRegistry: @unchecked Sendable {
    // Sendable is true: what varies is read and written under `monitor`.
    struct Refusal: Error {
        let error: ErrorCode
        let reason: String
    }

    let configuration: BrokerConfiguration
    private let flusher: Flusher
    let tell: @Sendable (BrokerEvent) -> Void
    let monitor = Monitor()
    var journal: Journal
    var topics: [String: Topic] = [:]
    private var deletions = 0

    init(
        _ configuration: BrokerConfiguration, flusher: Flusher,
        tell: @escaping @Sendable (BrokerEvent) -> Void
    ) throws(StorageError) {
        self.configuration = configuration
        self.flusher = flusher
        self.tell = tell
        journal = try Journal("\(configuration.dataFolder)/topics.journal")
        if let cut = journal.cut { tell(cut) }
        let starts = journal.entries.filter { Self.isStart($0.key) }
        for (key, value) in journal.entries where !Self.isStart(key) {
            let name = String(decoding: key, as: UTF8.self)
            guard Self.isName(name), let (count, entries) = Self.decode(value),
                (1...Limits.partitionsPerTopic).contains(count)
            else { continue }
            // What was accepted once is kept, should a name or bound have changed since.
            let settings =
                (try? TopicConfiguration(entries, defaults: configuration))
                ?? TopicConfiguration(defaults: configuration)
            let topic = try Topic(
                name: name, configuration: settings,
                partitions: open(name, partitions: 0..<count, settings))
            topics[name] = topic
            for log in topic.partitions {
                guard let bytes = starts[Self.startKey(name, log.partition)] else { continue }
                log.deleteRecords(before: Self.decodeStart(bytes))
            }
        }
        try removeDeleted()
    }

    /// In order of their names.
    var all: [Topic] {
        monitor.locked { topics.values.sorted { $0.name < $1.name } }
    }

    func topic(_ name: String) -> Topic? { monitor.locked { topics[name] } }

    func log(_ place: TopicPartition) -> PartitionLog? {
        topic(place.topic)?.log(place.partition)
    }

    /// - Parameter partitions: nil for the default.
    func create(
        _ name: String, partitions: Int?, _ entries: [(String, String?)], validateOnly: Bool
    ) throws(Refusal) {
        let settings: TopicConfiguration
        do throws(TopicConfiguration.Refusal) {
            settings = try TopicConfiguration(entries, defaults: configuration)
        } catch {
            throw Refusal(error: .invalidConfig, reason: error.reason)
        }
        let count = partitions ?? configuration.partitionsDefault
        try monitor.locked { () throws(Refusal) in
            try check(name, partitions: count)
            try checkRoom(partitions: count, topics: 1)
            if validateOnly { return }
            do throws(StorageError) {
                let topic = try Topic(
                    name: name, configuration: settings,
                    partitions: open(name, partitions: 0..<count, settings, fresh: true))
                try journal.set([(Array(name.utf8), Self.encode(count, settings))])
                try journal.flush()
                try Folder.flush(configuration.dataFolder)
                topics[name] = topic
            } catch {
                tell(.storageFailed(error))
                throw Refusal(error: .storageError, reason: error.description)
            }
        }
        if !validateOnly { tell(.topicCreated(name, partitions: count)) }
    }

    func delete(_ name: String) -> ErrorCode {
        let error = monitor.locked { () -> ErrorCode in
            guard let topic = topics[name] else { return .unknownTopicOrPartition }
            do throws(StorageError) {
                let starts = topic.partitions.indices.map { Self.startKey(name, $0) }
                    .filter { journal.entries[$0] != nil }
                try journal.set(([Array(name.utf8)] + starts).map { ($0, nil) })
            } catch {
                tell(.storageFailed(error))
                return .storageError
            }
            // It is gone after a restart, so it is gone now, whatever becomes of the rest.
            topics[name] = nil
            for log in topic.partitions { log.markDeleted() }
            do throws(StorageError) {
                try journal.flush()
                for log in topic.partitions { try discard(log.folder) }
            } catch {
                tell(.storageFailed(error))
            }
            return .none
        }
        if error == .none { tell(.topicDeleted(name)) }
        return error
    }

    private func check(_ name: String, partitions: Int) throws(Refusal) {
        guard Self.isName(name) else {
            throw Refusal(
                error: .invalidTopic,
                reason: "a topic's name is 1 to \(Limits.topicNameBytes) of a-z A-Z 0-9 . _ -")
        }
        guard topics[name] == nil else {
            throw Refusal(error: .topicAlreadyExists, reason: "topic \"\(name)\" exists")
        }
        guard (1...Limits.partitionsPerTopic).contains(partitions) else {
            throw Refusal(
                error: .invalidPartitions,
                reason: "a topic has 1 to \(Limits.partitionsPerTopic) partitions,"
                    + " not \(partitions)")
        }
    }

    func checkRoom(partitions: Int, topics more: Int) throws(Refusal) {
        let held = topics.values.reduce(0) { $0 + $1.partitions.count }
        guard topics.count + more <= Limits.topics, held + partitions <= Limits.partitions else {
            throw Refusal(
                error: .policyViolation,
                reason: "\(Limits.topics) topics or \(Limits.partitions) partitions reached")
        }
    }

    static func isName(_ name: String) -> Bool {
        let allowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return allowed && (1...Limits.topicNameBytes).contains(name.utf8.count)
            && name != "." && name != ".."
    }
}

// MARK: - Folders and bytes

extension TopicRegistry {
    private static let deletedSuffix = ".deleted"

    /// - Parameter fresh: whether records left in the folders are of a topic deleted before.
    func open(
        _ name: String, partitions: Range<Int>, _ settings: TopicConfiguration,
        fresh: Bool = false
    ) throws(StorageError) -> [PartitionLog] {
        var logs: [PartitionLog] = []
        for partition in partitions {
            let folder = "\(configuration.dataFolder)/\(name)-\(partition)"
            if fresh && Folder.exists(folder) { try discard(folder) }
            logs.append(
                try PartitionLog(
                    topic: name, partition: partition, folder: folder, configuration: settings,
                    flusher: flusher, tell: tell))
        }
        return logs
    }

    /// Takes a folder out of the way at once, and then its files.
    private func discard(_ folder: String) throws(StorageError) {
        deletions += 1
        var target: String
        repeat {
            target = "\(configuration.dataFolder)/\(deletions)\(Self.deletedSuffix)"
            if Folder.exists(target) { deletions += 1 }
        } while Folder.exists(target)
        try Folder.rename(folder, to: target)
        try Folder.removeWithFiles(target)
    }

    /// At start: removes what a deletion left, and tells of folders that are no topic's.
    private func removeDeleted() throws(StorageError) {
        let folder = configuration.dataFolder
        let known = Set(
            topics.values.flatMap { topic in
                topic.partitions.indices.map { "\(topic.name)-\($0)" }
            })
        for name in try Folder.names(in: folder) where !known.contains(name) {
            if name.hasSuffix(Self.deletedSuffix) {
                try Folder.removeWithFiles("\(folder)/\(name)")
            } else if name.contains("-") {
                tell(.unknownFolder(path: "\(folder)/\(name)"))
            }
        }
    }

    static func encode(_ partitions: Int, _ settings: TopicConfiguration) -> [UInt8] {
        var writer = WireWriter()
        writer.int32(Int32(partitions))
        writer.array(settings.given) { entry, writer in
            writer.string(entry.key.rawValue)
            writer.string(entry.value)
        }
        return writer.bytes
    }

    private static func decode(_ bytes: [UInt8]) -> (Int, [(String, String?)])? {
        WireReader.decode(bytes) { reader throws(WireError) in
            (
                Int(try reader.int32()),
                try reader.array { reader throws(WireError) in
                    (try reader.string(), try reader.nullableString())
                }
            )
        }
    }
}
