/// How far a run got, told by what it left on its topic. Of a run stopped at any moment it says which
/// executions are not there, so that the next one sends exactly those.
public protocol ResumePoint: Equatable, Sendable {
    var run: String { get }
    /// Takes the id of a record found; other runs' and other producers' change nothing.
    mutating func found(invocation id: String, in partition: Int32)
    /// Takes that a partition once had records and has none now: retention emptied it.
    mutating func foundEmptied(_ partition: Int32)
    /// Whether records before those found can say nothing more about a partition.
    func isSettled(_ partition: Int32) -> Bool
    /// Whether anything of this run was found.
    var isFresh: Bool { get }
    /// The minute to draw events from: no partition misses one before it.
    var minute: Int { get }
    /// No partition has anything from after this minute.
    var lastMinute: Int { get }
    /// Whether the event is not there yet.
    func isMissing(_ sequence: Sequence, in partition: Int32) -> Bool
}

/// How far a run got that sends events in the order of their sequences, told by what it left on
/// `invocations` itself.
///
/// A producer that neither repeats nor reorders within a partition leaves a prefix of the
/// partition's events there. The last of them says where to go on; nothing else is kept anywhere.
public struct Resume: ResumePoint {
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

    public mutating func found(invocation id: String, in partition: Int32) {
        guard let sequence = Sequence(invocation: id, run: run) else { return }
        let place = Int(partition)
        last[place] = max(last[place] ?? sequence, sequence)
    }

    public func isSettled(_ partition: Int32) -> Bool { last[Int(partition)] != nil }

    public mutating func foundEmptied(_ partition: Int32) { isEmptied[Int(partition)] = true }

    public var isFresh: Bool { last.allSatisfy { $0 == nil } }

    public var minute: Int {
        isFresh ? 0 : last.indices.map { reached(Int32($0))?.minute ?? 0 }.min() ?? 0
    }

    public var lastMinute: Int { last.compactMap { $0?.minute }.max() ?? 0 }

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
