import Testing
import Topics

@testable import Workload

@Suite struct `A plan of workers` {
    @Test func `gives each cell room for its functions' peaks`() {
        let demands = generated(functions: 400).peakDemands
        let workers = WorkerPlan().workers(for: demands, cells: 8, seed: 1)
        for cell in Int32(0)..<8 {
            let own = demands.filter { partition(ofKey: $0.service.path, among: 8) == cell }
            let there = workers.filter { $0.cell == cell }
            #expect(there.count >= 4)
            #expect(Double(there.count) * 2_000 >= own.reduce(0) { $0 + $1.milliCpu })
            #expect(Double(there.count) * 12_288 >= own.reduce(0) { $0 + $1.memoryMb })
        }
        #expect(Set(workers.map(\.key)).count == workers.count)
    }

    @Test func `says the same for the same seed, and what the message accepts`() throws {
        let plan = WorkerPlan()
        let workers = plan.workers(for: [], cells: 16, seed: 2)
        #expect(workers == plan.workers(for: [], cells: 16, seed: 2))
        #expect(workers.count == 64)
        for worker in workers {
            try worker.validate()
            #expect((worker.wattsIdle ?? 0) < (worker.wattsPeak ?? 0))
        }
    }

    @Test func `keeps to the number asked for`() {
        var plan = WorkerPlan()
        plan.perCell = 7
        #expect(plan.workers(for: [], cells: 3, seed: 1).count == 21)
    }
}

@Suite struct `Placed executions` {
    @Test func `spread over workers by share`() throws {
        var stream = EventStream(generated(functions: 30))
        var placements = Placements()
        var counts: [String: Int] = [:]
        while counts.values.reduce(0, +) < 10_000, let event = stream.next() {
            guard case .ended(let execution) = event else { continue }
            let profile = stream.profile(of: execution)
            placements.assign(assignment(of: profile.id), epoch: 1)
            counts[try #require(placements.worker(of: execution, profile)), default: 0] += 1
        }
        // A quarter of 10,000 is 2,500; three standard deviations are 3 sqrt(1,875) = 130.
        #expect(abs(counts["a", default: 0] - 2_500) < 130)
        #expect(Set(counts.keys) == ["a", "b"])
    }

    @Test func `follow the newest assignment of the newest allocator`() throws {
        var stream = EventStream(generated())
        var found: Execution?
        while found == nil, let event = stream.next() {
            if case .ended(let execution) = event { found = execution }
        }
        let execution = try #require(found)
        let profile = stream.profile(of: execution)
        var placements = Placements()
        func place(_ worker: String?, revision: Int, epoch: Int64) -> String? {
            var next = assignment(of: profile.id)
            next.placements = worker.map { [.init(worker: $0, share: 1)] } ?? []
            next.revision = revision
            placements.assign(next, epoch: epoch)
            return placements.worker(of: execution, profile)
        }
        #expect(place("first", revision: 3, epoch: 2) == "first")
        #expect(place("frozen", revision: 9, epoch: 1) == "first")
        #expect(place("older", revision: 2, epoch: 2) == "first")
        #expect(place("restarted", revision: 1, epoch: 3) == "restarted")
        #expect(place(nil, revision: 2, epoch: 3) == nil)
    }

    private func assignment(of function: FunctionID) -> Assignment {
        Assignment(
            function, cell: 0, tier: .burstable,
            placements: [.init(worker: "a", share: 0.25), .init(worker: "b", share: 0.75)],
            reason: "", decidedAtMs: 0, revision: 1)
    }
}

@Suite struct `A pace` {
    @Test func `divides the fleet's time by its speed`() {
        var pace = Pace(speed: 60)
        #expect(pace.waitMs(until: 1_000_000, wallMs: 500) == 0)
        // A minute of the fleet is a second.
        #expect(pace.waitMs(until: 1_060_000, wallMs: 700) == 800)
        #expect(pace.waitMs(until: 1_060_000, wallMs: 1_900) == -400)
    }

    @Test func `never waits when there is none`() {
        var pace = Pace(speed: nil)
        #expect(pace.waitMs(until: 0, wallMs: 0) == 0)
        #expect(pace.waitMs(until: 1_000_000, wallMs: 0) == 0)
    }
}
