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
    private var membersByWorker: [String: Int] = [:]
    /// Functions that had a worker and got others.
    public private(set) var moves = 0

    public init() {}

    public var count: Int { functions.count }
    /// Functions that a worker has a share of.
    public func members(of worker: String) -> Int { membersByWorker[worker, default: 0] }
    public var workersUsed: Int { membersByWorker.count }

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
        replace(
            assignment.functionID,
            Placed(revision: assignment.revision, epoch: epoch, workers: workers))
    }

    /// The function's assignment was deleted.
    public mutating func unassign(_ function: FunctionID) { replace(function, nil) }

    private mutating func replace(_ function: FunctionID, _ placed: Placed?) {
        let before = functions[function]?.workers.map(\.name) ?? []
        let after = placed?.workers.map(\.name) ?? []
        functions[function] = placed
        guard before != after else { return }
        if !before.isEmpty, !after.isEmpty { moves += 1 }
        for worker in before {
            let left = members(of: worker) - 1
            membersByWorker[worker] = left > 0 ? left : nil
        }
        for worker in after { membersByWorker[worker, default: 0] += 1 }
    }

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
