import Numerics
import Testing
import Topics

@testable import Workload

@Suite struct `A simulated fleet` {
    @Test func `runs what has room as it was drawn`() throws {
        // A worker of 1,000 cores: nothing is ever short.
        let fleet = try smallReplay()
        let drawn = Set(executions(of: EventStream(fleet)).map(Drawn.init))
        let ran = ends(of: SimulatedFleet(fleet, on: [worker("a", milliCpu: 1_000_000)], cells: 1))
        #expect(Set(ran.map { Drawn($0.execution) }) == drawn)
        #expect(ran.count == drawn.count)
    }

    @Test(arguments: [Int64(7_777), 60_000, 3_600_000])
    func `comes to the same however its time is cut`(stepMs: Int64) {
        let whole = ends(of: crowded(), stepMs: 500).map(Told.init)
        #expect(whole.count > 4_000)
        #expect(ends(of: crowded(), stepMs: stepMs).map(Told.init) == whole)
    }

    @Test func `sends each execution once, in order of ends, and what it tallies is what it sends`()
    {
        var fleet = crowded()
        let all = ends(of: &fleet, stepMs: 60_000)
        #expect(Set(all.map(\.execution.sequence)).count == all.count)
        let endMicros = all.map(\.execution.endMicros)
        #expect(endMicros == endMicros.sorted())
        #expect(fleet.tally.executions.total == all.count)
        #expect(fleet.tally.misses.total == all.count { $0.execution.outcome == .timeout })
        #expect(fleet.tally.coldStarts == all.count { $0.execution.initMicros != nil })
        #expect(fleet.tally.contentionMisses.total > 0)
        #expect(fleet.tally.throttledShare > 0.1)
    }

    @Test func `does as much work as its events say`() {
        var fleet = crowded()
        let all = ends(of: &fleet, stepMs: 60_000)
        // The last minutes are tallied when they are over.
        _ = fleet.advance(to: fleet.startMs + 60 * 60_000)
        let told = all.reduce(0) { $0 + Double($1.execution.cpuMicros ?? 0) } / 1e6
        // CPU is told in whole microseconds, rounded down; ends are up to one late.
        #expect(abs(fleet.tally.grantedCoreSeconds - told) <= 4e-6 * Double(all.count))
    }

    @Test func `lets nobody pass a deadline`() {
        for end in ends(of: crowded()) {
            #expect(Double(end.execution.durationMicros) <= end.profile.deadlineMs * 1_000)
        }
    }

    @Test func `starts cold where its function has not run lately`() throws {
        // The timer runs every minute: cold once, and once more where it is moved to.
        let source = try smallReplay()
        let timer = FunctionID(customer: "a", service: "a1", function: "f1")
        var fleet = SimulatedFleet(source, on: [worker("a"), worker("b")], cells: 1)
        var cold = 0
        for minute in Int64(1)...4 {
            let to = minute < 3 ? "a" : "b"
            fleet.placements.assign(assignment(of: timer, to: to, revision: Int(minute)), epoch: 1)
            for event in fleet.advance(to: source.startMs + minute * 60_000) {
                guard case .ended(let end, _) = event, end.profile.id == timer else { continue }
                if end.execution.initMicros != nil { cold += 1 }
            }
        }
        #expect(cold == 2)
        #expect(fleet.placements.moves == 1)
    }

    @Test func `runs a function without a worker at home, and beside it what has no room there`()
        throws
    {
        // A worker of a core takes one execution of more than half a core at a time, and any number
        // with 1,000 cores.
        func workers(of milliCpu: Double) throws -> [Set<String>] {
            let five = (0..<5).map { worker("w\($0)", milliCpu: milliCpu) }
            var fleet = SimulatedFleet(crowdedSource, on: five, cells: 1)
            var workers: [FunctionID: Set<String>] = [:]
            for end in ends(of: &fleet) where end.execution.outcome != .throttled {
                workers[end.profile.id, default: []].insert(try #require(end.worker))
            }
            let throttled = fleet.tally.executions.total - fleet.tally.unplaced
            #expect(throttled >= 0 && fleet.tally.unplaced > 4_000)
            return Array(workers.values)
        }
        #expect(try workers(of: 1_000_000).allSatisfy { $0.count == 1 })
        #expect(try workers(of: 1_000).contains { $0.count > 1 })
    }

    @Test func `kills what runs on a worker that fails, and says that it is gone and back`() {
        let failures = WorkerFailures(
            meanBetweenMs: 300_000, meanRepairMs: 60_000, seed: 3, startMs: crowdedSource.startMs
        )
        var fleet = SimulatedFleet(
            crowdedSource, on: crowdedWorkers, cells: 1, failures: failures)
        var states: [String: [WorkerReported.State]] = [:]
        var killed = 0
        var nowMs = fleet.startMs
        while !fleet.isOver {
            nowMs += 60_000
            for event in fleet.advance(to: nowMs) {
                switch event {
                case .reported(let report, let ms):
                    states[report.worker, default: []].append(report.state)
                    #expect(failures.isDown(report.worker, atMs: ms + 1) == (report.state == .gone))
                case .ended(let end, let worker):
                    if end.execution.outcome == .killed { killed += 1 }
                    #expect(worker != nil || end.execution.outcome == .throttled)
                case .announced: break
                }
            }
        }
        #expect(states.count == crowdedWorkers.count)
        for told in states.values {
            for (i, state) in told.enumerated() { #expect(state == (i % 2 == 0 ? .gone : .ready)) }
        }
        #expect(killed >= fleet.tally.killed && fleet.tally.killed > 0)
        let failed = states.values.reduce(0) { $0 + $1.count { $0 == .gone } }
        #expect(fleet.tally.workersFailed == failed)
    }

    /// What lies on the topic when each partition was cut somewhere else, as a kill leaves it.
    @Test(arguments: UInt64(0)..<3)
    func `stopped anywhere sends what is missing when it goes on, each once`(seed: UInt64) {
        let source = crowdedSource
        let whole = ends(of: crowded())
        var random = SeededRandom(seed: seed)
        func partition(_ end: Ended) -> Int32 {
            Topics.partition(ofKey: end.profile.id.service.path, among: 4)
        }
        var there: [Ended] = []
        var resume = ResumeByStart(source, partitions: 4)
        // Whoever goes on finds what all before it left, and is stopped again.
        for _ in 0..<2 {
            var left = ends(of: crowded(from: resume.minute)).filter {
                resume.isMissing($0.execution.sequence, in: partition($0))
            }
            let cutMicros = left.map(\.execution.endMicros).randomElement(using: &random) ?? 0
            left = left.filter {
                // Some of what was under way arrived, in order within a partition.
                $0.execution.endMicros <= cutMicros + Int64(partition($0)) * 20_000_000
            }
            there += left
            for end in left {
                resume.found(
                    invocation: end.execution.id(run: resume.run), in: partition(end))
            }
        }
        let rest = ends(of: crowded(from: resume.minute)).filter {
            resume.isMissing($0.execution.sequence, in: partition($0))
        }
        let sent = (there + rest).map(\.execution.sequence)
        #expect(Set(sent).count == sent.count)
        #expect(Set(sent) == Set(whole.map(\.execution.sequence)))
    }

    @Test(arguments: [1, 2, 3])
    func `goes on from any minute as if it had run up to there, where nothing is short`(
        minute: Int
    ) {
        let roomy = [worker("a", milliCpu: 1_000_000, memoryMb: 1_000_000)]
        func told(from minute: Int) -> [Told] {
            ends(of: SimulatedFleet(crowdedSource, on: roomy, cells: 1, from: minute))
                .filter { $0.execution.sequence.minute >= minute + 12 }.map(Told.init)
        }
        // What ended in the twelve minutes before may be what it is warm of.
        #expect(told(from: minute) == told(from: 0).filter { $0.minute >= minute + 12 })
    }

    @Test func `throttles what comes while no worker is up`() throws {
        let source = try smallReplay()
        var fleet = SimulatedFleet(source, on: [], cells: 1)
        let all = ends(of: &fleet)
        #expect(all.allSatisfy { $0.execution.outcome == .throttled && $0.worker == nil })
        #expect(all.count == executions(of: EventStream(source)).count)
    }
}

/// An execution as it was drawn: what a replay and a run of it have in common.
private struct Drawn: Hashable {
    let function: Int
    let startedAtMs: Int64
    let durationMicros: Int64
    let twin: Int
    let outcome: Outcome

    init(_ execution: Execution) {
        function = execution.function
        startedAtMs = execution.startedAtMs
        durationMicros = execution.durationMicros
        twin = execution.twin
        outcome = execution.outcome
    }
}

private struct Ended {
    let execution: Execution
    let profile: FunctionProfile
    let worker: String?
}

/// All that an event says.
private struct Told: Equatable {
    let minute: Int
    let text: String

    init(_ end: Ended) {
        minute = end.execution.sequence.minute
        let message = end.execution.invocation(of: end.profile, run: "r", worker: end.worker)
        text = String(decoding: message.encoded(), as: UTF8.self)
    }
}

private func worker(
    _ name: String, milliCpu: Double = 1_000, memoryMb: Double = 12_288
) -> WorkerReported {
    WorkerReported(worker: name, cell: 0, milliCpu: milliCpu, memoryMb: memoryMb, state: .ready)
}

private func assignment(
    of function: FunctionID, to worker: String, revision: Int
) -> Assignment {
    Assignment(
        function, cell: 0, tier: .burstable, placements: [.init(worker: worker, share: 1)],
        reason: "", decidedAtMs: 0, revision: revision)
}

/// Twelve functions over a quarter of an hour; 12 x 30 executions of half a second a minute are 3 at a time,
/// and use half of a core each: 1.5 of two cores, with bursts beyond.
private let crowdedSource: TraceReplay = {
    var random = SeededRandom(seed: 5)
    var invocations = "HashOwner,HashApp,HashFunction,Trigger"
    invocations += (480..<495).map { ",\($0)" }.joined() + "\n"
    var durations = String(smallDurations.prefix { $0 != "\n" }) + "\n"
    for number in 0..<12 {
        let trigger = ["http", "queue", "timer"][number % 3]
        let counts = (0..<15).map { _ in ",\(random.next() % 60)" }.joined()
        invocations += "o\(number / 2),a\(number),f\(number),\(trigger)\(counts)\n"
        durations +=
            "o\(number / 2),a\(number),f\(number),500,9,100,900,100,110,300,500,700,890,900\n"
    }
    do {
        let trace = try AzureTrace(
            invocations: [file("invocations.csv", invocations)],
            durations: [file("durations.csv", durations)], memory: [])
        return try TraceReplay(trace, seed: 1, workerMemoryMb: 12_288, deadlines: .drawn)
    } catch { preconditionFailure("the crowded trace: \(error)") }
}()

private let crowdedWorkers = [worker("a"), worker("b")]

private func crowded(from minute: Int = 0) -> SimulatedFleet {
    SimulatedFleet(crowdedSource, on: crowdedWorkers, cells: 1, from: minute)
}

private func ends(of fleet: SimulatedFleet, stepMs: Int64 = 60_000) -> [Ended] {
    var fleet = fleet
    return ends(of: &fleet, stepMs: stepMs)
}

private func ends(of fleet: inout SimulatedFleet, stepMs: Int64 = 60_000) -> [Ended] {
    var all: [Ended] = []
    var nowMs = fleet.startMs
    while !fleet.isOver {
        nowMs += stepMs
        for case .ended(let end, let worker) in fleet.advance(to: nowMs) {
            all.append(Ended(execution: end.execution, profile: end.profile, worker: worker))
        }
    }
    return all
}

private func executions(of stream: EventStream) -> [Execution] {
    var stream = stream
    var all: [Execution] = []
    while let event = stream.next() {
        if case .ended(let execution) = event { all.append(execution) }
    }
    return all
}
