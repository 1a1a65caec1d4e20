internal import Numerics
public import Topics

/// Which worker runs an execution, by the assignments read so far.
public struct Placements: Sendable {
    private struct Placed {
        let revision: Int
        let epoch: Int64
        let workers: [(name: String, upTo: Double)]
    }
    private var functions: [FunctionID: Placed] = [:]

    public init() {}

    public var count: Int { functions.count }

    /// - Parameter epoch: of the allocator that wrote it; one that an older allocator wrote late
    ///   changes nothing, nor does an older revision.
    public mutating func assign(_ assignment: Assignment, epoch: Int64) {
        let known = functions[assignment.functionID]
        if let known, (epoch, assignment.revision) < (known.epoch, known.revision) { return }
        var sum = 0.0
        var workers: [(name: String, upTo: Double)] = []
        for placement in assignment.placements where placement.share > 0 {
            sum += placement.share
            workers.append((placement.worker, sum))
        }
        functions[assignment.functionID] = Placed(
            revision: assignment.revision, epoch: epoch, workers: workers)
    }

    /// The function's assignment was deleted.
    public mutating func unassign(_ function: FunctionID) { functions[function] = nil }

    /// - Returns: nil while the function has no worker. The same execution and assignment give
    ///   the same one.
    public func worker(of execution: Execution, _ profile: FunctionProfile) -> String? {
        guard let workers = functions[profile.id]?.workers, let last = workers.last else {
            return nil
        }
        guard workers.count > 1 else { return last.name }
        var random = SeededRandom(seed: profile.seed, at: execution.sequence.number)
        let u = random.uniform() * last.upTo
        return workers.first { u < $0.upTo }?.name ?? last.name
    }
}
