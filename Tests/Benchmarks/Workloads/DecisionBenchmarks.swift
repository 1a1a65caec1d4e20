internal import Allocation
internal import Foundation
internal import Numerics
internal import Prediction
internal import Processing
internal import RepresentationLearning
internal import Topics

extension Benchmark {
    static let weekEncoding = Benchmark(
        "encode-week", "a function's week, 2,016 slots of demand, to its vector", unit: "weeks",
        smoke: 5, full: 2_000
    ) { size in
        var random = SeededRandom(seed: 3)
        let model = EncoderModel.prior
        let views = (0..<size).map { _ in
            let demand = week(&random)
            return DemandView(
                startSlot: firstSlot, milliCpu: demand, invocations: demand.map { $0.rounded(.up) })
        }
        return Prepared {
            {
                var digest = Digest()
                for view in views {
                    for value in model.encode(view) { digest.add(Double(value)) }
                }
                return Outcome(count: views.count, digest: digest)
            }
        }
    }

    static let training = Benchmark(
        "train-encoder", "a fit with its search of sizes, on weeks of some functions",
        unit: "functions", smoke: 24, full: Limits.trainingSamples
    ) { size in
        var random = SeededRandom(seed: 4)
        let views = (0..<size).map { _ in
            let demand = week(&random)
            return DemandView(
                startSlot: firstSlot, milliCpu: demand, invocations: demand.map { $0.rounded(.up) })
        }
        var budget = ModelBudget()
        if size < 100 { budget.kernels = [84] }
        return Prepared {
            {
                let fit = try Training.fit(
                    samples: views, groups: views.indices.map { "\($0 % 10)" }, budget: budget,
                    version: 1, seed: 1)
                var digest = Digest()
                for candidate in fit.candidates { digest.add(candidate.recallAtOne) }
                return Outcome(count: views.count, digest: digest)
            }
        }
    }

    static let neighbours = Benchmark(
        "neighbours", "a function's nearest, and those likely in antiphase, among 100,000",
        unit: "queries", smoke: 2, full: 512
    ) { size in
        var random = SeededRandom(seed: 5)
        let count = size < 100 ? 1_000 : 100_000
        var vectors = Matrix(rows: count, columns: EncoderModel.dimensions)
        for row in 0..<count {
            for column in 0..<EncoderModel.dimensions {
                vectors[row, column] = Float(random.uniform()) - 0.5
            }
        }
        let days = (0..<count).map { _ in
            (0..<NeighbourIndex.windowsPerDay).map { _ in Float(random.uniform()) }
        }
        let index = NeighbourIndex(vectors: vectors, windows: days)
        let queries = vectors.rows(at: Array(0..<size))
        return Prepared {
            {
                var digest = Digest()
                for (query, found) in index.nearest(to: queries, count: 5).enumerated() {
                    digest.add(Double(found[1].row))
                    let opposite = index.likelyOpposite(to: days[query], count: 128)
                    digest.add(Double(opposite[0]))
                }
                return Outcome(count: size, digest: digest)
            }
        }
    }

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

    /// Monday, 5 January 2026, 00:00 UTC.
    private static let firstSlot = 1_767_571_200_000 / FunctionShape.slotMs

    /// A daily wave of some height and phase, with noise.
    private static func week(_ random: inout SeededRandom) -> [Float] {
        let (height, phase) = (1_000 * random.uniform(), random.uniform())
        return (0..<DemandWeek.slots).map { slot in
            let wave = 1 + sin(2 * .pi * (Double(slot % 288) / 288 + phase))
            return Float(height * (0.1 + 0.4 * wave + 0.1 * random.uniform()))
        }
    }

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
