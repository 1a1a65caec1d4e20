import Foundation
import Numerics
import Testing
import Topics

@testable import Allocation

@Suite struct `A ledger` {
    @Test func `counts a worker's peak after summing, not before`() {
        // Peaks 900 and 800 never meet: 900 + 100 = 1,000 and 200 + 800 = 1,000, not 1,700.
        var ledger = Ledger(Policy())
        ledger.insert(WorkerLoad(name: "w", milliCpu: 1_000, memoryMb: 1))
        ledger.reserve(flat([900, 200]), at: 0)
        ledger.reserve(flat([100, 800]), at: 0)
        #expect(ledger.workers[0].risk(Policy()).milliCpu == 1_000)
    }

    @Test func `leaves room for the noise of all members together`() {
        // Variances 900 and 1,600 sum to 2,500, whose root is 50; one of them over a peak of 300.
        var ledger = Ledger(Policy())
        ledger.insert(WorkerLoad(name: "w", milliCpu: 1_000, memoryMb: 1))
        ledger.reserve(flat([100, 100], variance: 900), at: 0)
        ledger.reserve(flat([200, 200], variance: 1_600), at: 0)
        #expect(ledger.workers[0].risk(Policy()).milliCpu == 300 + 50)
    }

    @Test func `prefers the worker whose plan rises least`() {
        // With a: max(500 + 100, 0 + 400) = 600, 100 more. With b: 500 + 400 = 900, 400 more.
        var ledger = two()
        ledger.reserve(flat([500, 0]), at: 0)
        ledger.reserve(flat([0, 500]), at: 1)
        #expect(ledger.place(flat([100, 400])) == .placed([choice(0, rise: 100, used: 2)]))
    }

    @Test func `opens no worker while one in use has room`() {
        // Both would rise by 100; b is empty.
        var ledger = two()
        ledger.reserve(flat([500, 500]), at: 0)
        #expect(ledger.place(flat([100, 100])) == .placed([choice(0, rise: 100, used: 1)]))
    }

    @Test func `fills the emptier of two that rise alike, then the first by name`() {
        var ledger = two()
        ledger.reserve(flat([500, 500]), at: 0)
        ledger.reserve(flat([300, 300]), at: 1)
        #expect(ledger.place(flat([100, 100])) == .placed([choice(1, rise: 100, used: 2)]))
        ledger = two()
        ledger.reserve(flat([300, 300]), at: 0)
        ledger.reserve(flat([300, 300]), at: 1)
        #expect(ledger.place(flat([100, 100])) == .placed([choice(0, rise: 100, used: 2)]))
    }

    @Test func `expects overload where the noise reaches beyond the capacity`() {
        // Slots of 900 and 1,000 on 1,000, with a noise of sqrt(10,000) = 100: one deviation
        // below and none. (Phi(-1) + Phi(0)) / 2 = (0.158655 + 0.5) / 2 = 0.329328.
        var ledger = two()
        ledger.reserve(flat([900, 1_000], variance: 10_000), at: 0)
        #expect(abs(ledger.workers[0].overload[1] - 0.329_328) < 0.001)
        // Without noise only what exceeds counts: one slot of two.
        ledger.reserve(flat([1_001, 1_000]), at: 1)
        #expect(ledger.workers[1].overload == [0, 0.5, 0])
    }

    @Test func `has a tier suffer only from its own and from those promised more`() {
        // 600 guaranteed, 300 burstable and 500 best effort on 1,000: only the last are short.
        var ledger = two()
        for (tier, load) in [(Tier.bestEffort, 500), (.guaranteed, 600), (.burstable, 300)] {
            ledger.reserve(flat([Int32(load)], tier: tier), at: 0)
        }
        #expect(ledger.workers[0].overload == [0, 0, 1])
        ledger.release(flat([600], tier: .guaranteed), at: 0)
        #expect(ledger.workers[0].overload == [0, 0, 0])
    }

    @Test func `lets one worker use what the others leave of the budget`() {
        // One slot of 1,000 over is a share of 0.001, the budget. Two are twice as much: admitted
        // beside another worker that uses none, for the two together use 0.001; refused alone.
        var load = Array(repeating: Int32(900), count: 1_000)
        load[7] = 950
        load[8] = 950
        var ledger = two()
        let part = flat(Array(repeating: 60, count: 1_000))
        ledger.reserve(flat(load), at: 0)
        #expect(!ledger.admits(part, at: 0))
        ledger.reserve(flat(Array(repeating: 100, count: 1_000)), at: 1)
        #expect(ledger.admits(part, at: 0))
        load[9] = 950
        ledger.release(flat(load), at: 0)
        #expect(!ledger.admits(flat(load.map { $0 + 60 }), at: 0))
    }

    @Test func `spreads what is bigger than a worker evenly`() {
        // 1,500 over workers of 1,000: two parts of 750.
        var ledger = two()
        guard case .placed(let choices) = ledger.place(flat([1_500, 1_500])) else {
            Issue.record("not placed")
            return
        }
        #expect(choices.map(\.worker) == [0, 1])
        #expect(ledger.workers.map { $0.risk(Policy()).milliCpu } == [750, 750])
    }

    @Test func `says what is short when nothing fits, and keeps nothing`() {
        var ledger = two()
        ledger.reserve(flat([800, 800]), at: 0)
        ledger.reserve(flat([690, 690]), at: 1)
        let before = ledger
        #expect(
            ledger.place(flat([400, 400]))
                == .waits(
                    Shortage(
                        need: Need(milliCpu: 400, memoryMb: 0),
                        roomiest: Need(milliCpu: 310, memoryMb: 1_000), ready: 2, known: 2)))
        // 2,500 would need three workers: the parts that fitted are taken back.
        _ = ledger.place(flat([2_500, 2_500]))
        #expect(ledger == before)
    }

    @Test func `never guarantees more than a worker has`() {
        // In antiphase the two peak at 1,000 together, but 600 + 600 is guaranteed.
        var ledger = two()
        _ = ledger.place(flat([900, 100], guaranteed: 600))
        _ = ledger.place(flat([100, 900], guaranteed: 600))
        #expect(ledger.workers.map(\.members) == [1, 1])
        _ = ledger.place(flat([50, 50], guaranteed: 0))
        #expect(ledger.workers.map(\.members) == [2, 1])
    }

    @Test(arguments: UInt64(0)..<20)
    func `keeps to its budget where demand repeats`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var ledger = Ledger(Policy())
        for i in 0..<12 {
            let name = "w\(10 + i)"
            ledger.insert(WorkerLoad(name: name, milliCpu: 4_000, memoryMb: 8_000))
        }
        var load = Array(repeating: Array(repeating: 0, count: 2_016), count: 12)
        for _ in 0..<30 {
            let cpu = randomWeek(&random, highest: 5_000)
            let memory = randomWeek(&random, highest: 3_000)
            let profile = Profile(
                cpu: Series(values: cpu, variance: Int(random.uniform() * 10_000)),
                memory: Series(values: memory, variance: 0))
            guard case .placed(let choices) = ledger.place(profile) else { continue }
            for choice in choices {
                for slot in 0..<2_016 {
                    load[choice.worker][slot] += Int(cpu[slot]) / choices.count
                }
            }
        }
        // A slot beyond the capacity is expected over with a chance of at least a half, so at most
        // twice the budget of 0.001 are.
        let over = load.joined().count { $0 > 4_000 }
        #expect(Double(over) <= 2 * 0.001 * Double(ledger.workersUsed * 2_016))
        #expect(ledger.workersUsed > 1)
        #expect(ledger.workers.allSatisfy { $0.risk(Policy()).memoryMb <= 8_000 })
    }

    @Test(arguments: UInt64(0)..<10)
    func `is what it was after a member came and went`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var ledger = Ledger(Policy())
        ledger.insert(WorkerLoad(name: "w", milliCpu: 9_000, memoryMb: 9_000))
        let weeks = (0..<3).map { _ in
            Profile(
                cpu: Series(values: randomWeek(&random, highest: 1_000), variance: 77),
                memory: Series(values: randomWeek(&random, highest: 1_000), variance: 5))
        }
        ledger.reserve(weeks[0], at: 0)
        ledger.reserve(weeks[1], at: 0)
        let before = ledger
        ledger.reserve(weeks[2], at: 0)
        ledger.release(weeks[2], at: 0)
        #expect(ledger == before)
    }

    @Test(arguments: UInt64(0)..<10)
    func `finds by blocks the worker that a scan of every slot finds`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let policy = Policy()
        var ledger = Ledger(policy)
        for i in 0..<9 {
            ledger.insert(WorkerLoad(name: "w\(i)", milliCpu: 3_000, memoryMb: 9_000))
            let cpu = randomWeek(&random, highest: 2_900)
            ledger.reserve(
                Profile(
                    cpu: Series(values: cpu, variance: Int(random.uniform() * 900)),
                    memory: Series(values: cpu, variance: 0)), at: i)
        }
        let cpu = randomWeek(&random, highest: 1_500)
        let part = Profile(
            cpu: Series(values: cpu, variance: 400), memory: Series(values: cpu, variance: 0))
        let best = ledger.workers.indices.min { a, b in
            let (x, y) = (growth(a, part, ledger), growth(b, part, ledger))
            return x != y ? x < y : a < b
        }
        #expect(ledger.candidates(for: part) { _ in true }.first == best)
    }

    /// exp((risk / capacity - 1) / 0.05), after and before, for both resources.
    private func growth(_ index: Int, _ part: Profile, _ ledger: Ledger) -> Double {
        let worker = ledger.workers[index]
        func potential(_ risk: Need) -> Double {
            exp((risk.milliCpu / 3_000 - 1) / 0.05) + exp((risk.memoryMb / 9_000 - 1) / 0.05)
        }
        return potential(worker.risk(with: part, ledger.policy))
            - potential(worker.risk(ledger.policy))
    }

    private func two() -> Ledger {
        var ledger = Ledger(Policy())
        ledger.insert(WorkerLoad(name: "a", milliCpu: 1_000, memoryMb: 1_000))
        ledger.insert(WorkerLoad(name: "b", milliCpu: 1_000, memoryMb: 1_000))
        return ledger
    }

    private func flat(
        _ cpu: [Int32], variance: Int = 0, guaranteed: Int = 0, tier: Tier = .burstable
    ) -> Profile {
        Profile(
            cpu: Series(values: cpu, variance: variance, guaranteed: guaranteed),
            memory: Series(values: cpu.map { _ in 0 }, variance: 0), tier: tier)
    }

    private func choice(_ worker: Int, rise: Double, used: Int) -> Choice {
        Choice(worker: worker, riseMilliCpu: rise, workersUsed: used, opened: false)
    }
}
