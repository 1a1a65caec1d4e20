import Synchronization
import TestSupport

/// A broker that programs run against, and what they may do to it from outside.
final class Site: Sendable {
    enum Kind: Sendable, CaseIterable {
        case embedded
        case apache
    }

    enum Ending {
        case graceful
        case killed
    }

    let kind: Kind
    let servers: String
    private let restarts: @Sendable (Ending) throws -> Void
    private let names = Atomic<Int>(0)

    private init(
        _ kind: Kind, servers: String, restarts: @escaping @Sendable (Ending) throws -> Void
    ) {
        self.kind = kind
        self.servers = servers
        self.restarts = restarts
    }

    /// The one of its kind; it ends with the test process.
    static func shared(_ kind: Kind) throws -> Site {
        try kind == .embedded ? embedded.get() : apache.get()
    }

    /// A name that no other program uses.
    func name(_ stem: String) -> String {
        "\(stem)-\(names.add(1, ordering: .relaxed).newValue)"
    }

    /// Ends the broker and starts it again on the same port and data.
    func restart(after ending: Ending) throws { try restarts(ending) }

    private static let embedded = Result {
        let broker = try EmbeddedBroker(arguments: [
            "--cleaning-interval-ms", "200", "--group-initial-rebalance-delay-ms", "0",
        ])
        return Site(.embedded, servers: broker.bootstrapServers) { ending in
            if ending == .graceful, broker.terminate() != .exited(0) {
                throw Stuck("the broker did not end in order: \(broker.child.standardError)")
            }
            try broker.restart()
        }
    }

    private static let apache = Result {
        let kafka = try RealKafka(settings: { _, _ in
            [
                // As short as the embedded broker's: sessions, and the pauses of the cleaners.
                "group.min.session.timeout.ms=1000",
                "log.retention.check.interval.ms=200",
                "log.initial.task.delay.ms=200",
                "log.cleaner.backoff.ms=200",
                // A killed broker comes back only when its old session has ended.
                "broker.session.timeout.ms=2000",
                "broker.heartbeat.interval.ms=500",
            ]
        })
        return Site(.apache, servers: kafka.bootstrapServers) { ending in
            try ending == .graceful ? kafka.stopInOrder() : kafka.kill()
            try kafka.restart()
        }
    }
}
