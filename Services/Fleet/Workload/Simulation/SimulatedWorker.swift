internal import Numerics
internal import Topics

/// A worker that runs executions: they share its CPU, and each holds the memory allotted to it.
///
/// What finds too little memory free waits, the best promised first and then in order of arrival;
/// nobody overtakes. Its deadline counts from its arrival. Initialising takes none of the CPU here, and
/// containers that only keep warm hold no memory: no trace says what either takes.
struct SimulatedWorker: Sendable {
    let memoryMb: Double
    private(set) var isUp = true
    private(set) var cpu: ProcessorSharing
    private var memoryLeftMb: Double
    private var executions: [Int: Held] = [:]
    /// By rank of tier.
    private var waiting: [[Int]] = Array(repeating: [], count: Tier.allCases.count)
    /// Of all that run or wait; those that ended are still there until their turn comes.
    private var deadlines = MinimumHeap<Deadline>()
    private var warmth: [Int: Warmth] = [:]
    private var warmthPrunedAt = Self.warmthMin
    private var tickets = 0

    private struct Held {
        let arrival: SimulatedArrival
        var isWaiting: Bool
        var initMicros: Int64?
    }

    private struct Deadline: Comparable {
        let micros: Int64
        let ticket: Int

        static func < (a: Self, b: Self) -> Bool { (a.micros, a.ticket) < (b.micros, b.ticket) }
    }

    /// Of a function on this worker.
    private struct Warmth {
        var running = 0
        var untilMicros = Int64.min
    }

    /// Functions known to be or have been warm before those that cooled down are forgotten.
    private static let warmthMin = 1_024
    /// Deadlines of what ended are dropped when they are this many times those of what has not.
    private static let staleTimes = 4

    init(milliCpu: Double, memoryMb: Double, nowMicros: Int64) {
        self.memoryMb = memoryMb
        memoryLeftMb = memoryMb
        cpu = ProcessorSharing(cores: milliCpu / 1_000, nowMicros: nowMicros)
    }

    /// Running and waiting.
    var count: Int { executions.count }

    /// When something ends here next; nil when nothing runs.
    var nextMicros: Int64? {
        let deadline = deadlines.first?.micros
        guard let end = cpu.nextEndMicros else { return deadline }
        return min(end, deadline ?? .max)
    }

    /// Whether it would be slowed here by nobody, nor slow anybody.
    func hasRoom(for arrival: SimulatedArrival) -> Bool {
        cpu.demandedCores + arrival.cores <= cpu.cores && arrival.memoryMb <= memoryLeftMb
    }

    /// - Precondition: the worker is up, and time was advanced to the arrival.
    mutating func take(_ arrival: SimulatedArrival) {
        precondition(isUp, "a worker that is down was given an execution")
        precondition(arrival.memoryMb <= memoryMb, "\(arrival.profile.id) fits no worker")
        tickets += 1
        let rank = arrival.tier.rank
        let isFree = waiting[...rank].allSatisfy(\.isEmpty) && arrival.memoryMb <= memoryLeftMb
        executions[tickets] = Held(arrival: arrival, isWaiting: !isFree)
        deadlines.insert(Deadline(micros: arrival.deadlineMicros, ticket: tickets))
        if isFree { run(tickets) } else { waiting[rank].append(tickets) }
    }

    /// Lets time pass up to a moment, at which something may end, and no later than `nextMicros`.
    mutating func advance(to micros: Int64, _ ended: inout [SimulatedEnd]) {
        for ticket in cpu.advance(to: micros) { leave(ticket, .done, &ended) }
        while let due = deadlines.first, due.micros <= micros {
            deadlines.removeFirst()
            if executions[due.ticket] != nil { leave(due.ticket, .deadline, &ended) }
        }
        dropStaleDeadlines()
        admit()
    }

    /// What runs and waits is killed, and nothing stays warm.
    mutating func fail(_ ended: inout [SimulatedEnd]) {
        isUp = false
        waiting = waiting.map { _ in [] }
        for ticket in executions.keys.sorted() { leave(ticket, .failure, &ended) }
        deadlines = MinimumHeap()
        warmth = [:]
        precondition(cpu.count == 0, "a worker that failed still runs something")
    }

    mutating func repair() { isUp = true }

    private enum Cause { case done, deadline, failure }

    private mutating func run(_ ticket: Int) {
        guard let arrival = executions[ticket]?.arrival else {
            preconditionFailure("ticket \(ticket) is not here")
        }
        let function = arrival.execution.function
        var warm = warmth[function] ?? Warmth()
        let isWarm = warm.running > 0 || cpu.nowMicros <= warm.untilMicros
        warm.running += 1
        warmth[function] = warm
        executions[ticket]?.isWaiting = false
        executions[ticket]?.initMicros = isWarm ? nil : arrival.initMicros()
        memoryLeftMb -= arrival.memoryMb
        cpu.run(
            ticket, .init(rank: arrival.tier.rank, cores: arrival.cores, function: function),
            durationMicros: arrival.execution.durationMicros)
    }

    private mutating func leave(_ ticket: Int, _ cause: Cause, _ ended: inout [SimulatedEnd]) {
        guard let held = executions.removeValue(forKey: ticket) else {
            preconditionFailure("ticket \(ticket) is not here")
        }
        let arrival = held.arrival
        var doneMicros = Double(arrival.execution.durationMicros)
        if held.isWaiting {
            doneMicros = 0
            waiting[arrival.tier.rank].removeAll { $0 == ticket }
        } else {
            if cause != .done { doneMicros = cpu.remove(ticket) }
            // An empty worker has all of it, whatever the sums came to.
            memoryLeftMb = executions.isEmpty ? memoryMb : memoryLeftMb + arrival.memoryMb
            cool(arrival.execution.function)
        }
        let drawn = arrival.execution.outcome
        let outcome: Outcome =
            switch cause {
            case .done: drawn
            case .deadline: .timeout
            case .failure: .killed
            }
        let execution = arrival.execution.ended(
            atMicros: cpu.nowMicros,
            cpuMicros: cause == .done
                ? arrival.execution.cpuMicros : Int64((doneMicros * arrival.cores).rounded(.down)),
            initMicros: held.initMicros, outcome)
        ended.append(
            SimulatedEnd(
                execution: execution, profile: arrival.profile, tier: arrival.tier,
                aloneMicros: arrival.execution.durationMicros,
                missesByContention: cause == .deadline && drawn != .timeout))
    }

    /// In order, as far as memory goes.
    private mutating func admit() {
        for rank in waiting.indices {
            var taken = 0
            while taken < waiting[rank].count {
                let ticket = waiting[rank][taken]
                guard let held = executions[ticket], held.arrival.memoryMb <= memoryLeftMb else {
                    waiting[rank].removeFirst(taken)
                    return
                }
                run(ticket)
                taken += 1
            }
            waiting[rank].removeAll(keepingCapacity: true)
        }
    }

    private mutating func cool(_ function: Int) {
        guard var warm = warmth[function] else { return }
        warm.running -= 1
        warm.untilMicros = cpu.nowMicros + Limits.keepAliveMs * 1_000
        warmth[function] = warm
        guard warmth.count > warmthPrunedAt else { return }
        let now = cpu.nowMicros
        warmth = warmth.filter { $0.value.running > 0 || $0.value.untilMicros >= now }
        warmthPrunedAt = max(Self.warmthMin, 2 * warmth.count)
    }

    private mutating func dropStaleDeadlines() {
        while let due = deadlines.first, executions[due.ticket] == nil { deadlines.removeFirst() }
        guard deadlines.count > Self.staleTimes * (executions.count + 16) else { return }
        deadlines.removeAll { executions[$0.ticket] == nil }
    }
}

/// An execution as it comes to a worker.
struct SimulatedArrival: Sendable {
    /// As drawn: what it would be alone.
    let execution: Execution
    let profile: FunctionProfile
    let tier: Tier

    /// Of a cold start: as drawn with it, or, where it is cold only for where it runs, drawn now.
    func initMicros() -> Int64 {
        if let drawn = execution.initMicros { return drawn }
        var random = SeededRandom(seed: profile.seed &+ 2, at: execution.sequence.number)
        return Int64((profile.initMs.value(at: random.openUniform()) * 1_000).rounded())
    }

    var memoryMb: Double { profile.memoryMb }
    var cores: Double { profile.utilisation }
    var deadlineMicros: Int64 {
        execution.startedAtMs * 1_000 + Int64((profile.deadlineMs * 1_000).rounded())
    }
}

extension Tier {
    /// Those who were promised most come first.
    var rank: Int {
        switch self {
        case .guaranteed: 0
        case .burstable: 1
        case .bestEffort: 2
        }
    }
}
