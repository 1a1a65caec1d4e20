import Postgres
import TestSupport
import Testing
import Topics

@testable import Prediction
@testable import Predictor

@Suite(.enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL's programs"))
struct `The predictor's tables` {
    @Test func `hold the last prediction of each service, and forget it`() throws {
        try withTables { session in
            try write(
                [
                    .prediction(prediction("s", rate: 0.5)),
                    .prediction(prediction("s", rate: 0.75)),
                    .prediction(prediction("free", rate: 0.9, inTime: nil)),
                    .prediction(prediction("gone", rate: 0.1)),
                ], &session)
            try write([.forgotten(ServiceID(customer: "a", service: "gone"))], &session)
            let rows = try session.execute(
                """
                select service, success_rate, success_in_time, success_in_time_low,
                    success_in_time_high, popular_chance, (invocations_by_day -> 'high' ->> 27)::float8,
                    (week_of_year ->> 52)::float8, success_drift, invocations_per_day
                from dashboard.predictions order by service
                """)
            #expect(rows.map { $0[0] as String } == ["free", "s"])
            #expect(rows[0][2] as Double? == nil && rows[0][3] as Double? == nil)
            #expect(rows[1][1] as Double == 0.75)
            #expect(rows[1][2] as Double? == 0.5)
            #expect(rows[1][3] as Double? == 0.25)
            #expect(rows[1][4] as Double? == 0.625)
            #expect(rows[1][5] as Double? == 0.125)
            #expect(rows[1][6] as Double? == 56)
            #expect(rows[1][7] as Double? == 53)
            #expect(rows[1][8] as Double? == 1.5)
            #expect(rows[1][9] as Double == 480)
        }
    }

    @Test func `hold the last prediction of each of 30 days`() throws {
        try withTables { session in
            try write([.prediction(prediction("s", rate: 0.5, day: 18_000))], &session)
            try write([.prediction(prediction("s", rate: 0.6, day: 18_000))], &session)
            try write([.prediction(prediction("s", rate: 0.7, day: 18_029))], &session)
            #expect(
                try doubles(
                    "select success_rate from dashboard.prediction_history order by day", &session)
                    == [0.6, 0.7])
            try write([.prediction(prediction("s", rate: 0.8, day: 18_030))], &session)
            #expect(
                try doubles(
                    "select success_rate from dashboard.prediction_history order by day", &session)
                    == [0.7, 0.8])
        }
    }

    @Test func `hold canaries of each partition and task, in place of the last`() throws {
        try withTables { session in
            try write(
                [
                    .canaries(list(0, .requests, ["x", "y", "z"])),
                    .canaries(list(0, .money, ["m"])),
                    .canaries(list(1, .requests, ["p"], gain: 9)),
                ], &session)
            try write([.canaries(list(0, .requests, ["b", "a"]))], &session)
            let rows = try session.execute(
                """
                select task, rank, service, outcomes, gain, weight from dashboard.canaries
                order by task, rank
                """
            )
            #expect(rows.map { $0[0] as String } == ["money", "requests", "requests", "requests"])
            #expect(rows.map { $0[1] as Int64 } == [1, 1, 2, 3])
            // The first of both partitions, the greater gain first; then the second of one.
            #expect(rows.map { $0[2] as String } == ["m", "p", "b", "a"])
            #expect(rows[2][3] as Int64 == 7)
            #expect(rows[2][4] as Double == 0.5)
            #expect(rows[2][5] as Double == 2)
            try write([.canaries(list(0, .requests, []))], &session)
            #expect(try doubles("select count(*)::float8 from canaries", &session) == [2])
        }
    }

    @Test func `add up scores and calibration of a day over partitions`() throws {
        try withTables { session in
            var one = PredictionScore(partition: 0, dayStartMs: 18_000 * dayMs)
            // Ten outcomes of rate 0.75, of which eight succeed, and 30 of 0.95, of which all do.
            one.add(slot(rate: 0.75, successes: 8, of: 10))
            var two = PredictionScore(partition: 1, dayStartMs: 18_000 * dayMs)
            two.add(slot(rate: 0.95, successes: 30, of: 30))
            two.add(slot(rate: 0.75, successes: 7, of: 10))
            try write([.score(PredictionScore(partition: 0, dayStartMs: 18_000 * dayMs))], &session)
            try write([.score(one), .score(two)], &session)
            try write([.score(one), .score(two)], &session)
            let bins = try session.execute(
                """
                select bin, outcomes, expected, success_rate from dashboard.prediction_calibration
                order by bin
                """)
            #expect(bins.map { $0[0] as Int32 } == Array(1...10))
            // Rates from 0.7 to 0.8 are the eighth bin: 8 + 7 of 20 succeeded.
            #expect(bins[7][1] as Double == 20)
            #expect(abs(((bins[7][2] as Double?) ?? 0) - 0.75) < 1e-9)
            #expect(bins[7][3] as Double? == 0.75)
            #expect(bins[9][1] as Double == 30)
            #expect(bins[9][3] as Double? == 1)
            #expect(bins[0][2] as Double? == nil)
            let day = try session.execute(
                """
                select outcomes, success_rate, log_loss, interval_coverage, hardness
                from dashboard.prediction_scores
                """)
            #expect(day[0][0] as Int64 == 50)
            #expect(day[0][1] as Double? == 0.9)
            let loss =
                logLossOf(0.75, successes: 15, failures: 5)
                + logLossOf(0.95, successes: 30, failures: 0)
            #expect(abs(((day[0][2] as Double?) ?? 0) - loss / 50) < 1e-9)
            let covered = [one, two].map(\.calibration.coverage.inside).reduce(0, +) / 3
            #expect(abs(((day[0][3] as Double?) ?? 0) - covered) < 1e-9)
            // Log-odds against what came: ln 3 x (20 - 2 x 15) + ln 19 x (30 - 2 x 30), over 50.
            #expect(abs(((day[0][4] as Double?) ?? 0) - -1.98638585) < 1e-6)
        }
    }

    @Test func `rank kinds of service by demand, and keep weeks longer than hours`() throws {
        try withTables { session in
            try write(
                [
                    .kind(kind(0, "http", .hourOfDay, 5, rate: 10, services: 2)),
                    .kind(kind(1, "http", .hourOfDay, 5, rate: 20, services: 3)),
                    .kind(kind(0, "timer", .hourOfDay, 5, rate: 25, services: 1)),
                    .kind(kind(0, "timer", .weekOfYear, 40, rate: 7, services: 1)),
                ], &session)
            let ranked = """
                select name, rank, invocations_per_hour, services from dashboard.popular_kinds
                where season = 'hour_of_day' order by rank
                """
            var rows = try session.execute(ranked)
            #expect(rows.map { $0[0] as String } == ["http", "timer"])
            #expect(rows.map { $0[1] as Int64 } == [1, 2])
            #expect(rows.map { $0[2] as Double } == [30, 25])
            #expect(rows.map { $0[3] as Int64 } == [5, 1])
            // What comes again of a kind is in place of it; what a partition says no more goes in a week.
            try write(
                [.kind(kind(0, "http", .hourOfDay, 5, rate: 1, services: 2, day: 18_010))], &session
            )
            rows = try session.execute(ranked)
            #expect(rows.map { $0[2] as Double } == [21])
            #expect(
                try doubles(
                    "select position::float8 from dashboard.popular_kinds where season = 'week_of_year'",
                    &session) == [40])
        }
    }

    @Test func `say what every column of a view is`() throws {
        try withTables { session in
            let silent = try session.execute(
                """
                select relname || '.' || attname from pg_attribute
                join pg_class on pg_class.oid = attrelid
                where relnamespace = 'dashboard'::regnamespace and relkind = 'v' and attnum > 0
                    and col_description(attrelid, attnum) is null
                """)
            #expect(silent.map { $0[0] as String } == [])
        }
    }

    private func withTables(_ body: (inout Session) throws -> Void) throws {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            var options = Session.Options()
            options.role = "predictor"
            options.schema = "predictor"
            var session = try Session(url, options)
            try Migrations(schema: "predictor", set: "predictor", Predictor.migrations)
                .apply(to: &session)
            try body(&session)
        }
    }

    private func write(_ rows: [PredictorRow], _ session: inout Session) throws {
        try session.transaction { session in
            try PredictorTables().write(rows, to: &session)
        }
    }

    private func doubles(_ query: String, _ session: inout Session) throws -> [Double] {
        try session.execute(query).map { $0[0] as Double }
    }
}

private let dayMs: Int64 = 86_400_000

private func prediction(
    _ service: String, rate: Double, day: Int64 = 18_000,
    inTime: Prediction.Interval? = .init(expected: 0.5, low: 0.25, high: 0.625)
) -> Prediction {
    let hours = Prediction.Forecast(startMs: day * dayMs, expected: [1], low: [0], high: [2])
    var prediction = Prediction(
        ServiceID(customer: "a", service: service), asOfMs: day * dayMs + 1_000, tier: .burstable,
        trigger: "http", memoryMb: 128, deadlineMs: 1_000,
        success: .init(
            rate: .init(expected: rate, low: rate / 2, high: 1), samples: 3, level: "service",
            baseline: 0.9, drift: 1.5, inTime: inTime),
        invocationsPerHour: hours, milliCpu: hours,
        popularityPerDay: .init(expected: 480, low: 400, high: 560),
        seasonality: .init(
            hourOfDay: Array(repeating: 1, count: 24), dayOfWeek: Array(repeating: 1, count: 7),
            weekOfYear: (1...53).map { Double($0) }), demandSamples: 9,
        teachesMost: .init(gain: 0.5, why: "because"))
    prediction.popularityByDay = .init(
        expected: (1...28).map { Double($0) }, low: Array(repeating: 0, count: 28),
        high: (1...28).map { Double(2 * $0) })
    prediction.popularChance = 0.125
    return prediction
}

private func list(
    _ partition: Int32, _ task: CanaryTask, _ services: [String], gain: Double = 0.5
) -> CanaryList {
    CanaryList(
        partition: partition, task: task, asOfMs: 18_000 * dayMs,
        entries: services.map {
            .init(service: .init(customer: "a", service: $0), outcomes: 7, gain: gain, weight: 2)
        })
}

private func slot(rate: Double, successes: Int, of outcomes: Int) -> ServiceState.RecentSlot {
    ServiceState.RecentSlot(
        startMs: 18_000 * dayMs, function: 0, correction: 0, successes: successes,
        outcomes: outcomes, cpuMs: 0,
        foretold: .init(rate: rate, strength: 10, byWay: SIMD4(repeating: 0.5), ownStrength: 2),
        baseline: 0.5, isNew: false)
}

private func kind(
    _ partition: Int32, _ name: String, _ season: KindDemand.Season, _ position: Int, rate: Double,
    services: Int, day: Int64 = 18_000
) -> KindDemand {
    KindDemand(
        partition: partition, kind: .trigger, name: name, season: season, position: position,
        invocationsPerHour: rate, services: services, asOfMs: day * dayMs)
}
