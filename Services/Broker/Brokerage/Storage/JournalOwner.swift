/// Whoever keeps its state in a journal, under a lock of its own.
protocol JournalOwner: Flushable {
    var monitor: Monitor { get }
    var flusher: Flusher { get }
    var tell: @Sendable (BrokerEvent) -> Void { get }
    // Both are guarded by `monitor`.
    var journal: Journal { get set }
    var isDirty: Bool { get set }
}

extension JournalOwner {
    /// Makes all of the changes or none; false when the disk does not take them. Under the lock.
    func write(_ changes: [Journal.Change]) -> Bool {
        if changes.isEmpty { return true }
        do throws(StorageError) {
            try journal.set(changes)
            if flusher.flushesAtOnce { try journal.flush() }
        } catch {
            tell(.storageFailed(error))
            return false
        }
        noteWritten()
        return true
    }

    /// Brings the journal to the disk; others may change it meanwhile.
    func flush() {
        let file = monitor.locked {
            isDirty = false
            return journal.file
        }
        do throws(StorageError) {
            try file.flush()
        } catch {
            tell(.storageFailed(error))
            let renewed = monitor.locked {
                Result { () throws(StorageError) in try journal.renew() }
            }
            guard case .failure(let error) = renewed else { return }
            tell(.storageFailed(error))
            if !flusher.flushesAtOnce { monitor.locked { noteWritten() } }
        }
    }

    private func noteWritten() {
        if isDirty { return }
        isDirty = true
        flusher.note(self)
    }
}
