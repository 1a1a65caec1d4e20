internal import Postgres
internal import RepresentationLearning
internal import Runtime
internal import Settings
internal import Topics

/// Reads `shapes`, writes `representations` and, now and then, an encoder on `models`; or, told to
/// `roll-back`, puts an earlier encoder in force again.
@main struct Learner {
    private static let name = "learner"
    private static let rollBack = "roll-back"

    static let seed = Setting(
        "training.seed", default: 1, in: 0...Int(Int32.max),
        "the seed of every fit: the same functions and seed give the same encoder")
    static let encodeMicrosecondsMax = Setting(
        "model.encode_microseconds_max", default: 1_000, in: 50...1_000_000,
        "what a function's week may take to encode, on one core")
    static let bytesMax = Setting(
        "model.bytes_max", default: Limits.modelBytes, in: 10_000...Limits.modelBytes,
        "how large a model may be")
    static let gapMaxPercent = Setting(
        "model.gap_max_percent", default: 25, in: 0...100,
        "how many points fewer of its functions the customer or trigger served worst may have "
            + "recognised")
    static let functionsMax = Setting(
        "training.functions_max", default: Limits.trainingSamples,
        in: TrainingSchedule.functionsMin...Limits.trainingSamplesMax,
        "functions that a fit is on, drawn by their names' digests where there are more")
    static let version = Setting(
        "model.version", default: 0, in: 0...Int(Int32.max),
        "the release to go back to; 0: the one before the newest")

    static func main() {
        if CommandLine.arguments.dropFirst().first == rollBack { goBack() }
        let tables = LearnerTables()
        runStage(
            LearnerStage.self, named: name,
            summary: "learns functions' representations and who is in antiphase with whom "
                + "(\(name) \(rollBack) --help: an earlier model)",
            settings: [seed, functionsMax, encodeMicrosecondsMax, bytesMax, gapMaxPercent],
            migrations: [
                Migration(file: "0001-tables.sql", PackageResources._001_tables_sql),
                Migration(file: "0002-trainings.sql", PackageResources._002_trainings_sql),
                Migration(file: "0003-clusters.sql", PackageResources._003_clusters_sql),
            ],
            make: { _, partition in LearnerStage(partition: partition) },
            write: { rows, session in try tables.write(rows, to: &session) },
            housekeeping: { settings in
                EncoderTraining.housekeeping(
                    seed: UInt64(settings[seed]), budget: budget(settings),
                    functionsMax: settings[functionsMax])
            })
    }

    private static func budget(_ settings: Settings) -> ModelBudget {
        var budget = ModelBudget()
        budget.encodeMicrosecondsMax = Double(settings[encodeMicrosecondsMax])
        budget.bytesMax = settings[bytesMax]
        budget.gapMax = Double(settings[gapMaxPercent]) / 100
        return budget
    }

    private static func goBack() -> Never {
        runCommand(
            rollBack, of: name,
            summary: "puts an earlier encoder in force again, as a release of its own; "
                + "the next training is a day later",
            settings: [version]
        ) { settings, session in
            let asked = settings[version] > 0 ? settings[version] : nil
            guard let newest = try EncoderReleases.newest(in: &session),
                let old = try EncoderReleases.earlier(asked, in: &session)
            else { throw NoRelease(version: asked) }
            let partitions = try PartitionSummary.all(in: &session)
            return [
                try Trainer.rollBack(
                    to: old, version: newest.version + 1,
                    timeMs: TrainingSchedule.newestMs(partitions))
            ]
        }
    }

    private struct NoRelease: Error, CustomStringConvertible {
        let version: Int?

        var description: String {
            version.map { "release \($0) is not in the table of the last 30 days" }
                ?? "there is no earlier release in the table of the last 30 days"
        }
    }
}
