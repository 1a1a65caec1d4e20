internal import Numerics
internal import Processing
internal import RepresentationLearning
internal import Topics

extension Benchmark {
    static let weekEncoding = Benchmark(
        "encode-week",
        "a function's week, 2,016 slots of load and 168 hours of runs, to its vector",
        unit: "weeks", smoke: 5, full: 2_000
    ) { size in
        let fleet = WaveFunction.fleet(of: size, seed: 3)
        let model = try releasedModel()
        let views = fleet.map { $0.week(0) }
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
        "train-encoder", "a fit with its search of sizes, on a week of each function",
        unit: "functions", smoke: 24, full: Limits.trainingSamples
    ) { size in
        let samples = WaveFunction.fleet(of: size, seed: 4).map { $0.sample(weeks: 1) }
        return Prepared { { try fit(samples) } }
    }

    static let monthTraining = Benchmark(
        "train-month", "the same on four weeks of each function", unit: "functions", smoke: 24,
        full: Limits.trainingSamplesMax, isUnasked: false
    ) { size in
        let samples = WaveFunction.fleet(of: size, seed: 6).map { $0.sample(weeks: 4) }
        return Prepared { { try fit(samples) } }
    }

    private static func fit(_ samples: [TrainingSample]) throws -> Outcome {
        var budget = ModelBudget()
        if samples.count < 100 { budget.kernels = [84] }
        let fit = try Training.fit(samples: samples, budget: budget, version: 1, seed: 1)
        var digest = Digest()
        for candidate in fit.candidates { digest.add(candidate.recallAtOne) }
        return Outcome(count: samples.count, digest: digest)
    }

    static let embedding = Benchmark(
        "embed-fleet", "functions encoded anew after a release, with their neighbours",
        unit: "functions", smoke: 40, full: 10_000
    ) { size in
        let release = try release()
        let cells = (size + EmbeddedCell.functionsMax - 1) / EmbeddedCell.functionsMax
        let prepared = try (0..<cells).map { cell in
            let first = cell * EmbeddedCell.functionsMax
            return try EmbeddedCell(
                functions: first..<min(size, first + EmbeddedCell.functionsMax))
        }
        return Prepared {
            var stages = try prepared.map { try $0.restored() }
            return {
                var told: [Representation] = []
                for (index, cell) in prepared.enumerated() {
                    told += try cell.embed(&stages[index], by: release)
                }
                return outcome(of: told)
            }
        }
    }

    static let announcing = Benchmark(
        "announce-one", "a function with news, alone of a cell as full as it may be",
        unit: "functions", smoke: 2, full: 20
    ) { size in
        let count = size == 2 ? 40 : Limits.functionsPerPartition
        let cell = try EmbeddedCell(functions: 0..<count)
        let release = try release()
        return Prepared {
            var stage = try cell.restored()
            _ = try cell.embed(&stage, by: release)
            return {
                outcome(of: try (1...size).flatMap { try cell.goOn(&stage, hour: $0) })
            }
        }
    }

    private static func outcome(of told: [Representation]) -> Outcome {
        var digest = Digest()
        for one in told {
            digest.add(Double(one.vector[0]))
            for other in one.nearest + one.opposite { digest.add(other.score) }
        }
        return Outcome(count: told.count, digest: digest)
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

    /// Of the size that is released unless a fit finds a smaller one as good.
    private static func releasedModel() throws -> EncoderModel {
        let samples = WaveFunction.fleet(of: 40, seed: 9).map { $0.sample(weeks: 1) }
        return try Training.fit(samples: samples, version: 1, seed: 1).model
    }

    private static func release() throws -> ModelReleased {
        ModelReleased(
            name: LearnerStage.modelName, version: 1, metrics: [:], fittedFromMs: 0, fittedToMs: 0,
            seed: 1, parameters: try releasedModel().bytes)
    }
}
