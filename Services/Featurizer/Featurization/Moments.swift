internal import Numerics
internal import Processing

/// When executions began and ended in a slot, to the millisecond: of that, how many ran at any
/// moment and the gaps between arrivals are exact.
///
/// Executions start at whole milliseconds, so the most at any one moment is the most at any whole
/// millisecond, and an execution that runs until within a millisecond counts in it. A slot has
/// 300,000 milliseconds: that bounds the list, however many executions there are.
struct Moments {
    private var keys = CountedKeys()

    /// Ends come first: who ends when another begins does not run beside it.
    enum Kind: UInt32 {
        case end
        /// It ran already when the slot began.
        case carried
        case arrival
    }

    // 300,000 has 19 bits, the kind 2.
    private static let kindBits: UInt32 = 2
    private static let countBits: UInt32 = 11

    /// An execution ran from the moment `from` until just before `to`, from the slot's start on.
    mutating func add(from: Int, to: Int, arrives: Bool, in arena: inout WordArena) {
        let kind = arrives ? Kind.arrival : Kind.carried
        keys.add(
            Self.key(from, kind), Self.key(to, .end), countBits: Self.countBits, in: &arena)
    }

    mutating func add(
        _ moment: Int, _ kind: Kind, times: Int, in arena: inout WordArena
    ) {
        keys.add(
            Self.key(moment, kind), times: times, countBits: Self.countBits, in: &arena)
    }

    func prefetchEnd(in arena: WordArena) { keys.prefetchEnd(in: arena) }
    func prefetchAll(in arena: WordArena) { keys.prefetchAll(in: arena) }

    /// The most executions at any one moment; the gaps between one arrival and the next are counted.
    /// - Parameter gaps: empty.
    mutating func peak(in arena: inout WordArena, _ gaps: inout GapCounts) -> Int {
        keys.withSettled(countBits: Self.countBits, in: &arena) { settled in
            var running = 0
            var peak = 0
            var lastArrival = -1
            for i in settled.indices {
                let word = settled[i]
                let key = word >> Self.countBits
                let times = Int(word & (1 << Self.countBits - 1))
                let kind = key & (1 << Self.kindBits - 1)
                guard kind != Kind.end.rawValue else {
                    running &-= times
                    continue
                }
                running &+= times
                peak = max(peak, running)
                guard kind == Kind.arrival.rawValue else { continue }
                let moment = Int(key >> Self.kindBits)
                if lastArrival >= 0 { gaps.add(moment &- lastArrival) }
                if times > 1 { gaps.add(0, times: times &- 1) }
                lastArrival = moment
            }
            return peak
        }
    }

    /// Ascending; the same for the same executions in whatever order.
    mutating func write(to writer: inout StateWriter, in arena: inout WordArena) {
        keys.withSettled(countBits: Self.countBits, in: &arena) { settled in
            writer.write(UInt64(settled.count))
            writer.write(numbersUpTo: 2 * settled.count) { numbers in
                var before: UInt32 = 0
                for i in settled.indices {
                    let key = settled[i] >> Self.countBits
                    let moment = key >> Self.kindBits
                    // Neighbouring moments are near each other: the steps are short numbers.
                    let step = (moment - before) << Self.kindBits | key & (1 << Self.kindBits - 1)
                    numbers.append(number: UInt64(step))
                    numbers.append(number: UInt64(settled[i] & (1 << Self.countBits - 1)))
                    before = moment
                }
            }
        }
    }

    mutating func release(in arena: inout WordArena) { keys.release(in: &arena) }

    private static func key(_ moment: Int, _ kind: Kind) -> UInt32 {
        UInt32(truncatingIfNeeded: moment) << kindBits | kind.rawValue
    }

    private static func entry(_ word: UInt32) -> (moment: Int, kind: Kind, times: Int) {
        let key = word >> countBits
        guard let kind = Kind(rawValue: key & (1 << kindBits - 1)) else {
            preconditionFailure("moment \(key) has no kind")
        }
        return (Int(key >> kindBits), kind, Int(word & (1 << countBits - 1)))
    }
}
