internal import Postgres
internal import Prediction
internal import Topics

/// Writes the predictor's rows; what a batch says of one thing twice is written once, the last.
struct PredictorTables {
    func write(_ rows: [PredictorRow], to session: inout Session) throws {
        let batch = Batch(rows)
        try delete(batch.forgotten, in: &session)
        try write(batch.predictions, to: &session)
        try writeHistory(batch.daily, to: &session)
        try write(batch.scores, to: &session)
        for list in batch.canaries { try write(list, to: &session) }
        try KindTable().write(batch.kinds, to: &session)
    }

    private func delete(_ ids: [ServiceID], in session: inout Session) throws {
        guard !ids.isEmpty else { return }
        try session.execute(
            """
            delete from predictions using unnest($1::text[], $2::text[]) as gone (customer, service)
            where (predictions.customer, predictions.service) = (gone.customer, gone.service)
            """, .textArray(ids.map(\.customer)), .textArray(ids.map(\.service)))
    }

    private func write(_ predictions: [Prediction], to session: inout Session) throws {
        guard !predictions.isEmpty else { return }
        let own: [Parameter] = [
            .textArray(predictions.map(\.tier.rawValue)),
            .textArray(predictions.map(\.trigger)),
            .float8Array(predictions.map(\.memoryMb)),
            .float8Array(predictions.map(\.deadlineMs)),
            .timestampMsArray(
                predictions.map { $0.asOfMs == 0 ? nil : $0.invocationsPerHour.startMs }),
            .jsonArray(predictions.map { json($0.invocationsPerHour) }),
            .jsonArray(predictions.map { json($0.milliCpu) }),
            .jsonArray(predictions.map { "\($0.seasonality.hourOfDay)" }),
            .jsonArray(predictions.map { "\($0.seasonality.dayOfWeek)" }),
            .float8Array(predictions.map(\.teachesMost?.gain)),
            .textArray(predictions.map(\.teachesMost?.why)),
            .float8Array(predictions.map(\.success.drift)),
            .jsonArray(predictions.map { $0.popularityByDay.map(json) }),
            .jsonArray(predictions.map { $0.seasonality.weekOfYear.map { "\($0)" } }),
            .float8Array(predictions.map(\.popularChance)),
            .float8Array(predictions.map(\.success.inTime?.expected)),
            .float8Array(predictions.map(\.success.inTime?.low)),
            .float8Array(predictions.map(\.success.inTime?.high)),
        ]
        try session.execute(
            """
            insert into predictions (\(Self.shared), tier, trigger, memory_mb, deadline_ms,
                forecast_from, invocations_per_hour, milli_cpu, hour_of_day, day_of_week,
                canary_gain, canary_why, success_drift, invocations_by_day, week_of_year,
                popular_chance, success_in_time, success_in_time_low, success_in_time_high)
            select * from unnest(\(Self.sharedTypes), $14::text[], $15::text[], $16::float8[],
                $17::float8[], $18::timestamptz[], $19::jsonb[], $20::jsonb[], $21::jsonb[],
                $22::jsonb[], $23::float8[], $24::text[], $25::float8[], $26::jsonb[],
                $27::jsonb[], $28::float8[], $29::float8[], $30::float8[], $31::float8[])
            on conflict (customer, service) do update set \(Self.sharedUpdates),
                tier = excluded.tier, trigger = excluded.trigger,
                memory_mb = excluded.memory_mb, deadline_ms = excluded.deadline_ms,
                forecast_from = excluded.forecast_from,
                invocations_per_hour = excluded.invocations_per_hour,
                milli_cpu = excluded.milli_cpu, hour_of_day = excluded.hour_of_day,
                day_of_week = excluded.day_of_week, canary_gain = excluded.canary_gain,
                canary_why = excluded.canary_why, success_drift = excluded.success_drift,
                invocations_by_day = excluded.invocations_by_day,
                week_of_year = excluded.week_of_year, popular_chance = excluded.popular_chance,
                success_in_time = excluded.success_in_time,
                success_in_time_low = excluded.success_in_time_low,
                success_in_time_high = excluded.success_in_time_high
            """, sharedParameters(predictions) + own)
    }

    private func writeHistory(_ predictions: [Prediction], to session: inout Session) throws {
        guard !predictions.isEmpty else { return }
        let times = predictions.map(\.asOfMs)
        let days = Set(times.map { $0 - $0 % Batch.dayMs }).sorted()
        try session.execute(
            """
            select prepare_history(array(
                select (day at time zone 'UTC')::date from unnest($1::timestamptz[]) as day))
            """, .timestampMsArray(days))
        try session.execute(
            """
            insert into prediction_history (\(Self.shared), day)
            select *, (as_of at time zone 'UTC')::date
            from unnest(\(Self.sharedTypes)) as row (\(Self.shared))
            where to_regclass('prediction_history_'
                || to_char(as_of at time zone 'UTC', 'YYYYMMDD')) is not null
            on conflict (day, customer, service) do update set \(Self.sharedUpdates)
            """, sharedParameters(predictions))
    }

    /// What the current row and the history have in common.
    private static let shared = """
        customer, service, success_rate, success_low, success_high, success_samples,
        success_level, success_baseline, invocations_per_day, invocations_per_day_low,
        invocations_per_day_high, demand_samples, as_of
        """

    private static let sharedTypes = """
        $1::text[], $2::text[], $3::float8[], $4::float8[], $5::float8[], $6::bigint[],
        $7::text[], $8::float8[], $9::float8[], $10::float8[], $11::float8[], $12::bigint[],
        $13::timestamptz[]
        """

    private static let sharedUpdates = """
        success_rate = excluded.success_rate, success_low = excluded.success_low,
        success_high = excluded.success_high, success_samples = excluded.success_samples,
        success_level = excluded.success_level, success_baseline = excluded.success_baseline,
        invocations_per_day = excluded.invocations_per_day,
        invocations_per_day_low = excluded.invocations_per_day_low,
        invocations_per_day_high = excluded.invocations_per_day_high,
        demand_samples = excluded.demand_samples, as_of = excluded.as_of
        """

    private func sharedParameters(_ predictions: [Prediction]) -> [Parameter] {
        [
            .textArray(predictions.map(\.customer)), .textArray(predictions.map(\.service)),
            .float8Array(predictions.map(\.success.rate.expected)),
            .float8Array(predictions.map(\.success.rate.low)),
            .float8Array(predictions.map(\.success.rate.high)),
            .int8Array(predictions.map { Int64($0.success.samples) }),
            .textArray(predictions.map(\.success.level)),
            .float8Array(predictions.map(\.success.baseline)),
            .float8Array(predictions.map(\.popularityPerDay.expected)),
            .float8Array(predictions.map(\.popularityPerDay.low)),
            .float8Array(predictions.map(\.popularityPerDay.high)),
            .int8Array(predictions.map { Int64($0.demandSamples) }),
            .timestampMsArray(predictions.map { $0.asOfMs == 0 ? nil : $0.asOfMs }),
        ]
    }

    private func write(_ scores: [PredictionScore], to session: inout Session) throws {
        guard !scores.isEmpty else { return }
        try session.execute(
            """
            insert into scores
            select (day at time zone 'UTC')::date, partition, outcomes, successes, log_loss,
                baseline_log_loss, new_outcomes, new_log_loss, new_baseline_log_loss,
                calibration, intervals_held, intervals, hardness
            from unnest($1::timestamptz[], $2::int[], $3::bigint[], $4::bigint[], $5::float8[],
                $6::float8[], $7::bigint[], $8::float8[], $9::float8[], $10::jsonb[],
                $11::float8[], $12::float8[], $13::float8[])
                as row (day, partition, outcomes, successes, log_loss, baseline_log_loss,
                    new_outcomes, new_log_loss, new_baseline_log_loss, calibration,
                    intervals_held, intervals, hardness)
            on conflict (day, partition) do update set
                outcomes = excluded.outcomes, successes = excluded.successes,
                log_loss = excluded.log_loss, baseline_log_loss = excluded.baseline_log_loss,
                new_outcomes = excluded.new_outcomes, new_log_loss = excluded.new_log_loss,
                new_baseline_log_loss = excluded.new_baseline_log_loss,
                calibration = excluded.calibration, intervals_held = excluded.intervals_held,
                intervals = excluded.intervals, hardness = excluded.hardness
            """,
            .timestampMsArray(scores.map(\.dayStartMs)), .int4Array(scores.map(\.partition)),
            .int8Array(scores.map { Int64($0.outcomes) }),
            .int8Array(scores.map { Int64($0.successes) }),
            .float8Array(scores.map(\.logLoss)), .float8Array(scores.map(\.baselineLogLoss)),
            .int8Array(scores.map { Int64($0.newOutcomes) }),
            .float8Array(scores.map(\.newLogLoss)),
            .float8Array(scores.map(\.newBaselineLogLoss)),
            .jsonArray(scores.map { json($0.calibration) }),
            .float8Array(scores.map(\.calibration.coverage.inside)),
            .float8Array(scores.map(\.calibration.coverage.count)),
            .float8Array(scores.map(\.calibration.hardness)))
        try session.execute("delete from scores where day < (select max(day) from scores) - 400")
    }

    private func write(_ list: CanaryList, to session: inout Session) throws {
        try session.execute(
            "delete from canaries where partition = $1 and task = $2", .int4(list.partition),
            .text(list.task.rawValue))
        let entries = list.entries
        try session.execute(
            """
            insert into canaries
                (partition, task, rank, customer, service, outcomes, gain, weight, as_of)
            select $1, $2, row.*, $3
            from unnest($4::int[], $5::text[], $6::text[], $7::bigint[], $8::float8[],
                $9::float8[]) as row (rank, customer, service, outcomes, gain, weight)
            """,
            .int4(list.partition), .text(list.task.rawValue), .timestampMs(list.asOfMs),
            .int4Array(entries.indices.map { Int32($0 + 1) }),
            .textArray(entries.map(\.service.customer)),
            .textArray(entries.map(\.service.service)),
            .int8Array(entries.map { Int64($0.outcomes) }), .float8Array(entries.map(\.gain)),
            .float8Array(entries.map(\.weight)))
    }

    private func json(_ calibration: Calibration) -> String {
        "{\"outcomes\": \(calibration.outcomes), \"expected\": \(calibration.expected), "
            + "\"successes\": \(calibration.successes)}"
    }

    private func json(_ forecast: Prediction.DailyForecast) -> String {
        "{\"expected\": \(forecast.expected), \"low\": \(forecast.low), "
            + "\"high\": \(forecast.high)}"
    }

    private func json(_ forecast: Prediction.Forecast) -> String {
        "{\"expected\": \(forecast.expected), \"low\": \(forecast.low), "
            + "\"high\": \(forecast.high)}"
    }
}

/// Rows by what they are about, the last of each.
private struct Batch {
    static let dayMs: Int64 = 86_400_000

    let predictions: [Prediction]
    /// By service and day; those that know no event time yet are of no day.
    let daily: [Prediction]
    let forgotten: [ServiceID]
    let scores: [PredictionScore]
    let canaries: [CanaryList]
    let kinds: [KindDemand]

    private struct DayKey: Hashable {
        let id: ServiceID
        let day: Int64
    }

    private struct ListKey: Hashable {
        let partition: Int32
        let task: CanaryTask
    }

    private struct ScoreKey: Hashable {
        let partition: Int32
        let dayStartMs: Int64
    }

    init(_ rows: [PredictorRow]) {
        var last: [ServiceID: Prediction?] = [:]
        var days: [DayKey: Prediction] = [:]
        var scores: [ScoreKey: PredictionScore] = [:]
        var canaries: [ListKey: CanaryList] = [:]
        var kinds: [KindTable.Key: KindDemand] = [:]
        for row in rows {
            switch row {
            case .prediction(let prediction):
                let id = prediction.serviceID
                last[id] = .some(prediction)
                if prediction.asOfMs > 0 {
                    days[DayKey(id: id, day: prediction.asOfMs / Self.dayMs)] = prediction
                }
            case .kind(let demand): kinds[KindTable.Key(demand)] = demand
            case .forgotten(let id): last[id] = .some(nil)
            case .canaries(let list):
                canaries[ListKey(partition: list.partition, task: list.task)] = list
            case .score(let score):
                scores[ScoreKey(partition: score.partition, dayStartMs: score.dayStartMs)] = score
            }
        }
        predictions = last.values.compactMap { $0 }
        forgotten = last.filter { $0.value == nil }.map(\.key)
        daily = Array(days.values)
        self.scores = Array(scores.values)
        self.canaries = Array(canaries.values)
        self.kinds = Array(kinds.values)
    }
}
