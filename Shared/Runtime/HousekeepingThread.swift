internal import Dispatch
internal import Postgres
internal import Processing
internal import Synchronization
internal import Topics

/// Runs a stage's housekeeping on a thread of its own, so that the stream goes on meanwhile, however
/// long a model takes to train; one run at a time. The loop's thread alone calls it.
final class HousekeepingThread: @unchecked Sendable {
    /// nil where a stop came first.
    typealias Outcome = Result<[any TopicMessage]?, any Error>

    private let housekeeping: Housekeeping
    // Of the housekeeping's thread while it is busy.
    private let database: Database
    private let queue = DispatchQueue(label: "housekeeping", qos: .utility)
    private let outcome = Mutex<Outcome?>(nil)
    /// Of partition 0 when the run began; nil while there is none.
    private var epoch: Int64?
    private var beganMs = Clock.monotonicMs

    init(_ housekeeping: Housekeeping, _ database: Database) {
        self.housekeeping = housekeeping
        self.database = database
    }

    var isDue: Bool {
        epoch == nil && Clock.monotonicMs - beganMs >= housekeeping.everyMs
    }

    /// - Parameter epoch: of the claim on partition 0 that it is done for.
    func begin(epoch: Int64) {
        precondition(self.epoch == nil, "housekeeping began before the last one ended")
        self.epoch = epoch
        beganMs = Clock.monotonicMs
        queue.async { [self] in
            let reached = Outcome { try database.perform { try housekeeping.run(&$0) } }
            outcome.withLock { $0 = reached }
        }
    }

    /// - Returns: what a run that has ended left, and the epoch that it was begun for; nil while there
    ///   is none.
    func poll() -> (outcome: Outcome, epoch: Int64)? {
        guard let epoch else { return nil }
        let reached = outcome.withLock { outcome in
            defer { outcome = nil }
            return outcome
        }
        guard let reached else { return nil }
        self.epoch = nil
        return (reached, epoch)
    }
}
