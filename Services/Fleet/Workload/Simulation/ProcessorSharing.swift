/// How executions share a worker's CPU.
///
/// The guaranteed tier is served first, up to what it demands, of what is left burstable, then best
/// effort. Within a tier the CPU is shared max-min: nobody gets more than it demands, and whoever gets
/// less gets as much as any other (Bertsekas and Gallager, "Data Networks", section 6.5.2). An
/// execution that gets a part of its demand gets on at that speed, so the rest of it takes longer.
///
/// Executions of one function demand the same and so get on at one speed: each function has a clock of
/// its own, which runs at that speed, and an execution ends when its function's clock has gone on by
/// what it takes alone (virtual time: Parekh and Gallager, IEEE/ACM ToN 1(3), 1993, section III). What
/// happens costs O(f + log n) for f functions and n executions at work, whatever their speeds do.
///
/// Times are whole microseconds, CPU in cores.
struct ProcessorSharing: Sendable {
    let cores: Double
    private(set) var nowMicros: Int64
    /// In order of tier, demand and number.
    private var shares: [FunctionShare] = []
    private var executions: [Int: Place] = [:]
    /// Of all that run: what they demand, and what they get.
    private(set) var demandedCores = 0.0
    private(set) var grantedCores = 0.0
    /// Both summed over time, in core-microseconds.
    private(set) var demandedCoreMicros = 0.0
    private(set) var grantedCoreMicros = 0.0

    /// What is the same of a function's executions.
    struct Demand: Comparable, Sendable {
        /// Of its tier: 0 is served first.
        let rank: Int
        /// Of each execution.
        let cores: Double
        let function: Int

        static func < (a: Self, b: Self) -> Bool {
            (a.rank, a.cores, a.function) < (b.rank, b.cores, b.function)
        }
    }

    private struct FunctionShare {
        let demand: Demand
        var speed = 1.0
        var clockMicros = 0.0
        var count = 0
        /// Those removed early are still there until their turn comes.
        var ends = MinimumHeap<End>()
    }

    private struct End: Comparable {
        /// On the function's clock.
        let clockMicros: Double
        let ticket: Int

        static func < (a: Self, b: Self) -> Bool {
            (a.clockMicros, a.ticket) < (b.clockMicros, b.ticket)
        }
    }

    private struct Place {
        let demand: Demand
        let begunClockMicros: Double
    }

    /// What is left of an execution that counts as nothing: sums of speeds are not exact.
    private static let nothingMicros = 0.01
    /// Ends later than in thirty years are never reached: a deadline comes first.
    private static let farMicros = 1e15

    init(cores: Double, nowMicros: Int64) {
        precondition(cores > 0, "a worker has \(cores) cores")
        self.cores = cores
        self.nowMicros = nowMicros
    }

    var count: Int { executions.count }

    /// - Parameters:
    ///   - ticket: no other's, now or before.
    ///   - durationMicros: what it takes when it gets what it demands.
    mutating func run(_ ticket: Int, _ demand: Demand, durationMicros: Int64) {
        precondition(executions[ticket] == nil, "ticket \(ticket) runs already")
        let at = index(of: demand)
        if at == shares.count || shares[at].demand != demand {
            shares.insert(FunctionShare(demand: demand), at: at)
        }
        let clock = shares[at].clockMicros
        shares[at].count += 1
        shares[at].ends.insert(End(clockMicros: clock + Double(durationMicros), ticket: ticket))
        executions[ticket] = Place(demand: demand, begunClockMicros: clock)
        share()
    }

    /// Ends an execution before it is done.
    ///
    /// - Returns: how much of its time alone it got through.
    mutating func remove(_ ticket: Int) -> Double {
        guard let place = executions.removeValue(forKey: ticket) else {
            preconditionFailure("ticket \(ticket) does not run")
        }
        let at = index(of: place.demand)
        let done = shares[at].clockMicros - place.begunClockMicros
        leave(at)
        share()
        return done
    }

    /// When the next execution ends if nothing begins or is removed before.
    var nextEndMicros: Int64? {
        var next: Int64?
        for share in shares where share.speed > 0 {
            guard let end = share.ends.first else { continue }
            let left = max(0, end.clockMicros - share.clockMicros - Self.nothingMicros)
            let micros = (left / share.speed).rounded(.up)
            guard micros < Self.farMicros else { continue }
            next = min(next ?? .max, nowMicros + Int64(micros))
        }
        return next
    }

    /// Lets time pass.
    ///
    /// - Precondition: nothing ends before that moment.
    /// - Returns: the tickets of those that end at it, in order of tier, demand, function, ticket.
    mutating func advance(to micros: Int64) -> [Int] {
        precondition(micros >= nowMicros, "time goes on from \(nowMicros), not to \(micros)")
        let passed = Double(micros - nowMicros)
        nowMicros = micros
        demandedCoreMicros += demandedCores * passed
        grantedCoreMicros += grantedCores * passed
        var ended: [Int] = []
        for at in shares.indices.reversed() {
            shares[at].clockMicros += shares[at].speed * passed
            let reached = shares[at].clockMicros + 2 * Self.nothingMicros
            var own: [Int] = []
            while let end = shares[at].ends.first, end.clockMicros <= reached {
                shares[at].ends.removeFirst()
                if executions.removeValue(forKey: end.ticket) != nil { own.append(end.ticket) }
            }
            guard !own.isEmpty else { continue }
            ended.insert(contentsOf: own, at: 0)
            leave(at, own.count)
        }
        if !ended.isEmpty { share() }
        return ended
    }

    /// A function's clock starts anew when nothing of it runs, and so stays precise.
    private mutating func leave(_ at: Int, _ count: Int = 1) {
        shares[at].count -= count
        if shares[at].count == 0 {
            shares.remove(at: at)
            return
        }
        while let end = shares[at].ends.first, executions[end.ticket] == nil {
            shares[at].ends.removeFirst()
        }
    }

    /// Fills each tier's demands from the least up.
    private mutating func share() {
        var left = cores
        demandedCores = 0
        var from = 0
        while from < shares.count {
            let rank = shares[from].demand.rank
            var sharing = 0
            var to = from
            while to < shares.count, shares[to].demand.rank == rank {
                sharing += shares[to].count
                to += 1
            }
            for at in from..<to {
                let (demanded, count) = (shares[at].demand.cores, Double(shares[at].count))
                let given = min(demanded, max(0, left) / Double(sharing))
                shares[at].speed = given / demanded
                demandedCores += demanded * count
                left -= given * count
                sharing -= shares[at].count
            }
            from = to
        }
        grantedCores = cores - max(0, left)
    }

    /// Where the function's share is, or would be.
    private func index(of demand: Demand) -> Int {
        var (low, high) = (0, shares.count)
        while low < high {
            let middle = (low + high) / 2
            if shares[middle].demand < demand { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
