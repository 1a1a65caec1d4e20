public import Processing
public import Topics

/// Reads `workers`, `shapes`, `representations` and `predictions`; writes `assignments`.
///
/// One value is one cell: it places the functions of a partition on the workers of the same number,
/// so that functions which are never busy together share one.
public struct AllocatorStage: Stage {
    public static let inputs: [Topic] = [.workers, .shapes, .representations, .predictions]

    private(set) var cell: Cell

    public init(cell: Int32, policy: Policy = Policy()) {
        self.cell = Cell(cell, policy)
    }

    public enum Input: Sendable {
        case worker(WorkerReported)
        case workerGone(String)
        case shape(FunctionShape)
        case representation(Representation)
        case prediction(Prediction)
    }

    public static func decode(
        _ value: Span<UInt8>, of topic: Topic, headers: Headers
    ) throws(Rejection) -> Input {
        switch topic {
        case .workers: .worker(try WorkerReported(decoding: value))
        case .shapes: .shape(try FunctionShape(decoding: value))
        case .representations: .representation(try Representation(decoding: value))
        case .predictions: .prediction(try Prediction(decoding: value))
        default: preconditionFailure("the allocator does not read \(topic.name)")
        }
    }

    /// A worker whose report was deleted is gone; nothing else that ends concerns a placement.
    public static func decodeTombstone(key: String, of topic: Topic) -> Input? {
        let parts = key.parts
        guard topic == .workers, parts.count > 1 else { return nil }
        return .workerGone(parts.dropFirst().joined(separator: "/"))
    }

    public mutating func process(
        _ input: Input, nowMs: Int64, _ effects: inout Effects<AllocatorRow>
    ) throws(Rejection) {
        precondition(!cell.restored, "a cell was restored and not completed")
        switch input {
        case .worker(let report): try cell.take(report, &effects)
        case .workerGone(let worker): cell.remove(worker, &effects)
        case .shape(let shape): try cell.take(shape, &effects)
        case .representation(let representation): cell.take(representation, &effects)
        case .prediction(let prediction): cell.take(prediction, &effects)
        }
    }

    /// Only rows, and what was decided before: no decision rests on the wall clock.
    public mutating func advance(
        nowMs: Int64, quietMs: Int64, _ effects: inout Effects<AllocatorRow>
    ) {
        precondition(!cell.restored, "a cell was restored and not completed")
        cell.tellAgain(&effects)
        if !cell.staleRows.isEmpty { cell.saveRows(&effects) }
    }

    public mutating func takeChanges() -> [StateEntry] { cell.takeChanges() }

    public mutating func restore(_ entry: StateEntry) throws(CorruptState) {
        try cell.restore(entry)
    }

    public mutating func completeRestore() throws(CorruptState) { try cell.completeRestore() }

    public var gauges: [Gauge] {
        [
            Gauge("workers_used", Double(cell.ledger.workersUsed)),
            Gauge("workers_sum_of_peaks", Double(cell.summary?.workersSumOfPeaks ?? 0)),
            Gauge("functions_waiting", Double(cell.waiting)),
            Gauge("functions_assigned", Double(cell.functions.count - cell.waiting)),
        ]
    }
}
