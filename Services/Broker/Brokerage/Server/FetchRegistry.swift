/// The fetches that wait, so that the broker can end them when it stops.
final class FetchRegistry: @unchecked Sendable {
    // Sendable is true: what varies is read and written under `monitor`.
    private let monitor = Monitor()
    private var waiters: [ObjectIdentifier: FetchWaiter] = [:]
    private var hasStopped = false

    var isStopped: Bool { monitor.locked { hasStopped } }

    /// A waiter; nil once the broker stops.
    func begin() -> FetchWaiter? {
        monitor.locked {
            if hasStopped { return nil }
            let waiter = FetchWaiter()
            waiters[ObjectIdentifier(waiter)] = waiter
            return waiter
        }
    }

    func end(_ waiter: FetchWaiter) {
        monitor.locked { waiters[ObjectIdentifier(waiter)] = nil }
    }

    func stop() {
        monitor.locked {
            hasStopped = true
            for waiter in waiters.values { waiter.signal() }
        }
    }
}
