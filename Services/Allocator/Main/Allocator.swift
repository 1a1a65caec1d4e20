internal import Allocation
internal import Postgres
internal import Runtime
internal import Settings

/// Reads `workers`, `shapes`, `representations` and `predictions`; writes `assignments`.
@main struct Allocator {
    static let deviations = Setting<Double?>(
        optional: "noise.deviations", in: 0...Limits.deviationsMax,
        "standard deviations of noise that a worker's planned CPU leaves room for; learned unless set")
    static let moved = Setting(
        "moves.per.hour", default: 0.01, in: 0...1,
        "share of a cell's functions that may be moved in an hour of event time; at least one is")

    static let migrations = [
        Migration(file: "0001-tables.sql", PackageResources._001_tables_sql),
        Migration(file: "0002-overload.sql", PackageResources._002_overload_sql),
    ]

    static func main() {
        runStage(
            AllocatorStage.self, named: "allocator",
            summary: "Places functions so that those busy at different times share a worker.",
            settings: [deviations, moved],
            migrations: migrations,
            make: { settings, cell in
                var policy = Policy()
                if let deviations = settings[deviations] {
                    policy.deviations = policy.deviations.map { _ in deviations }
                    policy.learns = false
                }
                policy.movedPerHour = settings[moved]
                return AllocatorStage(cell: cell, policy: policy)
            },
            write: { rows, session in try AllocatorTables().write(rows, to: &session) })
    }
}
