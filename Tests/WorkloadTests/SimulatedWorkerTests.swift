import Testing
import Topics

@testable import Workload

@Suite struct `A simulated worker` {
    @Test func `has those wait for whom no memory is left, and counts it into their time`() throws {
        // Two of `g`, allotted 256 MB, 5 ms each, on 300 MB: one behind the other.
        let source = try smallReplay()
        let profile = source.profile(2)
        var worker = SimulatedWorker(
            milliCpu: 4_000, memoryMb: profile.memoryMb + 44, nowMicros: 0)
        var ended: [SimulatedEnd] = []
        for twin in 0..<2 {
            worker.take(
                SimulatedArrival(
                    execution: Execution(
                        function: 2, startedAtMs: 0, durationMicros: 5_000, cpuMicros: 1_000,
                        memoryPeakMilliMb: nil, initMicros: nil, outcome: .success, twin: twin),
                    profile: profile, tier: .burstable))
        }
        while let next = worker.nextMicros, worker.count > 0 {
            worker.advance(to: next, &ended)
        }
        #expect(ended.map(\.execution.durationMicros) == [5_000, 10_000])
        #expect(ended.map(\.execution.cpuMicros) == [1_000, 1_000])
        #expect(ended.allSatisfy { !$0.missesByContention })
    }
}
