import Numerics
import Testing
import Topics

@testable import Allocation

@Suite struct `A cell` {
    @Test func `pairs those who work by day with those who work by night`() throws {
        // A worker has 1,200. A pair in antiphase needs 1,000 + 100 = 1,100; two alike 2,000.
        var cell = Allocated()
        for i in 1...4 { try cell.take(.worker(worker("w\(i)"))) }
        let day = [function("day1"), function("day2")]
        let night = [function("night1", of: "reports"), function("night2", of: "reports")]
        for slot in mondaySlot..<mondaySlot + 3 * 288 {
            for id in day { try cell.take(id, slot: slot, milliCpu: officeHours(slot)) }
            for id in night { try cell.take(id, slot: slot, milliCpu: nightHours(slot)) }
        }
        let pairs = cell.members.values.filter { !$0.isEmpty }
        #expect(pairs.count == 2)
        for pair in pairs { #expect(Set(pair.map { $0.dropLast() }) == ["day", "night"]) }
        // Packing by peaks gives each of the four, 1,000 of 1,200, a worker of its own; the bound
        // is 2 x 1,000 + 2 x 100 = 2,200 at any time, over 1,200: 2.
        #expect(cell.cell?.workersSumOfPeaks == 4)
        #expect(cell.cell?.workersBound == 2)
        #expect(cell.cell?.workersUsed == 2)
        let reasons = cell.decisions.map(\.reason).filter { $0.contains("is high") }
        #expect(!reasons.isEmpty)
    }

    @Test func `names the function in antiphase when the learner found one`() throws {
        // By night 100 + 1,000. By day 1,000 + 103: one slot (1/12 h) of 1,000 weighs
        // w = (1/12) / (24 + 1/12) = 0.0035 against the 100 foretold. So 103 more than the 1,000.
        var cell = Allocated()
        try cell.take(.worker(worker("w1", milliCpu: 1_400)))
        let (day, night) = (function("day"), function("night", of: "reports"))
        try cell.take(
            .representation(
                Representation(
                    night, modelVersion: 1, vector: [], cluster: 0, predictability: 1, slots: 1,
                    nearest: [], opposite: [.init(day, score: 0.8)])))
        for slot in mondaySlot..<mondaySlot + 300 {
            try cell.take(day, slot: slot, milliCpu: officeHours(slot))
        }
        let hourly = (0..<24).map { nightHours(Int64($0) * 12) }
        try cell.take(.prediction(prediction("reports", hourly: hourly)))
        try cell.take(night, slot: mondaySlot + 300, milliCpu: 1_000)
        #expect(
            cell.assignments[night]?.reason
                == "worker w1: peak rises by 103 of 1400 mCPU, because acme/shop/day there is in "
                + "antiphase to it")
    }

    @Test func `has functions wait without workers, and places them when one comes`() throws {
        var cell = Allocated()
        try cell.take(function("f"), slot: mondaySlot, milliCpu: 300)
        #expect(cell.assignments[function("f")]?.placements == [])
        #expect(cell.assignments[function("f")]?.reason == "waits: cell 0 has no worker yet")
        try cell.take(.worker(worker("w1", .draining)))
        #expect(cell.workers(of: function("f")) == [])
        try cell.take(.worker(worker("w1")))
        #expect(cell.workers(of: function("f")) == ["w1"])
        #expect(cell.assignments[function("f")]?.revision == 2)
    }

    @Test func `says who has too little room, and tries again when a member shrinks`() throws {
        var cell = Allocated()
        try cell.take(.worker(worker("w1", milliCpu: 1_000)))
        let (small, big) = (function("small"), function("big"))
        try cell.take(small, slot: mondaySlot, milliCpu: 690)
        try cell.take(big, slot: mondaySlot, milliCpu: 900)
        #expect(
            cell.assignments[big]?.reason
                == "waits: needs 900 mCPU, the roomiest of 1 workers has 310")
        // The slot is corrected to 50: 50 + 900 fit at the next evaluation.
        try cell.take(
            .shape(shape(small, slot: mondaySlot, milliCpu: 50, correction: 1)))
        for slot in mondaySlot + 1...mondaySlot + 3 {
            try cell.take(small, slot: slot, milliCpu: 50)
            try cell.take(big, slot: slot, milliCpu: 900)
        }
        #expect(cell.workers(of: big) == ["w1"])
    }

    @Test func `empties a draining worker, those promised most first`() throws {
        var cell = Allocated()
        try cell.take(.prediction(prediction("gold", tier: .guaranteed)))
        try cell.take(.worker(worker("w1")))
        let gold = function("f", of: "gold")
        for i in 0..<3 { try cell.take(function("f\(i)"), slot: mondaySlot, milliCpu: 200) }
        try cell.take(gold, slot: mondaySlot, milliCpu: 300)
        #expect(cell.members["w1"]?.count == 4)
        let decided = cell.decisions.count
        // w2 takes 300 + 200 + 200 of 700; one stays on w1 until w3 comes.
        try cell.take(.worker(worker("w2", milliCpu: 700)))
        try cell.take(.worker(worker("w1", .draining)))
        #expect(cell.decisions[decided].functionID == gold)
        #expect(cell.members["w2"] == ["f", "f0", "f1"])
        #expect(cell.members["w1"] == ["f2"])
        try cell.take(.worker(worker("w3")))
        #expect(cell.members["w1"] == nil)
        #expect(cell.assignments.values.allSatisfy { !$0.placements.isEmpty })
    }

    @Test func `moves what a lost worker had, or has it wait`() throws {
        var cell = Allocated()
        try cell.take(.worker(worker("w1")))
        try cell.take(function("f"), slot: mondaySlot, milliCpu: 300)
        try cell.take(.workerGone("w1"))
        #expect(
            cell.assignments[function("f")]?.reason
                == "lost w1, which is gone: waits: cell 0 has no worker yet")
        try cell.take(.worker(worker("w2")))
        #expect(cell.workers(of: function("f")) == ["w2"])
    }

    @Test func `spreads a function bigger than a worker in even shares`() throws {
        // 3,000 over 1,200: three workers with 1,000 each.
        var cell = Allocated()
        for i in 1...4 { try cell.take(.worker(worker("w\(i)"))) }
        let big = function("big")
        try cell.take(big, slot: mondaySlot, milliCpu: 3_000)
        #expect(cell.workers(of: big) == ["w1", "w2", "w3"])
        let shares = cell.assignments[big]?.placements.map(\.share) ?? []
        let third = 1.0 / 3
        #expect(shares == [third, third, third])
        // One of them drains: its part alone moves.
        try cell.take(.worker(worker("w2", .draining)))
        #expect(cell.workers(of: big) == ["w1", "w4", "w3"])
    }

    @Test func `relieves a worker that is expected over its capacity too often`() throws {
        // 500 + 500 grow to 600 + 600 = 1,200, all that there is: they stay. At 601 + 601 one leaves.
        let (a, b) = (function("a"), function("b"))
        func run(_ grown: Double) throws -> Allocated {
            var cell = Allocated()
            try cell.take(.worker(worker("w1")))
            try cell.take(.worker(worker("w2")))
            for id in [a, b] { try cell.take(id, slot: mondaySlot, milliCpu: 500) }
            // Corrected before the first evaluation, so that there is no noise.
            for id in [a, b] {
                try cell.take(
                    .shape(shape(id, slot: mondaySlot, milliCpu: grown, correction: 1)))
            }
            for slot in mondaySlot + 1...mondaySlot + 3 {
                for id in [a, b] { try cell.take(id, slot: slot, milliCpu: grown) }
            }
            return cell
        }
        #expect(try run(600).members == ["w1": ["a", "b"]])
        let relieved = try run(601)
        #expect(relieved.members == ["w1": ["b"], "w2": ["a"]])
        #expect(
            relieved.assignments[a]?.reason
                == "moved from w1, expected over its CPU for 100.00 % of the time: worker w2, opened "
                + "for it: none of the 1 in use has room, needs 601 of 1200 mCPU")
    }

    @Test func `tells how often each tier had less CPU than it needed`() throws {
        // 500 + 500 of 1,200 in the first hour, then 601 + 601 in eight slots of the second, of which
        // the last is not closed yet when it is evaluated the last time.
        var cell = Allocated()
        try cell.take(.worker(worker("w1")))
        for slot in mondaySlot...mondaySlot + 21 {
            let use = slot < mondaySlot + 14 ? 500.0 : 601
            for name in ["a", "b"] { try cell.take(function(name), slot: slot, milliCpu: use) }
        }
        let rows = cell.rows.compactMap { row in
            if case .overload(let overload) = row { overload } else { nil }
        }
        let hours = Dictionary(rows.map { ($0.hourMs, $0) }) { $1 }
        let first = try #require(hours[mondaySlot * 300_000])
        #expect((first.tier, first.slots, first.over) == (.burstable, 12, 0))
        // Slots 12 to 20 of the day: from 14 on, seven, they were over.
        let second = try #require(hours[(mondaySlot + 12) * 300_000])
        #expect((second.slots, second.over) == (9, 7))
    }

    @Test func `moves no more an hour than its budget`() throws {
        // Thirty functions that double: every worker of five becomes overloaded. 1 % of 30 is less
        // than one, so one an hour.
        var cell = Allocated()
        for i in 0..<30 { try cell.take(.worker(worker("w\(i)"))) }
        for slot in mondaySlot..<mondaySlot + 72 {
            for i in 0..<30 {
                let use = slot < mondaySlot + 12 ? 230.0 : 460.0
                try cell.take(function("f\(i)"), slot: slot, milliCpu: use)
            }
        }
        let moves = cell.decisions.filter { $0.reason.hasPrefix("moved from") }
        let perHour = Dictionary(grouping: moves) { $0.decidedAtMs / 3_600_000 }
        #expect(moves.count >= 3)
        #expect(perHour.values.allSatisfy { $0.count == 1 })
    }

    @Test func `makes room for a guarantee without asking the budget`() throws {
        var cell = Allocated()
        for i in 1...3 { try cell.take(.worker(worker("w\(i)"))) }
        for i in 0..<3 { try cell.take(function("f\(i)"), slot: mondaySlot, milliCpu: 390) }
        #expect(cell.members["w1"]?.count == 3)
        try cell.take(.prediction(prediction(tier: .guaranteed)))
        for slot in mondaySlot + 1..<mondaySlot + 7 {
            for i in 0..<3 { try cell.take(function("f\(i)"), slot: slot, milliCpu: 640) }
        }
        // 640 + 640 is more than 1,200: each has a worker to itself at once.
        #expect(cell.members.values.map(\.count) == [1, 1, 1])
        #expect(cell.assignments.values.allSatisfy { $0.tier == .guaranteed })
    }

    @Test func `publishes nothing while nothing changes`() throws {
        var cell = Allocated()
        try cell.take(.worker(worker("w1")))
        for slot in mondaySlot..<mondaySlot + 60 {
            try cell.take(function("f"), slot: slot, milliCpu: 300)
        }
        #expect(cell.decisions.count == 1)
    }
}
