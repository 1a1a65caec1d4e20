/// How far a run got whose executions are numbered by their starts and sent by their ends.
///
/// Nobody knows beforehand when an execution ends, so what lies on a partition is no prefix. But with
/// `S` the latest start there and `L` minutes that no execution exceeds: whatever started before `S - L`
/// had ended, and been sent, when the execution of `S` was; nothing was missed earlier, for a run that
/// goes on sends first what is missing. Of the others the ids that are there tell.
///
/// A record of an execution that started at `s` has none before it that started after `s + L`: one sent
/// by the same process ended no later, and one of an earlier process was there when this one was still
/// missing. So one from before `S - 2L` has only those before it that are known to be there.
public struct ResumeByStart: ResumePoint {
    public let run: String
    private let longestMinutes: Int
    private let warmUpMinutes: Int
    /// By partition: the latest and the earliest of this run's found there.
    private var latest: [Sequence?]
    private var earliest: [Sequence?]
    private var isEmptied: [Bool]
    private var found: Set<Sequence> = []

    public init(_ source: any FleetSource, partitions: Int32) {
        run = SimulatedFleet.run(of: source)
        longestMinutes = Int(Int64(source.durationMsMax.rounded(.up)) / minuteMs) + 2
        warmUpMinutes = ExecutionDraws.warmUpMinutes(of: source)
        latest = Array(repeating: nil, count: Int(partitions))
        earliest = latest
        isEmptied = Array(repeating: false, count: Int(partitions))
    }

    public mutating func found(invocation id: String, in partition: Int32) {
        guard let sequence = Sequence(invocation: id, run: run) else { return }
        let place = Int(partition)
        latest[place] = max(latest[place] ?? sequence, sequence)
        earliest[place] = min(earliest[place] ?? sequence, sequence)
        found.insert(sequence)
    }

    public mutating func foundEmptied(_ partition: Int32) { isEmptied[Int(partition)] = true }

    public func isSettled(_ partition: Int32) -> Bool {
        guard let latest = latest[Int(partition)], let earliest = earliest[Int(partition)] else {
            return false
        }
        return earliest.minute < latest.minute - 2 * longestMinutes
    }

    public var isFresh: Bool { latest.allSatisfy { $0 == nil } }

    /// Early enough that what still ran, and what was warm, when the first missing one began is known.
    public var minute: Int {
        guard !isFresh else { return 0 }
        let first = latest.indices.map { reached(Int32($0))?.minute ?? 0 }.min() ?? 0
        return max(0, first - longestMinutes - warmUpMinutes)
    }

    public var lastMinute: Int { latest.compactMap { $0?.minute }.max() ?? 0 }

    public func isMissing(_ sequence: Sequence, in partition: Int32) -> Bool {
        guard let reached = reached(partition) else { return true }
        if latest[Int(partition)] == nil { return sequence > reached }
        return sequence.minute >= reached.minute - longestMinutes && !found.contains(sequence)
    }

    /// What retention took is as old as the oldest place that another partition reached, at least.
    private func reached(_ partition: Int32) -> Sequence? {
        let place = Int(partition)
        return latest[place] ?? (isEmptied[place] ? latest.compactMap(\.self).min() : nil)
    }
}
