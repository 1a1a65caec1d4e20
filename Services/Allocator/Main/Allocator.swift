public import Allocation
internal import Postgres
internal import Runtime
public import Settings

/// Reads `workers`, `shapes`, `representations` and `predictions`; writes `assignments`.
@main struct Allocator {
    static let policy = Setting(
        "policy", default: Policy.Kind.antiphase,
        "antiphase sums loads slot by slot; sum_of_peaks takes each at its own peak all the time: "
            + "the baseline to compare with")
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
            settings: [policy, deviations, moved],
            migrations: migrations,
            make: { settings, cell in
                var policy = Policy()
                policy.kind = settings[Self.policy]
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

extension Policy.Kind: SettingValue {}
