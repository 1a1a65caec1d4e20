public import Topics

/// What happens in a simulated fleet, in order of time.
public enum SimulatedEvent: Sendable {
    /// As `FleetEvent.announced`.
    case announced(ServiceAnnounced, atMs: Int64)
    /// A worker is gone or back.
    case reported(WorkerReported, atMs: Int64)
    /// Sequences count starts here: an execution has its own before it is known how it ends.
    case ended(SimulatedEnd, worker: String?)
}

/// A workload run by workers: each execution on the worker that its function is placed on when it
/// starts, beside whatever else runs there.
///
/// A function without a worker that is up runs where OpenWhisk's load balancer would have it: on its
/// home worker, one of its cell by the hash of its name, and what finds no room there on the next that
/// has some (ShardingContainerPoolBalancer). Where no worker of the cell is up, the execution is
/// throttled. The source and the placements, with when they change, say all that happens.
public struct SimulatedFleet: Sendable {
    /// Where functions run from now on.
    public var placements = Placements()
    public private(set) var tally = FleetTally()
    /// Workers that had a function or ran something in the last minute that was closed.
    public private(set) var workersUsed = 0

    private var draws: ExecutionDraws
    /// Executions that begin before it are not run.
    private let from: Int
    private var minute: Int
    /// Of the current minute, in order of start; and how many of them came.
    private var arrivals: [Execution] = []
    private var arrived = 0
    private var workers: Workers
    private var tiers: [ServiceID: Tier] = [:]
    private var happened: [SimulatedEvent] = []

    /// - Parameters:
    ///   - workers: as reported while they are up.
    ///   - cells: partitions of keyed topics.
    ///   - minute: what begins before it is not run.
    /// - Precondition: the source says what its executions take: none is recorded.
    public init(
        _ source: any FleetSource, on workers: [WorkerReported], cells: Int32,
        failures: WorkerFailures = .none, from minute: Int = 0
    ) {
        draws = ExecutionDraws(source)
        from = minute
        self.minute = max(0, minute - ExecutionDraws.warmUpMinutes(of: source))
        let fromMs = source.startMs + Int64(minute) * minuteMs
        self.workers = Workers(workers, cells: cells, failures, fromMs: fromMs)
    }

    /// Told from that of the same workload replayed: the same execution has another sequence there.
    public static func run(of source: any FleetSource) -> String { source.run + "x" }

    public var startMs: Int64 { draws.source.startMs }
    /// Nothing can happen any more but that workers fail.
    public var isOver: Bool {
        draws.source.minutes.map { minute >= $0 } ?? false
            && arrived == arrivals.count && workers.executions == 0
    }

    /// Lets time pass.
    ///
    /// - Returns: what happened before that moment and was not returned yet.
    public mutating func advance(to ms: Int64) -> [SimulatedEvent] {
        while true {
            let opens = startMs + Int64(minute) * minuteMs
            let until = min(ms, opens) * 1_000
            runArrivals(before: until)
            guard opens < ms else { break }
            openMinute(opens)
        }
        defer { happened = [] }
        return happened
    }

    /// What ends at a moment makes room for what begins then.
    private mutating func runArrivals(before untilMicros: Int64) {
        while arrived < arrivals.count, arrivals[arrived].startMicros < untilMicros {
            settle(workers.advance(to: arrivals[arrived].startMicros))
            begin(arrivals[arrived])
            arrived += 1
        }
        settle(workers.advance(to: untilMicros - 1))
    }

    private mutating func openMinute(_ opensMs: Int64) {
        if minute > from { closeMinute() }
        let isOver = draws.source.minutes.map { minute >= $0 } ?? false
        arrivals = []
        arrived = 0
        if !isOver {
            for service in draws.source.advance(to: minute) {
                tiers[service.serviceID] = service.tier
                happened.append(.announced(service, atMs: opensMs))
            }
            var begun = draws.executions(in: minute)
            begun.sort(by: Execution.isStartedBefore)
            for i in begun.indices { begun[i].sequence = Sequence(minute: minute, rank: i) }
            if minute >= from { arrivals = begun }
        }
        minute += 1
    }

    private mutating func begin(_ execution: Execution) {
        let profile = draws.source.profile(execution.function)
        precondition(!profile.isRecorded, "what is recorded of \(profile.id) is not run again")
        let tier = tiers[profile.id.service] ?? .burstable
        let arrival = SimulatedArrival(execution: execution, profile: profile, tier: tier)
        // The platform refused it before it came to a worker.
        guard execution.outcome != .throttled else { return endAtOnce(arrival) }
        let placed = placements.worker(of: execution, profile).flatMap(workers.up)
        if placed == nil { tally.unplaced += 1 }
        guard let worker = placed ?? workers.home(of: arrival) else {
            tally.refused += 1
            return endAtOnce(arrival)
        }
        workers.take(arrival, at: worker)
    }

    private mutating func endAtOnce(_ arrival: SimulatedArrival) {
        let execution = arrival.execution.ended(
            atMicros: arrival.execution.startMicros, cpuMicros: 0, initMicros: nil, .throttled)
        let end = SimulatedEnd(
            execution: execution, profile: arrival.profile, tier: arrival.tier,
            aloneMicros: arrival.execution.durationMicros, missesByContention: false)
        tally.count(end)
        happened.append(.ended(end, worker: nil))
    }

    private mutating func settle(_ events: [Workers.Event]) {
        for event in events {
            switch event {
            case .ended(let end, let worker):
                tally.count(end)
                happened.append(.ended(end, worker: worker))
            case .killed(let end, let worker):
                tally.count(end)
                tally.killed += 1
                happened.append(.ended(end, worker: worker))
            case .reported(let report, let atMicros):
                if report.state == .gone { tally.workersFailed += 1 }
                happened.append(.reported(report, atMs: atMicros / 1_000))
            }
        }
    }

    private mutating func closeMinute() {
        let use = workers.closeMinute(placements)
        workersUsed = use.used
        tally.minutes += 1
        tally.workerMinutes += use.used
        tally.joules += use.joules
        tally.demandedCoreSeconds += use.demandedCoreSeconds
        tally.grantedCoreSeconds += use.grantedCoreSeconds
    }
}
