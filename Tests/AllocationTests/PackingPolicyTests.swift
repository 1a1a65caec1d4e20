import Testing
import Topics

@testable import Allocation

@Suite struct `Packing by the sum of peaks` {
    @Test func `gives a worker each to two that antiphase puts on one`() throws {
        // A worker has 1,200. Together they need 1,000 + 100 = 1,100 at any time, and their peaks
        // sum to 2,000.
        func workersUsed(_ kind: Policy.Kind) throws -> Int? {
            var policy = Policy()
            policy.kind = kind
            var cell = Allocated(policy)
            for i in 1...3 { try cell.take(.worker(worker("w\(i)"))) }
            for slot in mondaySlot..<mondaySlot + 3 * 288 {
                try cell.take(function("day"), slot: slot, milliCpu: officeHours(slot))
                try cell.take(function("night"), slot: slot, milliCpu: nightHours(slot))
            }
            return cell.cell?.workersUsed
        }
        #expect(try workersUsed(.antiphase) == 1)
        #expect(try workersUsed(.sumOfPeaks) == 2)
    }

    @Test func `takes a load at its peak all the time, without noise`() {
        let wave = Series(values: [10, 40, 20], variance: 9, guaranteed: 30)
        let profile = Profile(cpu: wave, memory: wave).atPeak
        #expect(profile.cpu == Series(values: [40, 40, 40], variance: 0, guaranteed: 30))
        #expect(profile.memory == profile.cpu)
    }
}
