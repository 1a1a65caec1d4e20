internal import Postgres
internal import Processing
internal import RepresentationLearning
internal import Runtime
internal import Topics

/// Fits the encoder on the state of all partitions now and then, and releases it on `models`.
enum EncoderTraining {
    /// How often it is asked whether it is time.
    static let everyMs: Int64 = 10_000

    static func housekeeping(seed: UInt64) -> Housekeeping {
        // What was published is in the tables only with the next checkpoint of partition 0.
        var published: ModelReleased?
        return Housekeeping(everyMs: everyMs) { session in
            let partitions = try session.execute("select value from state where key = 'partition'")
                .map { try PartitionSummary(bytes: $0[0]) }
            let stored = try newestRelease(in: &session)
            let last = [stored, published].compactMap { $0 }.max { $0.version < $1.version }
            guard TrainingSchedule.reason(after: last.map(Trainer.summary), partitions) != nil
            else { return [] }
            let trainer = try sample(in: &session)
            // The tables forget after a month; the partitions know what is in force.
            let version = max(last?.version ?? 0, partitions.map(\.modelVersion).max() ?? 0) + 1
            let release = try trainer.release(
                previous: last.map { try EncoderModel(bytes: Array($0.parameters)) },
                version: version, knownFunctions: TrainingSchedule.knownFunctions(partitions),
                seed: seed)
            guard let release else { return [] }
            published = release
            return [release]
        }
    }

    /// Days of functions drawn by the digest of their name: the same ones for the same fleet.
    private static func sample(in session: inout Session) throws -> Trainer {
        let entries = try session.execute(
            """
            with drawn as (
                select partition, substr(key, length('function/') + 1) as path
                from state where key like 'function/%'
                order by md5(key), partition limit $1)
            select s.key, s.value
            from drawn d, generate_series(0, 6) place, state s
            where s.partition = d.partition and s.key = 'day/' || d.path || '/' || place
            order by s.key
            """, .int(Limits.trainingSamples))
        var trainer = Trainer()
        for row in entries { try trainer.add(StateEntry(key: row[0], value: row[1] as [UInt8])) }
        return trainer
    }

    private static func newestRelease(in session: inout Session) throws -> ModelReleased? {
        let rows = try session.execute(
            """
            select version, (metrics ->> 'known_functions')::float8 as known_functions,
                seed, fitted_from, fitted_to, parameters
            from models where name = $1 order by version desc, released_at desc limit 1
            """, .text(LearnerStage.modelName))
        guard let row = rows.first else { return nil }
        let knownFunctions: Double? = row["known_functions"]
        return ModelReleased(
            name: LearnerStage.modelName, version: row["version"],
            metrics: ["known_functions": knownFunctions ?? 0], fittedFromMs: row["fitted_from"],
            fittedToMs: row["fitted_to"], seed: UInt64(bitPattern: row["seed"] as Int64),
            parameters: row["parameters"])
    }
}
