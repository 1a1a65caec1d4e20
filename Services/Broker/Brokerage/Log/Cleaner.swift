/// Looks through the logs, at start and then every so often, for what to delete or compact.
final class Cleaner: @unchecked Sendable {
    // Sendable is true: `isStopped` is read and written under `monitor`.
    private let topics: TopicRegistry
    private let intervalMs: Int
    private let monitor = Monitor()
    private var isStopped = false

    init(topics: TopicRegistry, intervalMs: Int) {
        self.topics = topics
        self.intervalMs = intervalMs
    }

    func run() {
        for topic in topics.all where topic.configuration.compacts {
            for log in topic.partitions { log.closeForCompaction(nowMs: Clock.wallMs()) }
        }
        while true {
            for topic in topics.all {
                for log in topic.partitions {
                    if monitor.locked({ isStopped }) { return }
                    log.clean(nowMs: Clock.wallMs())
                }
            }
            let goesOn = monitor.locked { () -> Bool in
                let deadlineMs = Clock.monotonicMs() + Int64(intervalMs)
                while !isStopped && Clock.monotonicMs() < deadlineMs {
                    monitor.wait(untilMs: deadlineMs)
                }
                return !isStopped
            }
            if !goesOn { return }
        }
    }

    func stop() {
        monitor.locked {
            isStopped = true
            monitor.broadcast()
        }
    }
}

extension PartitionLog {
    /// Deletes what is too old or too much, and compacts, as the topic is configured.
    func clean(nowMs: Int64) {
        if configuration.deletes { deleteExpired(nowMs: nowMs) }
        if configuration.compacts { compact(nowMs: nowMs) }
    }

    /// At start: closes the active segment, so that compaction reaches what was written so far.
    func closeForCompaction(nowMs: Int64) {
        let result = monitor.locked {
            Result { () throws(StorageError) in
                if active.size >= Limits.compactionBytesMin { try roll(nowMs: nowMs) }
            }
        }
        if case .failure(let error) = result { return tell(.storageFailed(error)) }
        flush()
    }
}
