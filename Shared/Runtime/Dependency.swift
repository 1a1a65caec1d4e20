public import Telemetry

/// A server that the process cannot do without: while it is away `/ready` says why, and the log says
/// so once in a while.
public final class Dependency {
    public static let kafka = "kafka"
    static let postgres = "postgres"

    private let name: String
    private let log: Log
    private let health: Health
    public private(set) var isAway = false
    private var saidMs: Int64?
    private var saysBack = false
    private var awaySinceMs: Int64 = 0

    public init(_ name: String, log: Log, health: Health) {
        self.name = name
        self.log = log
        self.health = health
    }

    /// - Parameter reason: what failed, in one line.
    public func isAway(_ reason: String) {
        let now = Clock.monotonicMs
        if !isAway { awaySinceMs = now }
        isAway = true
        health.waits(for: name, "waiting for \(name): \(reason)")
        if let saidMs, now - saidMs < Limits.awayLogMs { return }
        saidMs = now
        saysBack = true
        log.warning("waiting", [.part: .string(name), .error: .string(reason)])
    }

    public func isBack() {
        health.isReady(name)
        guard isAway else { return }
        isAway = false
        guard saysBack else { return }
        saysBack = false
        log.info(
            "goes on",
            [.part: .string(name), .waitMs: .integer(Int(Clock.monotonicMs - awaySinceMs))])
    }
}
