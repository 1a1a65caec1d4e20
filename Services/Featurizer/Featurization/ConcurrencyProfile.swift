/// How many executions ran at each moment of a slot, exactly: by how much that changes, and when.
///
/// Executions start at whole milliseconds, so the most at any one moment is the most at any whole
/// millisecond, and an execution that runs until within a millisecond counts in it. A slot has
/// 300,000 milliseconds: that bounds it, however many executions there are.
struct ConcurrencyProfile: Equatable {
    /// A moment of the slot in the upper half, the change there (Int32) in the lower. The first
    /// `settled` are ascending with each moment once and no change of 0.
    private var changes: [UInt64] = []
    private var settled = 0
    /// Unsettled changes that are gathered before they are sorted in.
    private static let gatheredMin = 64

    init() {}

    /// - Parameter settledChanges: as `settledChanges` gave them; nil when they are not such.
    init?(settledChanges: [(moment: Int, by: Int)]) {
        for (i, change) in settledChanges.enumerated() {
            guard i == 0 || settledChanges[i - 1].moment < change.moment, change.by != 0,
                UInt32(exactly: change.moment) != nil, let by = Int32(exactly: change.by)
            else { return nil }
            changes.append(Self.packed(change.moment, by))
        }
        settled = changes.count
    }

    /// An execution ran from the moment `from` until just before `to`, from the slot's start on.
    mutating func add(from: Int, to: Int) {
        changes.append(Self.packed(from, 1))
        changes.append(Self.packed(to, -1))
        if changes.count - settled > max(Self.gatheredMin, settled) { settle() }
    }

    /// The most executions at any one moment.
    mutating func peak() -> Int {
        settle()
        var running = 0
        var most = 0
        for change in changes {
            running += Self.by(change)
            most = max(most, running)
        }
        return most
    }

    /// Ascending, each moment once; the same for the same executions in whatever order.
    mutating func settledChanges() -> [(moment: Int, by: Int)] {
        settle()
        return changes.map { (Int($0 >> 32), Self.by($0)) }
    }

    private mutating func settle() {
        guard settled < changes.count else { return }
        changes.sort()
        var kept = 0
        var i = 0
        while i < changes.count {
            let moment = changes[i] >> 32
            var by = 0
            while i < changes.count, changes[i] >> 32 == moment {
                by += Self.by(changes[i])
                i += 1
            }
            if by != 0 {
                changes[kept] = Self.packed(Int(moment), Int32(clamping: by))
                kept += 1
            }
        }
        changes.removeSubrange(kept...)
        settled = kept
    }

    private static func packed(_ moment: Int, _ by: Int32) -> UInt64 {
        UInt64(UInt32(moment)) << 32 | UInt64(UInt32(bitPattern: by))
    }

    private static func by(_ change: UInt64) -> Int {
        Int(Int32(bitPattern: UInt32(truncatingIfNeeded: change)))
    }
}
