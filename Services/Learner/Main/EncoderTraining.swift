internal import Postgres
internal import Processing
internal import RepresentationLearning
internal import Runtime
internal import Topics

/// Fits the encoder on the state of all partitions now and then, and releases it on `models` where it
/// is not worse than the one in force.
enum EncoderTraining {
    /// How often it is asked whether it is time.
    static let everyMs: Int64 = 10_000

    static func housekeeping(
        seed: UInt64, budget: ModelBudget, functionsMax: Int
    ) -> Housekeeping {
        // What was published is in the tables only with the next checkpoint of partition 0; and what
        // was not good enough is not tried again before the schedule would try it.
        var published: ModelReleased?
        var refused: TrainingSchedule.Release?
        return Housekeeping(everyMs: everyMs) { session in
            let partitions = try PartitionSummary.all(in: &session)
            let stored = try EncoderReleases.newest(in: &session)
            let last = [stored, published].compactMap { $0 }.max { $0.version < $1.version }
            // One of a make that is no more encodes nothing: the next fit is due at once.
            let inForce = last.flatMap {
                EncoderModel.isOutdated(Array($0.parameters.prefix(1))) ? nil : $0
            }
            let since = [inForce.map(Trainer.summary), refused].compactMap { $0 }
                .max { $0.fittedToMs < $1.fittedToMs }
            guard let reason = TrainingSchedule.reason(after: since, partitions) else { return [] }
            let trainer = try sample(of: functionsMax, in: &session)
            // The tables forget after a month; the partitions know what is in force.
            let version = max(last?.version ?? 0, partitions.map(\.modelVersion).max() ?? 0) + 1
            let trained = try trainer.train(
                previous: try inForce.map { try EncoderModel(bytes: Array($0.parameters)) },
                budget: budget, version: version,
                knownFunctions: TrainingSchedule.knownFunctions(partitions),
                seed: seed)
            guard let trained else { return [] }
            try EncoderReleases.keep(trained, because: reason, in: &session)
            guard trained.isReleased else {
                let tried = Trainer.summary(of: trained.release)
                refused = TrainingSchedule.Release(
                    version: last?.version ?? 0, functions: tried.functions,
                    fittedToMs: tried.fittedToMs, distance: since?.distance)
                return []
            }
            published = trained.release
            return [trained.release]
        }
    }

    /// Heads and days of functions drawn by the digest of their name: the same ones for the same fleet.
    private static func sample(of count: Int, in session: inout Session) throws -> Trainer {
        let entries = try session.execute(
            """
            with drawn as (
                select partition, substr(key, length('function/') + 1) as path
                from state where key like 'function/%'
                order by md5(key), partition limit $1)
            select s.key, s.value
            from drawn d
            cross join lateral (
                select 'function/' || d.path as key
                union all
                select 'day/' || d.path || '/' || place from generate_series(0, 6) place) k
            join state s on s.partition = d.partition and s.key = k.key
            order by s.key
            """, .int(count))
        var trainer = Trainer(functionsMax: count)
        for row in entries { try trainer.add(StateEntry(key: row[0], value: row[1] as [UInt8])) }
        return trainer
    }
}

extension PartitionSummary {
    /// Of the partitions that have state.
    static func all(in session: inout Session) throws -> [PartitionSummary] {
        try session.execute("select value from state where key = 'partition'")
            .map { try PartitionSummary(bytes: $0[0]) }
    }
}
