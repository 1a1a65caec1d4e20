import Numerics
import Testing
import Topics

@testable import Allocation

@Suite struct `Why a function is where it is` {
    @Test func `is told with what each worker would come to`() throws {
        // 500 on w1 of 1,200; 800 beside it would be 1,300, over the CPU in every slot: it has w2.
        var cell = Allocated()
        for i in 1...2 { try cell.take(.worker(worker("w\(i)"))) }
        try cell.take(function("small"), slot: mondaySlot, milliCpu: 500)
        try cell.take(function("big"), slot: mondaySlot, milliCpu: 800)
        let text = try #require(cell.stage.explanation(of: function("big"))).description
        #expect(text.hasPrefix("acme/shop/big, burstable, cell 0, as of 1970-01-05T00:05:00Z"))
        #expect(text.contains("is on w2"))
        #expect(
            text.contains(
                "  w2 (0 others), where it is: plan rises by 800 of 1200 mCPU; time over its CPU: "
                    + "burstable 0 % -> 0 % of 0.1 %; within the budgets"))
        #expect(
            text.contains(
                "  w1 (1 others): plan rises by 800 of 1200 mCPU; time over its CPU: burstable 0 % -> "
                    + "100 % of 0.1 %; beyond the budgets"))
        #expect(cell.stage.explanation(of: function("stranger")) == nil)
    }

    @Test func `is the same from what was kept`() throws {
        var cell = Allocated()
        for i in 1...3 { try cell.take(.worker(worker("w\(i)"))) }
        for slot in mondaySlot..<mondaySlot + 30 {
            for i in 0..<6 {
                try cell.take(function("f\(i)"), slot: slot, milliCpu: 300 + Double(slot % 7))
            }
        }
        var restored = AllocatorStage(cell: 0)
        for entry in cell.stage.takeChanges() { try restored.restore(entry) }
        try restored.completeRestore()
        for i in 0..<6 {
            let id = function("f\(i)")
            #expect(
                restored.explanation(of: id)?.description
                    == cell.stage.explanation(of: id)?.description)
        }
    }

    @Test func `is decided and told nobody in a dry run`() throws {
        var policy = Policy()
        policy.isDryRun = true
        var cell = Allocated(policy)
        try cell.take(.worker(worker("w1")))
        try cell.take(function("f"), slot: mondaySlot, milliCpu: 300)
        #expect(cell.decisions.isEmpty)
        let kept = cell.rows.contains { row in
            if case .assignment(let assignment) = row {
                assignment.placements.map(\.worker) == ["w1"]
            } else {
                false
            }
        }
        #expect(kept)
    }
}
