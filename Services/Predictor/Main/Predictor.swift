internal import Postgres
internal import Prediction
internal import Runtime

/// Reads `services`, `shapes`, `representations` and `models`; writes `predictions` and `models`.
@main struct Predictor {
    static let migrations = [
        Migration(file: "0001-tables.sql", PackageResources._001_tables_sql),
        Migration(file: "0002-demand.sql", PackageResources._002_demand_sql),
        Migration(file: "0003-calibration.sql", PackageResources._003_calibration_sql),
        Migration(file: "0004-in-time.sql", PackageResources._004_in_time_sql),
    ]

    static func main() {
        runStage(
            PredictorStage.self, named: "predictor",
            summary: "Foretells how often services succeed and how much they will run.",
            migrations: migrations,
            make: { _, partition in PredictorStage(partition: partition) },
            write: { rows, session in try PredictorTables().write(rows, to: &session) })
    }
}
