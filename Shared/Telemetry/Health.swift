internal import Synchronization

/// Whether the process lives, and what it waits for: behind `/health` and `/ready`.
///
/// Ready when it waits for nothing. Any thread may write and read it.
public final class Health: Sendable {
    private struct State {
        /// By part; the parts that are not ready.
        var waiting: [String: String]
        var failure: String?
    }

    private let state: Mutex<State>

    /// - Parameter parts: what must be `ready` once before the process is: "kafka", "postgres".
    public init(waitingFor parts: [String] = []) {
        precondition(parts.count <= Limits.healthParts, "health has \(parts.count) parts")
        let waiting = parts.map { ($0, "waiting for \($0): not tried yet") }
        state = Mutex(State(waiting: Dictionary(waiting) { first, _ in first }))
    }

    /// - Parameter reason: "waiting for kafka at localhost:9092: connection refused".
    public func waits(for part: String, _ reason: String) {
        state.withLock { state in
            guard state.waiting[part] != nil || state.waiting.count < Limits.healthParts else {
                return
            }
            state.waiting[part] = cut(reason, bytes: Limits.logTextBytes)
        }
    }

    public func isReady(_ part: String) {
        state.withLock { $0.waiting[part] = nil }
    }

    /// Not live from here on: the process should be restarted. The first reason stays.
    public func failed(_ reason: String) {
        state.withLock { state in
            if state.failure == nil { state.failure = cut(reason, bytes: Limits.logTextBytes) }
        }
    }

    public var snapshot: Snapshot {
        state.withLock { state in
            let waiting = state.waiting.sorted { $0.key < $1.key }.map(\.value)
            return Snapshot(failure: state.failure, waiting: waiting)
        }
    }

    public struct Snapshot: Equatable, Sendable {
        /// Why the process is not live.
        public let failure: String?
        /// Why it is not ready, ordered by part.
        public let waiting: [String]

        public var live: Bool { failure == nil }
        public var ready: Bool { live && waiting.isEmpty }
        public var reasons: [String] { (failure.map { [$0] } ?? []) + waiting }

        /// `{"live":true,"ready":false,"reasons":["waiting for ..."]}`
        public var json: String {
            let reasons = reasons.map(jsonText).joined(separator: ",")
            return #"{"live":\#(live),"ready":\#(ready),"reasons":[\#(reasons)]}"# + "\n"
        }
    }
}
