internal import Dispatch
internal import Postgres
internal import Processing
internal import Synchronization

/// Keeps snapshots in PostgreSQL on a thread of its own, so that processing goes on meanwhile; one
/// transaction at a time. The loop's thread alone calls it.
final class CheckpointWriter<Kept: Stage>: @unchecked Sendable {
    enum Outcome {
        case kept(refused: Set<Int32>)
        /// Before it was kept, a stop was requested.
        case stopped
        case failed(any Error)
    }

    private let store: CheckpointStore<Kept>
    // Of the writer's thread while something is in work.
    private let database: Database
    private let queue = DispatchQueue(label: "checkpoint")
    private let isDone = DispatchSemaphore(value: 0)
    private let outcome = Mutex<Outcome?>(nil)
    /// What is being kept.
    private(set) var inWork: [CheckpointStore<Kept>.Snapshot] = []
    private(set) var beganMs: Int64 = 0

    init(_ store: CheckpointStore<Kept>, _ database: Database) {
        self.store = store
        self.database = database
    }

    var isBusy: Bool { !inWork.isEmpty }

    func begin(_ snapshots: [CheckpointStore<Kept>.Snapshot]) {
        precondition(!isBusy, "a checkpoint began before the last one ended")
        guard !snapshots.isEmpty else { return }
        inWork = snapshots
        beganMs = Clock.monotonicMs
        queue.async { [self] in
            let result = Result {
                try database.perform { session in try store.commit(snapshots, in: &session) }
            }
            let reached: Outcome =
                switch result {
                case .success(let refused?): .kept(refused: refused)
                case .success(nil): .stopped
                case .failure(let error): .failed(error)
                }
            outcome.withLock { $0 = reached }
            isDone.signal()
        }
    }

    /// - Returns: what became of what was in work; nil while it is not known.
    func poll(waitMs: Int) -> (Outcome, [CheckpointStore<Kept>.Snapshot])? {
        guard isBusy, isDone.wait(timeout: .now() + .milliseconds(waitMs)) == .success else {
            return nil
        }
        let reached = outcome.withLock { outcome in
            defer { outcome = nil }
            return outcome
        }
        guard let reached else { preconditionFailure("a checkpoint ended without an outcome") }
        defer { inWork = [] }
        return (reached, inWork)
    }
}
