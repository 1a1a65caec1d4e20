internal import Numerics
internal import Topics

/// The workers of a simulated fleet and what happens on them, in order of time.
struct Workers: Sendable {
    enum Event: Sendable {
        case ended(SimulatedEnd, worker: String)
        /// With its worker.
        case killed(SimulatedEnd, worker: String)
        case reported(WorkerReported, atMicros: Int64)
    }

    private let reports: [WorkerReported]
    private var workers: [SimulatedWorker]
    private var outages: [Outages?]
    private let indices: [String: Int]
    /// By cell: its workers.
    private let cells: [[Int]]
    private var next: EarliestWorker
    private var nowMicros: Int64
    /// Happened when an execution came, and not told yet.
    private var untold: [Event] = []
    /// As of the last minute that was closed.
    private var demandedCoreMicros: [Double]
    private var grantedCoreMicros: [Double]
    /// That run or wait.
    private(set) var executions = 0

    init(_ reports: [WorkerReported], cells: Int32, _ failures: WorkerFailures, fromMs: Int64) {
        self.reports = reports
        nowMicros = fromMs * 1_000
        workers = reports.map {
            SimulatedWorker(
                milliCpu: $0.milliCpu, memoryMb: $0.memoryMb, nowMicros: fromMs * 1_000)
        }
        outages = reports.map { failures.outages(of: $0.worker, fromMs: fromMs) }
        indices = Dictionary(uniqueKeysWithValues: reports.enumerated().map { ($1.worker, $0) })
        var byCell: [[Int]] = Array(repeating: [], count: Int(cells))
        for (index, report) in reports.enumerated() { byCell[Int(report.cell)].append(index) }
        self.cells = byCell
        next = EarliestWorker(count: reports.count)
        demandedCoreMicros = Array(repeating: 0, count: reports.count)
        grantedCoreMicros = demandedCoreMicros
        for index in workers.indices {
            if outages[index]?.first.contains(nowMicros) == true {
                var none: [SimulatedEnd] = []
                workers[index].fail(&none)
            }
            schedule(index)
        }
    }

    /// - Returns: the worker's place, if it is known and up.
    func up(_ name: String) -> Int? {
        guard let index = indices[name], workers[index].isUp else { return nil }
        return index
    }

    /// Where an execution runs whose function has no worker: on the first of its cell, from the
    /// function's home on, that is up and has room for it; at home, or next to it, where none has.
    func home(of arrival: SimulatedArrival) -> Int? {
        let function = arrival.profile.id
        let cell = cells[Int(partition(ofKey: function.service.path, among: Int32(cells.count)))]
        guard !cell.isEmpty else { return nil }
        let first = Int(partition(ofKey: function.path, among: Int32(cell.count)))
        var home: Int?
        for step in 0..<cell.count {
            let index = cell[(first + step) % cell.count]
            guard workers[index].isUp else { continue }
            if workers[index].hasRoom(for: arrival) { return index }
            home = home ?? index
        }
        return home
    }

    /// - Precondition: time was advanced to its start, and the worker is up.
    mutating func take(_ arrival: SimulatedArrival, at index: Int) {
        let before = workers[index].count
        var ended: [SimulatedEnd] = []
        workers[index].advance(to: nowMicros, &ended)
        untold += ended.map { .ended($0, worker: reports[index].worker) }
        workers[index].take(arrival)
        executions += workers[index].count - before
        schedule(index)
    }

    /// - Returns: what happened until that moment, it included.
    mutating func advance(to micros: Int64) -> [Event] {
        defer { untold.removeAll(keepingCapacity: true) }
        guard micros >= nowMicros else { return untold }
        while let (at, index) = next.first, at <= micros {
            nowMicros = at
            pass(at, index)
        }
        nowMicros = micros
        return untold
    }

    private mutating func pass(_ micros: Int64, _ index: Int) {
        let name = reports[index].worker
        let before = workers[index].count
        var ended: [SimulatedEnd] = []
        workers[index].advance(to: micros, &ended)
        untold += ended.map { .ended($0, worker: name) }
        if let outage = outages[index]?.first {
            if workers[index].isUp, micros >= outage.lowerBound {
                ended = []
                workers[index].fail(&ended)
                untold += ended.map { .killed($0, worker: name) }
                var report = reports[index]
                report.state = .gone
                untold.append(.reported(report, atMicros: micros))
            } else if !workers[index].isUp, micros >= outage.upperBound {
                outages[index]?.removeFirst()
                workers[index].repair()
                untold.append(.reported(reports[index], atMicros: micros))
            }
        }
        executions += workers[index].count - before
        schedule(index)
    }

    private mutating func schedule(_ index: Int) {
        var micros = workers[index].nextMicros ?? .max
        if let outage = outages[index]?.first {
            micros = min(micros, workers[index].isUp ? outage.lowerBound : outage.upperBound)
        }
        next.set(index, micros)
    }

    /// What the workers did in a minute that is over.
    struct MinuteUse {
        var used = 0
        var joules = 0.0
        var demandedCoreSeconds = 0.0
        var grantedCoreSeconds = 0.0
    }

    /// A worker that has no function and runs nothing is switched off; one that is on takes
    /// `idle + (peak - idle) x utilisation`, as the allocator plans it.
    mutating func closeMinute(_ placements: Placements) -> MinuteUse {
        let seconds = Double(minuteMs) / 1_000
        var use = MinuteUse()
        for index in workers.indices {
            var ended: [SimulatedEnd] = []
            workers[index].advance(to: max(nowMicros, workers[index].cpu.nowMicros), &ended)
            precondition(ended.isEmpty, "executions ended that were not due")
            let cpu = workers[index].cpu
            let granted = (cpu.grantedCoreMicros - grantedCoreMicros[index]) / 1e6
            use.grantedCoreSeconds += granted
            use.demandedCoreSeconds += (cpu.demandedCoreMicros - demandedCoreMicros[index]) / 1e6
            demandedCoreMicros[index] = cpu.demandedCoreMicros
            grantedCoreMicros[index] = cpu.grantedCoreMicros
            let report = reports[index]
            let hasMembers = placements.members(of: report.worker) > 0 && workers[index].isUp
            guard hasMembers || granted > 0 else { continue }
            use.used += 1
            let (idle, peak) = (report.wattsIdle ?? 0, report.wattsPeak ?? 0)
            let utilisation = min(1, granted / (report.milliCpu / 1_000 * seconds))
            use.joules += (idle + (peak - idle) * utilisation) * seconds
        }
        return use
    }
}

/// Which of some workers has something to do first: a tournament, played again from one leaf up
/// when that worker's moment changes.
struct EarliestWorker: Sendable {
    private let leaves: Int
    private var micros: [Int64]
    /// (2 x leaves) a node's winner; from 1, the root.
    private var winners: [Int]

    init(count: Int) {
        var leaves = 1
        while leaves < count { leaves *= 2 }
        self.leaves = leaves
        micros = Array(repeating: .max, count: leaves)
        winners = Array(repeating: 0, count: leaves) + Array(0..<leaves)
        for node in stride(from: leaves - 1, to: 0, by: -1) { play(node) }
    }

    /// Of equal ones the first worker; nil when none has anything to do.
    var first: (micros: Int64, worker: Int)? {
        let worker = winners[1]
        return micros[worker] == .max ? nil : (micros[worker], worker)
    }

    /// - Parameter moment: `Int64.max` for never.
    mutating func set(_ worker: Int, _ moment: Int64) {
        guard micros[worker] != moment else { return }
        micros[worker] = moment
        var node = (leaves + worker) / 2
        while node > 0 {
            play(node)
            node /= 2
        }
    }

    private mutating func play(_ node: Int) {
        let (a, b) = (winners[2 * node], winners[2 * node + 1])
        winners[node] = micros[b] < micros[a] ? b : a
    }
}
