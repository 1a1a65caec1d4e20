import Numerics
import Processing
import TestSupport
import Testing
import Topics

@testable import Allocation

@Suite struct `A cell without room for all` {
    @Test func `serves customers in turn, the one that has least first`() throws {
        // acme waits with six of 200, zeta with two: six places of 1,200. Turns alternate, so that
        // zeta has both; by name or size acme would have had all six.
        var cell = Allocated()
        for i in 0..<6 { try cell.take(of("acme", "f\(i)"), slot: mondaySlot, milliCpu: 200) }
        for i in 0..<2 { try cell.take(of("zeta", "f\(i)"), slot: mondaySlot, milliCpu: 200) }
        try cell.take(.worker(worker("w1", milliCpu: 1_200)))
        #expect(cell.placed("zeta").count == 2)
        #expect(cell.placed("acme").count == 4)
    }

    @Test func `counts weights`() throws {
        // Weights 3 and 1, four places: 3 and 1.
        var policy = Policy()
        policy.fairness.weights = ["zeta": 3]
        var cell = Allocated(policy)
        for i in 0..<4 {
            try cell.take(of("acme", "f\(i)"), slot: mondaySlot, milliCpu: 300)
            try cell.take(of("zeta", "f\(i)"), slot: mondaySlot, milliCpu: 300)
        }
        try cell.take(.worker(worker("w1", milliCpu: 1_200)))
        #expect(cell.placed("zeta").count == 3)
    }

    @Test func `compares claims by what they ask for only`() throws {
        // acme holds all CPU, which nobody else wants, and half of the memory's claims are its own.
        // By its share of CPU it would come after zeta for ever.
        var cell = Allocated()
        try cell.take(.worker(worker("w0", milliCpu: 1_200, memoryMb: 16)))
        try cell.take(of("acme", "cpu"), slot: mondaySlot, milliCpu: 1_200)
        for i in 0..<4 {
            try cell.take(of("acme", "m\(i)"), slot: mondaySlot, milliCpu: 0, memoryMb: 512)
            try cell.take(of("zeta", "m\(i)"), slot: mondaySlot, milliCpu: 0, memoryMb: 512)
        }
        try cell.take(.worker(worker("w1", milliCpu: 1, memoryMb: 2_048)))
        #expect(cell.placed("acme").count == 3)
        #expect(cell.placed("zeta").count == 2)
    }

    @Test func `draws the last places among equal claims, and says how`() throws {
        var cell = Allocated()
        for i in 0..<5 { try cell.take(of("c\(i)", "f"), slot: mondaySlot, milliCpu: 600) }
        try cell.take(.worker(worker("w1", milliCpu: 1_200)))
        let draws = cell.rows.compactMap { row -> Draw? in
            if case .fairness(.draw(let draw, atMs: _)) = row { draw } else { nil }
        }
        let draw = try #require(draws.first)
        #expect(draws.count == 1 && draw.places == 2 && draw.tickets.count == 5)
        #expect(draw.tickets.allSatisfy { $0.odds == 0.4 })
        let again = draw.lottery.draw(odds: Array(repeating: 0.4, count: 5))
        #expect(again == draw.tickets.map(\.won))
        for ticket in draw.tickets {
            let assignment = try #require(cell.assignments[ticket.function])
            #expect(assignment.placements.isEmpty == !ticket.won)
            #expect(assignment.reason.contains("lottery 1/0/\(mondaySlot)/burstable"))
        }
    }

    @Test func `has the rich give way to a newcomer, within the budget, until shares meet`() throws
    {
        // Ten of 120 fill the worker. A newcomer asks for 120 five times: of 1 an hour, all are in
        // after five hours, 600 against 600, and then nothing moves any more.
        var cell = Allocated()
        try cell.take(.worker(worker("w1", milliCpu: 1_200)))
        try cell.take(.prediction(best("rich")))
        let rich = (0..<10).map { of("rich", "f\($0)") }
        let new = (0..<7).map { of("new", "f\($0)") }
        for slot in mondaySlot..<mondaySlot + 12 * 9 {
            for id in rich { try cell.take(id, slot: slot, milliCpu: 120) }
            guard slot >= mondaySlot + 12 else { continue }
            for id in new { try cell.take(id, slot: slot, milliCpu: 120) }
        }
        #expect(cell.placed("new").count == 5)
        #expect(cell.placed("rich").count == 5)
        let gave = cell.decisions.filter { $0.reason.contains("gave way to") }
        #expect(gave.count == 5)
        let perHour = Dictionary(grouping: gave) { $0.decidedAtMs / 3_600_000 }
        #expect(perHour.values.allSatisfy { $0.count == 1 })
        let fairness = try #require(cell.fairness)
        #expect(fairness.jain > 0.99)
    }

    @Test func `takes nothing from who bought more than best effort`() throws {
        var cell = Allocated()
        try cell.take(.worker(worker("w1", milliCpu: 1_200)))
        for slot in mondaySlot..<mondaySlot + 60 {
            for i in 0..<10 { try cell.take(of("rich", "f\(i)"), slot: slot, milliCpu: 120) }
            try cell.take(of("new", "f"), slot: slot, milliCpu: 120)
        }
        #expect(cell.placed("new").isEmpty)
        let fairness = try #require(cell.fairness)
        // Of 1,200 placed the newcomer is entitled to its 120 and has none.
        #expect(fairness.worst == 0)
        #expect(fairness.envy == 1)
    }

    @Test(arguments: [0, 3, 40, 97, 150, 260])
    func `loses nothing in a restart`(cut: Int) throws {
        let laws = StageLaws(inputs: scarceFleet()) { AllocatorStage(cell: $0) }
        #expect(try laws.survivesRestart(at: cut, losing: 17))
    }

    private func best(_ customer: String) -> Prediction {
        var prediction = prediction("shop", tier: .bestEffort)
        prediction.customer = customer
        return prediction
    }

    /// Four customers on two workers too small for them, one of which drains for a while.
    private func scarceFleet() -> [any TopicMessage] {
        var random = SeededRandom(seed: 5)
        var inputs: [any TopicMessage] = [best("c0"), best("c1"), worker("w1")]
        for slot in 0..<Int64(30) {
            for i in 0..<10 where slot >= Int64(i) {
                let use = Double(Int(100 + random.uniform() * 300))
                inputs.append(
                    shape(of("c\(i % 4)", "f\(i)"), slot: mondaySlot + slot, milliCpu: use))
            }
            if slot == 5 { inputs.append(worker("w2")) }
            if slot == 15 { inputs.append(worker("w2", .draining)) }
            if slot == 20 { inputs.append(worker("w2")) }
        }
        return inputs
    }
}

private func of(_ customer: String, _ name: String) -> FunctionID {
    FunctionID(customer: customer, service: "shop", function: name)
}

extension Allocated {
    fileprivate func placed(_ customer: String) -> [FunctionID] {
        assignments.filter { !$0.value.placements.isEmpty }.map(\.key)
            .filter { $0.service.customer == customer }
    }

    fileprivate var fairness: CellFairnessRow? {
        for row in rows.reversed() { if case .fairness(.cell(let cell)) = row { return cell } }
        return nil
    }
}
