import Testing
import Topics

@testable import Workload

@Suite struct `A stream of events` {
    @Test(arguments: [UInt64(1), 2, 3])
    func `is the same for the same seed, and another for another`(seed: UInt64) throws {
        func day(_ seed: UInt64) -> [Sent] {
            sent(EventStream(generated(seed: seed)), limit: 2_000)
        }
        #expect(day(seed) == day(seed))
        #expect(day(seed) != day(seed + 1))
        #expect(
            sent(EventStream(try smallReplay(seed: seed)))
                == sent(EventStream(try smallReplay(seed: seed))))
    }

    @Test func `is ordered by the end of executions`() {
        var stream = EventStream(generated())
        var last: (end: Int64, sequence: Workload.Sequence)?
        var checked = 0
        while checked < 20_000, let event = stream.next() {
            guard case .ended(let execution) = event else { continue }
            checked += 1
            if let last {
                #expect(last.end <= execution.endMicros && last.sequence < execution.sequence)
            }
            last = (execution.endMicros, execution.sequence)
        }
    }

    @Test(arguments: [1, 41, 777, 1_200, 1_439, 1_441])
    func `goes on from any minute as if it had run up to there`(minute: Int) {
        // The rest of the day is long; a thousand events tell.
        let stream = EventStream(generated(seed: 3, functions: 16), from: minute)
        let expected = wholeDay.drop { $0.sequence.minute < minute }.prefix(1_000)
        #expect(sent(stream, limit: 1_000) == Array(expected))
    }

    @Test(arguments: 0...6)
    func `of a trace goes on from any minute, too`(minute: Int) throws {
        let whole = sent(EventStream(try smallReplay()))
        let part = sent(EventStream(try smallReplay(), from: minute))
        #expect(part == whole.filter { $0.sequence.minute >= minute })
    }

    @Test(arguments: [0, 700, 1_400])
    func `announces each service before its first invocation`(minute: Int) throws {
        var stream = EventStream(generated(functions: 100), from: minute)
        var announced: Set<ServiceID> = []
        var checked = 0
        while checked < 20_000, let event = stream.next() {
            switch event {
            case .announced(let service, _): announced.insert(service.serviceID)
            case .ended(let execution):
                checked += 1
                let service = stream.profile(of: execution).id.service
                try #require(announced.contains(service))
            }
        }
    }

    @Test func `says what the messages' own checks accept, and writes it as they do`() throws {
        let streams = [
            EventStream(generated(seed: 5, functions: 30)), EventStream(try smallReplay()),
        ]
        for var stream in streams {
            let writer = InvocationWriter(run: stream.run)
            var checked = 0
            while checked < 3_000, let event = stream.next() {
                switch event {
                case .announced(let service, _): try service.validate()
                case .ended(let execution):
                    let profile = stream.profile(of: execution)
                    let worker = checked % 2 == 0 ? "w0-\(checked)" : nil
                    let message = execution.invocation(
                        of: profile, run: stream.run, worker: worker)
                    try message.validate()
                    var bytes: [UInt8] = []
                    writer.write(execution, of: profile, worker: worker, to: &bytes)
                    try #require(bytes == message.encoded())
                    checked += 1
                }
            }
        }
    }

    @Test func `starts cold exactly after ten idle minutes`() {
        var warmUntil: [String: Double] = [:]
        let byStart = invocations(EventStream(generated())).sorted {
            ($0.startedAtMs, $0.invocation) < ($1.startedAtMs, $1.invocation)
        }
        for invocation in byStart {
            let path = invocation.functionID.path
            let start = Double(invocation.startedAtMs)
            // Twins start at the same millisecond; either may have been the first.
            if warmUntil[path] != start + invocation.durationMs, invocation.outcome != .throttled {
                let isCold = warmUntil[path].map { start > $0 } ?? true
                if isCold { #expect(invocation.initMs != nil) }
            }
            warmUntil[path] = max(
                warmUntil[path] ?? 0, start + invocation.durationMs + 600_000)
        }
        #expect(byStart.count { $0.initMs != nil } > 20)
    }
}
