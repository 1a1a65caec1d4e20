public import Allocation
internal import Postgres
internal import Runtime
public import Settings
internal import Topics

/// Reads `workers`, `shapes`, `representations` and `predictions`; writes `assignments`.
@main struct Allocator {
    private static let name = "allocator"
    private static let explain = "explain"
    static let function = Positional(
        "FUNCTION", "CUSTOMER/SERVICE/FUNCTION, as in dashboard.assignments")
    static let policy = Setting(
        "policy", default: Policy.Kind.antiphase,
        "antiphase sums loads slot by slot; sum_of_peaks takes each at its own peak all the time: "
            + "the baseline to compare with")
    static let deviations = Setting<Double?>(
        optional: "noise.deviations", in: 0...Limits.deviationsMax,
        "standard deviations of noise that a worker's planned CPU leaves room for; learned unless set"
    )
    static let moved = Setting(
        "moves.per.hour", default: 0.01, in: 0...1,
        "share of a cell's functions that may be moved in an hour of event time; at least one is")
    static let weights = Setting(
        "customer.weights", default: CustomerWeights(),
        "what customers are entitled to when there is not room for all, relative to each other; "
            + "1 for those not named")
    static let lotterySeed = Setting(
        "lottery.seed", default: 1, in: 0...Int.max,
        "seed of the draws that divide the last places among equal claims; set it before they are "
            + "known")
    static let effectiveness = Setting(
        "energy.pue", default: 1.2, in: 1...10,
        "power usage effectiveness: energy of the whole site over that of its workers")
    static let shortageCost = Setting(
        "plan.shortage_cost", default: 19.0, in: 0.01...1_000_000,
        "what an hour with a worker too few costs, in hours of a worker too many")

    static let dryRun = Setting(
        "dry.run", default: false,
        "decide and keep the decisions in the tables, but publish no assignment")

    static let migrations = [
        Migration(file: "0001-tables.sql", PackageResources._001_tables_sql),
        Migration(file: "0002-overload.sql", PackageResources._002_overload_sql),
        Migration(file: "0003-fairness.sql", PackageResources._003_fairness_sql),
        Migration(file: "0004-planning.sql", PackageResources._004_planning_sql),
    ]

    private static let deciding: [any AnySetting] = [
        policy, deviations, moved, weights, lotterySeed, effectiveness, shortageCost,
    ]

    static func main() {
        if CommandLine.arguments.dropFirst().first == explain { answer() }
        runStage(
            AllocatorStage.self, named: name,
            summary: "Places functions so that those busy at different times share a worker "
                + "(\(name) \(explain) --help: why one is where it is).",
            settings: deciding + [dryRun],
            migrations: migrations,
            make: { settings, cell in
                var policy = policy(settings)
                policy.isDryRun = settings[dryRun]
                return AllocatorStage(cell: cell, policy: policy)
            },
            write: { rows, session in try AllocatorTables().write(rows, to: &session) })
    }

    private static func policy(_ settings: Settings) -> Policy {
        var policy = Policy()
        policy.kind = settings[Self.policy]
        if let deviations = settings[deviations] {
            policy.deviations = policy.deviations.map { _ in deviations }
            policy.learns = false
        }
        policy.movedPerHour = settings[moved]
        policy.fairness.weights = settings[weights].byCustomer
        policy.fairness.lotterySeed = UInt64(settings[lotterySeed])
        policy.planning.powerUsageEffectiveness = settings[effectiveness]
        policy.planning.shortageCost = settings[shortageCost]
        return policy
    }

    private static func answer() -> Never {
        runInquiry(
            explain, of: name,
            summary: "says why a function is where it is, and what would be decided now, from the "
                + "cell's last checkpoint; give it the settings that the allocator has",
            positional: [function], settings: deciding
        ) { settings, session in
            let path = settings[function][0]
            guard let id = FunctionID(path: path) else { throw Unknown(path: path) }
            let found = try session.execute(
                """
                select cell from assignments
                where customer = $1 and service = $2 and function = $3
                """, .text(id.service.customer), .text(id.service.service), .text(id.function))
            guard let row = found.first else { throw Unknown(path: path) }
            let cell: Int32 = row[0]
            let stage = try restored(
                AllocatorStage(cell: cell, policy: policy(settings)), partition: cell, &session)
            guard let explanation = stage.explanation(of: id) else { throw Unknown(path: path) }
            return explanation.description
        }
    }

    private struct Unknown: Error, CustomStringConvertible {
        let path: String
        var description: String {
            "no function \"\(path)\" has been placed; expected CUSTOMER/SERVICE/FUNCTION as in "
                + "dashboard.assignments"
        }
    }
}

extension Policy.Kind: SettingValue {}
