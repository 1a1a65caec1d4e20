internal import Synchronization
public import Telemetry

/// A server that the process cannot do without: while it is away `/ready` says why, and the log says
/// so once in a while.
public final class Dependency: Sendable {
    public static let kafka = "kafka"
    static let postgres = "postgres"

    private let name: String
    private let log: Log
    private let health: Health
    private let state = Mutex(State())

    private struct State {
        public var isAway = false
        var saidMs: Int64?
        var saysBack = false
        var awaySinceMs: Int64 = 0
    }

    public var isAway: Bool { state.withLock(\.isAway) }

    public init(_ name: String, log: Log, health: Health) {
        self.name = name
        self.log = log
        self.health = health
    }

    /// - Parameter reason: what failed, in one line.
    public func isAway(_ reason: String) {
        let now = Clock.monotonicMs
        let isToBeSaid = state.withLock { state in
            if !state.isAway { state.awaySinceMs = now }
            state.isAway = true
            if let saidMs = state.saidMs, now - saidMs < Limits.awayLogMs { return false }
            state.saidMs = now
            state.saysBack = true
            return true
        }
        health.waits(for: name, "waiting for \(name): \(reason)")
        if isToBeSaid { log.warning("waiting", [.part: .string(name), .error: .string(reason)]) }
    }

    public func isBack() {
        health.isReady(name)
        let waitedMs = state.withLock { state -> Int64? in
            guard state.isAway else { return nil }
            state.isAway = false
            guard state.saysBack else { return nil }
            state.saysBack = false
            return Clock.monotonicMs - state.awaySinceMs
        }
        guard let waitedMs else { return }
        log.info("goes on", [.part: .string(name), .waitMs: .integer(Int(waitedMs))])
    }
}
