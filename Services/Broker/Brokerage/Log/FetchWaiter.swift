/// A fetch that waits for data in any of its partitions.
final class FetchWaiter: @unchecked Sendable {
    // Sendable is true: `isSignalled` is read and written under `monitor`.
    private let monitor = Monitor()
    private var isSignalled = false

    func signal() {
        monitor.locked {
            isSignalled = true
            monitor.broadcast()
        }
    }

    /// Waits for a signal since the last wait; false when the deadline came first.
    func wait(untilMs deadlineMs: Int64) -> Bool {
        monitor.locked {
            while !isSignalled && Clock.monotonicMs() < deadlineMs {
                monitor.wait(untilMs: deadlineMs)
            }
            defer { isSignalled = false }
            return isSignalled
        }
    }
}
