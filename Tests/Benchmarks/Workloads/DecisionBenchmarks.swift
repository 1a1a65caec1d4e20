internal import Allocation
internal import Numerics
internal import Prediction
internal import Processing
internal import Topics

extension Benchmark {
    static let prediction = Benchmark(
        "predict", "a new service's prediction, among 400 services with a day of shapes",
        unit: "predictions", smoke: 20, full: 2_000
    ) { size in
        Prepared {
            var stage = PredictorStage(partition: 0)
            try teach(&stage, services: min(400, 4 * size))
            return {
                var effects = Effects<PredictorRow>()
                for number in 0..<size {
                    try stage.process(.announced(announced(number)), nowMs: 0, &effects)
                }
                var digest = Digest()
                var count = 0
                for case let prediction as Topics.Prediction in effects.messages {
                    digest.add(prediction.success.rate.expected)
                    digest.add(prediction.invocationsPerHour.expected.reduce(0, +))
                    count += 1
                }
                return Outcome(count: count, digest: digest)
            }
        }
    }

    static let allocation = Benchmark(
        "allocate", "a new function's worker, among 1,000 workers with 2,000 functions",
        unit: "decisions", smoke: 10, full: 2_000
    ) { size in
        Prepared {
            var stage = AllocatorStage(cell: 0)
            var random = SeededRandom(seed: 5)
            var setup = Effects<AllocatorRow>()
            for number in 0..<1_000 {
                let worker = WorkerReported(
                    worker: "w\(number)", cell: 0, milliCpu: 8_000, memoryMb: 32_768, state: .ready)
                try stage.process(.worker(worker), nowMs: 0, &setup)
            }
            for number in 0..<min(2_000, 10 * size) {
                try stage.process(
                    .shape(demand(of: "f\(number)", &random)), nowMs: 0, &setup)
            }
            let arrivals = (0..<size).map { demand(of: "new\($0)", &random) }
            return {
                var effects = Effects<AllocatorRow>()
                for shape in arrivals { try stage.process(.shape(shape), nowMs: 0, &effects) }
                var digest = Digest()
                var count = 0
                for case let assignment as Assignment in effects.messages {
                    for placement in assignment.placements {
                        digest.add(Array(placement.worker.utf8))
                    }
                    count += 1
                }
                return Outcome(count: count, digest: digest)
            }
        }
    }

    private static let firstSlot = WaveFunction.firstSlot

    private static func demand(
        of function: String, _ random: inout SeededRandom
    ) -> FunctionShape {
        FunctionShape(
            customer: "acme", service: "s", function: function,
            slotStartMs: firstSlot * FunctionShape.slotMs,
            cpuMs: random.uniform() * 300_000, gbSeconds: random.uniform() * 150)
    }

    private static func announced(_ number: Int) -> ServiceAnnounced {
        ServiceAnnounced(
            customer: "c\(number % 50)", service: "new\(number)", trigger: "http",
            runtime: "swift", memoryMb: 256, deadlineMs: 1_000,
            expectedInvocationsPerDay: Double(1 + number % 10_000), tier: .burstable)
    }

    private static func teach(_ stage: inout PredictorStage, services: Int) throws {
        var random = SeededRandom(seed: 4)
        var effects = Effects<PredictorRow>()
        for slot in Int64(0)..<24 {
            for service in 0..<services {
                var counts = OutcomeCounts()
                let total = 1 + Int(random.next() % 20)
                let failures = Int(random.next() % UInt64(1 + total / 4))
                counts.add(.success, total - failures)
                counts.add(.error, failures)
                // An hour apart.
                let startMs = (firstSlot + 12 * slot) * FunctionShape.slotMs
                let shape = FunctionShape(
                    customer: "c\(service % 50)", service: "s\(service)", function: "main",
                    slotStartMs: startMs, counts: counts, perMinute: [total, 0, 0, 0, 0],
                    cpuMs: Double(20 * total), memoryMb: 256, trigger: "http", deadlineMs: 1_000)
                try stage.process(.shape(shape), nowMs: 0, &effects)
            }
        }
    }
}
