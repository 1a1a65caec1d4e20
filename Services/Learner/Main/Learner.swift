internal import Postgres
internal import RepresentationLearning
internal import Runtime
internal import Settings

/// Reads `shapes`, writes `representations` and, now and then, an encoder on `models`.
@main struct Learner {
    static let seed = Setting(
        "training.seed", default: 1, in: 0...Int(Int32.max),
        "the seed of every fit: the same functions and seed give the same encoder")

    static func main() {
        let tables = LearnerTables()
        runStage(
            LearnerStage.self, named: "learner",
            summary: "learns functions' representations and who is in antiphase with whom",
            settings: [seed],
            migrations: [Migration(file: "0001-tables.sql", PackageResources._001_tables_sql)],
            make: { _, partition in LearnerStage(partition: partition) },
            write: { rows, session in try tables.write(rows, to: &session) },
            housekeeping: { settings in
                EncoderTraining.housekeeping(seed: UInt64(settings[seed]))
            })
    }
}
