/// Something written that is not on the disk to stay yet.
protocol Flushable: AnyObject, Sendable {
    func flush()
}

/// Brings what was written to the disk, at most `intervalMs` after it was.
final class Flusher: @unchecked Sendable {
    // Sendable is true: what varies is read and written under `monitor`.
    private let monitor = Monitor()
    private let intervalMs: Int
    private var dirty: [any Flushable] = []
    private var isStopped = false

    init(intervalMs: Int) { self.intervalMs = intervalMs }

    /// Whether nothing may be acknowledged before it is on the disk.
    var flushesAtOnce: Bool { intervalMs == 0 }

    /// Takes note that `item` was written; not again until it was flushed.
    func note(_ item: any Flushable) {
        monitor.locked {
            dirty.append(item)
            if dirty.count == 1 { monitor.broadcast() }
        }
    }

    /// Flushes until `stop`.
    func run() {
        while true {
            let items = monitor.locked { () -> [any Flushable]? in
                while dirty.isEmpty && !isStopped { monitor.wait() }
                let deadlineMs = Clock.monotonicMs() + Int64(intervalMs)
                while !isStopped && Clock.monotonicMs() < deadlineMs {
                    monitor.wait(untilMs: deadlineMs)
                }
                if isStopped { return nil }
                defer { dirty = [] }
                return dirty
            }
            guard let items else { return }
            for item in items { item.flush() }
        }
    }

    func stop() {
        monitor.locked {
            isStopped = true
            // Each holds its flusher: they would hold one another.
            dirty = []
            monitor.broadcast()
        }
    }
}
