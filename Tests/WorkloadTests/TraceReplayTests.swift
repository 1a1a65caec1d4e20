import Testing
import Topics

@testable import Workload

@Suite struct `A replayed trace` {
    @Test(arguments: UInt64(0)..<20)
    func `runs every function as often as the trace counts`(seed: UInt64) throws {
        try checkTotals(try smallTrace(), seed: seed)
    }

    @Test func `keeps each invocation in its minute`() throws {
        var counts: [String: [Int]] = [:]
        for invocation in invocations(EventStream(try smallReplay())) {
            // 2019-07-15 08:00 UTC, where minute 480 begins.
            let minute = Int((invocation.startedAtMs - 1_563_177_600_000) / 60_000)
            counts[invocation.function, default: [0, 0, 0, 0]][minute] += 1
        }
        #expect(counts == ["f1": [1, 1, 1, 1], "f2": [0, 3, 0, 2], "g": [0, 0, 5, 0]])
    }

    @Test func `starts a timer at the same second of every minute`() throws {
        let starts = invocations(EventStream(try smallReplay())).filter { $0.function == "f1" }
            .map { $0.startedAtMs % 60_000 }
        #expect(Set(starts).count == 1)
    }

    @Test(arguments: UInt64(0)..<20)
    func `draws durations and memory within their percentiles`(seed: UInt64) throws {
        for invocation in invocations(EventStream(try smallReplay(seed: seed)))
        where invocation.outcome == .success {
            let duration = invocation.durationMs
            switch invocation.function {
            case "f1": #expect((10...1_000).contains(duration))
            case "f2": #expect((0.1...200_000).contains(duration))
            default: #expect(duration == 5)
            }
            let peak = invocation.memoryPeakMb ?? 0
            #expect(invocation.customer == "a" ? (80...130).contains(peak) : peak == 200)
            // 130 x 1.1 = 143 -> 192; 200 x 1.1 = 220 -> 256.
            #expect(invocation.memoryMb == (invocation.customer == "a" ? 192 : 256))
            #expect((invocation.cpuMs ?? 0) <= duration)
        }
    }

    @Test func `announces a service before its first invocation, and not what the trace knows`()
        throws
    {
        var stream = EventStream(try smallReplay())
        var seen: [String] = []
        while let event = stream.next() {
            switch event {
            case .announced(let service, _):
                seen.append("announced \(service.service)")
                #expect(service.expectedInvocationsPerDay == nil)
            case .ended(let execution):
                seen.append(stream.profile(of: execution).id.service.service)
            }
        }
        #expect(seen.firstIndex(of: "announced a1") == 0)
        let announced = try #require(seen.firstIndex(of: "announced b1"))
        let invoked = try #require(seen.firstIndex(of: "b1"))
        #expect(announced < invoked)
    }

    @Test func `refuses a function that no worker can hold`() throws {
        #expect(throws: OversizedFunction.self) {
            try TraceReplay(try smallTrace(), seed: 1, workerMemoryMb: 200)
        }
    }

    @Test(.enabled(if: hasAzureTrace, "needs ../shared/traces/azure2019_functions"))
    func `of the public sample runs every function as often as it counts`() throws {
        try checkTotals(try AzureTrace(folder: azureFolder), seed: 1)
    }

    private func checkTotals(_ trace: AzureTrace, seed: UInt64) throws {
        var stream = EventStream(try TraceReplay(trace, seed: seed, workerMemoryMb: 16_384))
        var counts: [String: Int] = [:]
        var last: (Int64, Workload.Sequence)?
        while let event = stream.next() {
            guard case .ended(let execution) = event else { continue }
            let id = stream.profile(of: execution).id
            counts["\(id.service.service)/\(id.function)", default: 0] += 1
            let next = (execution.endMicros, execution.sequence)
            if let last { #expect(last.0 <= next.0 && last.1 < next.1) }
            last = next
        }
        let expected = trace.totals.map { ("\($0.app)/\($0.function)", $0.count) }
        #expect(counts == Dictionary(uniqueKeysWithValues: expected))
    }
}

func invocations(_ stream: EventStream) -> [Invocation] {
    var stream = stream
    var all: [Invocation] = []
    while let event = stream.next() {
        guard case .ended(let execution) = event else { continue }
        all.append(execution.invocation(of: stream.profile(of: execution), run: stream.run))
    }
    return all
}
