internal import Glibc

/// A Kafka-protocol broker for one machine, in this process.
///
/// It listens from `init` on, and answers from `start` on until `stop`.
public final class Broker: Sendable {
    /// The port it listens on, the one chosen by the system when 0 was configured.
    public var port: Int { listener.port }

    private let configuration: BrokerConfiguration
    private let tell: @Sendable (BrokerEvent) -> Void
    private let claim: FolderClaim
    private let flusher: Flusher
    private let topics: TopicRegistry
    private let offsets: OffsetStore
    private let groups: GroupCoordinator
    private let transactions: TransactionCoordinator
    private let cleaner: Cleaner
    private let fetches = FetchRegistry()
    private let listener: Listener
    private let handler: RequestHandler
    private let connections: ConnectionSet
    private let threads = ThreadGroup()

    /// Opens the data folder, or creates it, and brings back what is in it.
    ///
    /// - Parameter log: told of events, from any thread; it must not call the broker.
    /// - Throws: `StorageError`, or an error that says why it cannot listen.
    public init(
        configuration: BrokerConfiguration, log: @escaping @Sendable (BrokerEvent) -> Void
    ) throws {
        self.configuration = configuration
        tell = log
        Self.raiseDescriptorLimit()
        try Folder.create(configuration.dataFolder)
        claim = try FolderClaim(configuration.dataFolder)
        flusher = Flusher(intervalMs: configuration.fsyncIntervalMs)
        topics = try TopicRegistry(configuration, flusher: flusher, tell: log)
        offsets = try OffsetStore(folder: configuration.dataFolder, flusher: flusher, tell: log)
        groups = GroupCoordinator(
            offsets: offsets, initialDelayMs: configuration.initialRebalanceDelayMs, tell: log)
        transactions = try TransactionCoordinator(
            folder: configuration.dataFolder, topics: topics, offsets: offsets, flusher: flusher,
            tell: log)
        // The names of the journals and of the partitions' folders.
        try Folder.flush(configuration.dataFolder)
        cleaner = Cleaner(topics: topics, intervalMs: configuration.cleaningIntervalMs)
        listener = try Listener(host: configuration.host, port: configuration.port)
        connections = ConnectionSet(limit: configuration.connectionsMax)
        let endpoint = Endpoint(
            host: configuration.advertisedHost ?? configuration.host,
            port: Int32(configuration.advertisedPort ?? listener.port))
        handler = RequestHandler(
            configuration, endpoint: endpoint, topics: topics, groups: groups,
            transactions: transactions, fetches: fetches)
    }

    /// Answers clients on threads of its own.
    public func start() {
        let started = [
            threads.start { [flusher] in flusher.run() },
            threads.start { [groups] in groups.run() },
            threads.start { [transactions] in transactions.run() },
            threads.start { [cleaner] in cleaner.run() },
            threads.start { [self] in acceptAll() },
        ]
        precondition(!started.contains(false), "the system gives no threads")
        tell(
            .started(
                host: configuration.host, port: port,
                fsyncIntervalMs: configuration.fsyncIntervalMs))
    }

    /// Ends every connection, and brings everything to the disk.
    public func stop() {
        listener.stop()
        fetches.stop()
        groups.stop()
        transactions.stop()
        cleaner.stop()
        flusher.stop()
        connections.stop()
        _ = threads.join(untilMs: Clock.monotonicMs() + Limits.stopSeconds * 1_000)
        for topic in topics.all {
            for log in topic.partitions { log.finish() }
        }
        offsets.flush()
        transactions.flush()
        tell(.stopped)
    }

    private func acceptAll() {
        while let descriptor = listener.accept() {
            let connection = Connection(descriptor)
            guard connections.add(connection) else {
                tell(.connectionRefused(connections: configuration.connectionsMax))
                continue
            }
            let isServed = threads.start { [self] in
                let reason = connection.serve(handler)
                connections.remove(connection)
                if let reason {
                    tell(.connectionClosed(client: connection.client, reason: reason))
                }
            }
            if !isServed { connections.remove(connection) }
        }
    }

    /// Every segment and connection takes a descriptor; the usual soft limit is 1,024.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// The connections that are open.
private final class ConnectionSet: @unchecked Sendable {
    // Sendable is true: what varies is read and written under `monitor`.
    private let limit: Int
    private let monitor = Monitor()
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var isStopped = false

    init(limit: Int) { self.limit = limit }

    /// False when there are too many already.
    func add(_ connection: Connection) -> Bool {
        monitor.locked {
            guard !isStopped && connections.count < limit else { return false }
            connections[ObjectIdentifier(connection)] = connection
            return true
        }
    }

    func remove(_ connection: Connection) {
        monitor.locked { connections[ObjectIdentifier(connection)] = nil }
    }

    func stop() {
        monitor.locked {
            isStopped = true
            for connection in connections.values { connection.stop() }
        }
    }
}
