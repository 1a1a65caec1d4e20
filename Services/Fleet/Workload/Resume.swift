/// How far a run got, told by what it left on `invocations` itself.
///
/// A producer that neither repeats nor reorders within a partition leaves a prefix of the
/// partition's events there. The last of them says where to go on; nothing else is kept anywhere.
public struct Resume: Sendable, Equatable {
    public let run: String
    /// By partition: the last of this run's events there.
    private var last: [Sequence?]
    /// Whether retention emptied a partition: its events were sent, nobody can tell how many.
    private var isEmptied: [Bool]

    public init(run: String, partitions: Int32) {
        self.run = run
        last = Array(repeating: nil, count: Int(partitions))
        isEmptied = Array(repeating: false, count: Int(partitions))
    }

    /// Takes the id of a record found; other runs' and other producers' change nothing.
    ///
    /// - Returns: whether it was this run's.
    @discardableResult
    public mutating func found(invocation id: String, in partition: Int32) -> Bool {
        guard let sequence = Sequence(invocation: id, run: run) else { return false }
        let place = Int(partition)
        last[place] = max(last[place] ?? sequence, sequence)
        return true
    }

    /// Takes that a partition once had records and has none now.
    public mutating func foundEmptied(_ partition: Int32) { isEmptied[Int(partition)] = true }

    /// Whether anything of this run was found.
    public var isFresh: Bool { last.allSatisfy { $0 == nil } }

    /// The minute to draw events from: no partition misses one before it.
    public var minute: Int {
        isFresh ? 0 : last.indices.map { reached(Int32($0))?.minute ?? 0 }.min() ?? 0
    }

    /// Whether the event is not there yet.
    public func isMissing(_ sequence: Sequence, in partition: Int32) -> Bool {
        guard let reached = reached(partition) else { return true }
        return sequence > reached
    }

    /// What retention took is as old as the oldest place that another partition reached, at least.
    private func reached(_ partition: Int32) -> Sequence? {
        let place = Int(partition)
        return last[place] ?? (isEmptied[place] ? last.compactMap(\.self).min() : nil)
    }
}
