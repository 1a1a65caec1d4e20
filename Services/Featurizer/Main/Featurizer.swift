internal import Featurization
internal import Postgres
internal import Runtime
internal import Settings

/// Reads `invocations`, writes `shapes`.
@main struct Featurizer {
    static let latenessMs = Setting(
        "featurizer.lateness_ms", default: 60_000, in: 0...3_600_000,
        "how long behind the latest invocation one may come without a correction (event time)")
    static let horizonMs = Setting(
        "featurizer.horizon_ms", default: 3_600_000, in: 0...86_400_000,
        "how long a closed slot can still be corrected (event time)")
    static let quietCloseMs = Setting(
        "featurizer.quiet_close_ms", default: 10_000, in: 100...86_400_000,
        "how long a partition is quiet before its open slots are published early (wall clock)")
    static let aheadMs = Setting(
        "featurizer.ahead_ms", default: 86_400_000, in: 0...(.max),
        "how far ahead of the wall clock an invocation may have started")

    static let deduplicate = Setting(
        "featurizer.deduplicate", default: false,
        "whether an invocation that comes twice within the lateness counts once; takes 16 to 32 "
            + "bytes for each invocation of the last minutes")

    static let migrations = [
        Migration(file: "0001-tables.sql", PackageResources._001_tables_sql),
        Migration(file: "0002-slots.sql", PackageResources._002_slots_sql),
    ]

    static func main() {
        // Names come from customers: nobody is to know what they hash to.
        var random = SystemRandomNumberGenerator()
        let hashKey: UInt64 = random.next()
        runStage(
            FeaturizerStage.self, named: "featurizer",
            summary: "turns invocations into functions' shapes, five minutes a slot",
            settings: [latenessMs, horizonMs, quietCloseMs, aheadMs, deduplicate],
            migrations: migrations,
            make: { settings, partition in
                FeaturizerStage(
                    partition: partition,
                    settings: FeaturizerSettings(
                        latenessMs: Int64(settings[latenessMs]),
                        horizonMs: Int64(settings[horizonMs]),
                        quietCloseMs: Int64(settings[quietCloseMs]),
                        aheadMs: Int64(settings[aheadMs]),
                        deduplicates: settings[deduplicate]),
                    hashKey: hashKey)
            },
            write: { rows, session in try FeaturizerTables().write(rows, to: &session) })
    }
}
