import Numerics
import Testing
import Topics

@testable import Allocation

@Suite struct `Progressive filling` {
    @Test func `gives what the paper's example gives`() {
        // NSDI'11, section 4.1: 9 CPUs and 18 GB, tasks of (1 CPU, 4 GB) and (3 CPU, 1 GB). A runs
        // three and B two: 3 x 4 / 18 = 2 x 3 / 9 = 2/3. Demands for 9 and 9 tasks.
        let filling = ProgressiveFilling(
            demands: [
                Claim(milliCpu: 9_000, memoryMb: 36_000),
                Claim(milliCpu: 27_000, memoryMb: 9_000),
            ], weights: [1, 1], capacity: Claim(milliCpu: 9_000, memoryMb: 18_000))
        #expect(abs(filling.granted[0] * 9 - 3) < 1e-9)
        #expect(abs(filling.granted[1] * 9 - 2) < 1e-9)
    }

    @Test func `lets a complementary demand rise on when another's resource is used up`() {
        // A and B want all the CPU, C all the memory: 1/2, 1/2, 1. Were C stopped with them, half
        // of the memory would be idle.
        let filling = ProgressiveFilling(
            demands: [
                Claim(milliCpu: 1_000, memoryMb: 0), Claim(milliCpu: 1_000, memoryMb: 0),
                Claim(milliCpu: 0, memoryMb: 1_000),
            ], weights: [1, 1, 1], capacity: Claim(milliCpu: 1_000, memoryMb: 1_000))
        #expect(zip(filling.granted, [0.5, 0.5, 1]).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    @Test(arguments: UInt64(0)..<40)
    func `wastes nothing, exceeds nothing, and favours nobody`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = 1 + Int(random.next() % 30)
        let demands = (0..<count).map { _ in
            Claim(
                milliCpu: Int(random.next() % 4) * Int(random.next() % 2_000),
                memoryMb: Int(random.next() % 3) * Int(random.next() % 2_000))
        }
        let weights = demands.map { _ in [0.5, 1, 1, 3][Int(random.next() % 4)] }
        let capacity = Claim(milliCpu: 9_000, memoryMb: 7_000)
        let granted = ProgressiveFilling(demands: demands, weights: weights, capacity: capacity)
            .granted
        let cpu = zip(granted, demands).reduce(0) { $0 + $1.0 * Double($1.1.milliCpu) }
        let memory = zip(granted, demands).reduce(0) { $0 + $1.0 * Double($1.1.memoryMb) }
        #expect(cpu <= 9_000 + 1e-6 && memory <= 7_000 + 1e-6)
        let full = (cpu: cpu > 9_000 - 1e-6, memory: memory > 7_000 - 1e-6)
        for i in demands.indices where granted[i] < 1 - 1e-9 {
            let demand = demands[i]
            // Pareto: whoever has less than all needs something of which nothing is left.
            #expect((full.cpu && demand.milliCpu > 0) || (full.memory && demand.memoryMb > 0))
            // Max-min: nobody who competes for it and has a larger share could give any.
            let share = granted[i] * demand.dominantShare(of: capacity, weight: weights[i])
            for j in demands.indices where granted[j] > 0 {
                let other = granted[j] * demands[j].dominantShare(of: capacity, weight: weights[j])
                let competes =
                    (full.cpu && demand.milliCpu > 0 && demands[j].milliCpu > 0)
                    || (full.memory && demand.memoryMb > 0 && demands[j].memoryMb > 0)
                let gives =
                    (!full.cpu || demand.milliCpu == 0 || demands[j].milliCpu > 0)
                    && (!full.memory || demand.memoryMb == 0 || demands[j].memoryMb > 0)
                #expect(!competes || !gives || other <= share + 1e-9)
            }
        }
    }
}

@Suite struct `Dependent rounding` {
    @Test func `keeps every marginal and the sum, and correlates negatively`() {
        // 0.9 + 0.5 + 0.5 + 0.3 + 0.3 + 0.5 = 3.
        let parts = [0.9, 0.5, 0.5, 0.3, 0.3, 0.5]
        let draws = 40_000
        var wins = Array(repeating: 0, count: parts.count)
        var both = 0
        var random = SeededRandom(seed: 11)
        for _ in 0..<draws {
            let won = DependentRounding.rounded(parts, using: &random)
            #expect(won.count { $0 } == 3)
            for i in won.indices where won[i] { wins[i] += 1 }
            if won[3], won[4] { both += 1 }
        }
        for (part, wins) in zip(parts, wins) {
            // Four standard errors: of six figures one is beyond in 1 of 2,600 tries.
            let error = (part * (1 - part) / Double(draws)).squareRoot()
            #expect(abs(Double(wins) / Double(draws) - part) < 4 * error)
        }
        // Independent: 0.3 x 0.3.
        #expect(Double(both) / Double(draws) < 0.09)
    }

    @Test func `leaves what is whole as it is, and a last fraction to chance`() {
        var random = SeededRandom(seed: 1)
        var ones = 0
        for _ in 0..<1_000 {
            let won = DependentRounding.rounded([1, 0, 0.25, 1], using: &random)
            #expect([won[0], won[1], won[3]] == [true, false, true])
            if won[2] { ones += 1 }
        }
        // 0.25 +- 3 x sqrt(0.25 x 0.75 / 1000) = 0.041.
        #expect(abs(Double(ones) / 1_000 - 0.25) < 0.041)
        #expect(DependentRounding.rounded([], using: &random) == [])
    }
}

@Suite struct `A lottery` {
    @Test func `gives odds by weight, and no more than one place`() {
        // 10 of 12 would be 2.5 places of 3; so one, and the other two share two.
        #expect(Lottery.odds(weights: [10, 1, 1], places: 3) == [1, 1, 1])
        #expect(Lottery.odds(weights: [10, 1, 1], places: 2) == [1, 0.5, 0.5])
        #expect(Lottery.odds(weights: [1, 1, 2], places: 1) == [0.25, 0.25, 0.5])
        #expect(Lottery.odds(weights: [1, 1], places: 0) == [0, 0])
    }

    @Test func `can be done again by whoever knows its seed, in any order of names`() {
        let lottery = Lottery(seed: 7, cell: 3, slot: 100, tier: .burstable)
        let claimants = (0..<9).map { (id: function("f\($0)"), weight: 1.0) }
        let draw = Draw(lottery, places: 4, among: claimants)
        #expect(draw == Draw(lottery, places: 4, among: claimants.reversed()))
        #expect(draw.tickets.count { $0.won } == 4)
        #expect(lottery.name == "7/3/100/burstable")
        let next = Lottery(seed: 7, cell: 3, slot: 103, tier: .burstable)
        #expect(Draw(next, places: 4, among: claimants).tickets != draw.tickets)
    }
}

@Suite struct `A fairness report` {
    @Test func `knows Jain's index`() {
        #expect(jainIndex([1, 1, 1, 1]) == 1)
        #expect(jainIndex([1, 0, 0, 0]) == 0.25)
        // (1 + 3)^2 / (2 x 10)
        #expect(jainIndex([1, 3]) == 0.8)
        #expect(jainIndex([]) == 1)
    }

    @Test func `sees who has too little, and whom it envies`() {
        // 900 of 1,000 mCPU and 100; both ask for 1,000. Fair is 500 each: 1.8 and 0.2. Jain:
        // 2^2 / (2 x (1.8^2 + 0.2^2)) = 4 / 6.56. With the other's part: 0.9 - 0.1 = 0.8 more.
        var rich = Holding(customer: "rich", weight: 1)
        rich.add(Claim(milliCpu: 900, memoryMb: 10), waits: false)
        rich.add(Claim(milliCpu: 100, memoryMb: 10), waits: true)
        var poor = Holding(customer: "poor", weight: 1)
        poor.add(Claim(milliCpu: 100, memoryMb: 10), waits: false)
        poor.add(Claim(milliCpu: 900, memoryMb: 0), waits: true)
        let report = FairnessReport(
            [rich, poor], capacity: Claim(milliCpu: 1_000, memoryMb: 1_000))
        #expect(abs(report.standings[0].toFairShare - 1.8) < 1e-9)
        #expect(abs(report.worst - 0.2) < 1e-9)
        #expect(abs(report.jain - 4 / 6.56) < 1e-9)
        #expect(report.standings[0].envy == 0)
        #expect(abs(report.envy - 0.8) < 1e-9)
    }

    @Test(arguments: UInt64(0)..<20)
    func `finds as much envy as asking everybody about everybody`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let holdings = (0..<12).map { i in
            var holding = Holding(customer: "c\(i)", weight: [0.5, 1, 2][Int(random.next() % 3)])
            for waits in [false, true] {
                holding.add(
                    Claim(
                        milliCpu: Int(random.next() % 50), memoryMb: Int(random.next() % 50)),
                    waits: waits)
            }
            return holding
        }
        let report = FairnessReport(holdings, capacity: Claim(milliCpu: 300, memoryMb: 300))
        func met(_ own: Holding, _ other: Holding) -> Double {
            let asked = own.placed + own.waiting
            let scale = own.weight / other.weight
            return min(
                1,
                asked.milliCpu > 0
                    ? Double(other.placed.milliCpu) * scale / Double(asked.milliCpu) : 1,
                asked.memoryMb > 0
                    ? Double(other.placed.memoryMb) * scale / Double(asked.memoryMb) : 1)
        }
        for (holding, standing) in zip(holdings, report.standings) {
            let best = holdings.map { met(holding, $0) }.max() ?? 0
            #expect(abs(standing.envy - max(0, best - met(holding, holding))) < 1e-9)
        }
    }
}
