import Numerics
import Testing
import Topics

@testable import Workload

@Suite struct `A shared CPU` {
    @Test func `lets one alone take the time that it takes`() {
        var cpu = ProcessorSharing(cores: 2, nowMicros: 1_000)
        cpu.run(1, demand(0.7), durationMicros: 12_345)
        #expect(cpu.nextEndMicros == 13_345)
        let ended = cpu.advance(to: 13_345)
        #expect(ended == [1])
        #expect(cpu.count == 0 && cpu.nextEndMicros == nil)
    }

    @Test func `takes two equal ones on one core twice as long`() {
        // Each demands a core and gets half of one: 10 ms take 20 ms.
        var cpu = ProcessorSharing(cores: 1, nowMicros: 0)
        cpu.run(1, demand(1), durationMicros: 10_000)
        cpu.run(2, demand(1), durationMicros: 10_000)
        #expect(run(&cpu) == [1: 20_000, 2: 20_000])
        #expect(cpu.demandedCoreMicros == 40_000 && cpu.grantedCoreMicros == 20_000)
    }

    @Test func `gives what one does not need to those who need more`() {
        // Max-min of one core among 0.2, 0.6 and 1: 0.2 each leaves 0.8 for two, 0.4 each. So they
        // get on at 1, 0.4 / 0.6 = 2/3 and 0.4. After 10 ms the first is done; the others have
        // 10 - 6 2/3 = 3 1/3 ms and 6 ms left and get half a core each, 5/6 and 1/2 of their speed.
        // The second is done 3 1/3 / (5/6) = 4 ms later; by then the last has 6 - 2 = 4 ms left,
        // which it does alone: 10 + 4 + 4 = 18 ms.
        var cpu = ProcessorSharing(cores: 1, nowMicros: 0)
        cpu.run(1, demand(0.2, of: 1), durationMicros: 10_000)
        cpu.run(2, demand(0.6, of: 2), durationMicros: 10_000)
        cpu.run(3, demand(1, of: 3), durationMicros: 10_000)
        #expect(run(&cpu) == [1: 10_000, 2: 14_000, 3: 18_000])
    }

    @Test func `slows nobody who is guaranteed for the sake of best effort`() {
        // Best effort gets the 0.2 left, a fifth of its demand, and is at 2 of 10 ms after 10 ms.
        var cpu = ProcessorSharing(cores: 1, nowMicros: 0)
        cpu.run(1, demand(1, .bestEffort, of: 1), durationMicros: 10_000)
        cpu.run(2, demand(0.8, .guaranteed, of: 2), durationMicros: 10_000)
        #expect(run(&cpu) == [2: 10_000, 1: 18_000])
    }

    @Test func `says how far one was that is taken out, and speeds up the others`() {
        var cpu = ProcessorSharing(cores: 1, nowMicros: 0)
        cpu.run(1, demand(1), durationMicros: 10_000)
        cpu.run(2, demand(1), durationMicros: 10_000)
        let ended = cpu.advance(to: 4_000)
        let done = cpu.remove(1)
        #expect(ended == [] && done == 2_000)
        #expect(run(&cpu) == [2: 12_000])
    }

    @Test(arguments: UInt64(0)..<20)
    func `does no work twice and leaves none, and is never idle while some is left`(
        seed: UInt64
    ) {
        let load = randomLoad(seed: seed)
        let cores = 1.5
        let (ends, cpu) = run(load, cores: cores)
        #expect(ends.count == load.count)
        let work = load.reduce(0) { $0 + $1.demand.cores * Double($1.durationMicros) }
        // An end is in the microsecond after it was reached; until the next event the others may
        // gain as much: one core-microsecond for each event at most.
        #expect(abs(cpu.grantedCoreMicros - work) <= Double(load.count) * cores)
        for one in load {
            #expect(ends[one.ticket, default: 0] >= one.atMicros + one.durationMicros)
        }
        #expect(cpu.grantedCoreMicros <= cpu.demandedCoreMicros + 1e-3)
    }

    @Test(arguments: UInt64(0)..<20)
    func `comes to the same in whatever order those come that come at once`(seed: UInt64) {
        var load = randomLoad(seed: seed, momentsApart: 5_000)
        let (ends, _) = run(load, cores: 2)
        var random = SeededRandom(seed: seed)
        load.shuffle(using: &random)
        load.sort { $0.atMicros < $1.atMicros }
        let (again, _) = run(load, cores: 2)
        #expect(again == ends)
    }

    @Test func `takes every execution of a core's load in time that rises with their number`() {
        // 40,000 executions of 50 functions.
        let load = randomLoad(seed: 1, count: 40_000, functions: 50)
        let clock = ContinuousClock()
        let took = clock.measure { #expect(run(load, cores: 8).ends.count == load.count) }
        // A million take seconds in release; debug builds and busy machines are slow.
        #expect(took < .seconds(30))
    }
}

private struct Load {
    let ticket: Int
    let atMicros: Int64
    let demand: ProcessorSharing.Demand
    let durationMicros: Int64
}

private func demand(
    _ cores: Double, _ tier: Tier = .burstable, of function: Int = 1
) -> ProcessorSharing.Demand {
    .init(rank: tier.rank, cores: cores, function: function)
}

private func randomLoad(
    seed: UInt64, count: Int = 300, functions: Int = 12, momentsApart: Int64 = 1
) -> [Load] {
    var random = SeededRandom(seed: seed)
    let demands = (0..<functions).map { function in
        ProcessorSharing.Demand(
            rank: function % 3, cores: 0.05 + 0.95 * random.uniform(), function: function)
    }
    return (1...count).map { ticket in
        Load(
            ticket: ticket,
            atMicros: Int64(random.uniform() * Double(count) * 4_000) / momentsApart * momentsApart,
            demand: demands[Int(random.next() % UInt64(functions))],
            durationMicros: Int64(random.uniform() * 20_000))
    }.sorted { ($0.atMicros, $0.ticket) < ($1.atMicros, $1.ticket) }
}

/// Lets everything come and end.
private func run(_ load: [Load], cores: Double) -> (ends: [Int: Int64], cpu: ProcessorSharing) {
    var cpu = ProcessorSharing(cores: cores, nowMicros: 0)
    var ends: [Int: Int64] = [:]
    for one in load {
        ends.merge(run(&cpu, until: one.atMicros)) { $1 }
        cpu.run(one.ticket, one.demand, durationMicros: one.durationMicros)
    }
    ends.merge(run(&cpu)) { $1 }
    return (ends, cpu)
}

/// Lets time pass.
///
/// - Returns: when each ticket ended.
private func run(_ cpu: inout ProcessorSharing, until micros: Int64 = .max) -> [Int: Int64] {
    var ends: [Int: Int64] = [:]
    while let next = cpu.nextEndMicros, next <= micros {
        for ticket in cpu.advance(to: next) { ends[ticket] = next }
    }
    if micros < .max {
        for ticket in cpu.advance(to: micros) { ends[ticket] = micros }
    }
    return ends
}
