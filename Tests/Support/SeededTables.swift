internal import Foundation
public import Postgres

/// Tables as the stages make them, with rows as the stages write them.
public enum SeededTables {
    /// Runs the migrations of the runtime and of a stage, in the stage's schema and role.
    public static func migrate(_ stage: String, _ session: inout Session) throws {
        let root = Products.packageFolder
        let folder = stage.prefix(1).uppercased() + stage.dropFirst()
        let files = [
            "\(root)/Shared/Runtime/Migrations", "\(root)/Services/\(folder)/Main/Migrations",
        ].flatMap { path in
            ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
                .filter { $0.hasSuffix(".sql") }.sorted().map { "\(path)/\($0)" }
        }
        try act(as: stage, &session)
        for file in files {
            try session.run(script: try String(contentsOfFile: file, encoding: .utf8))
        }
    }

    public static let stages = ["featurizer", "learner", "predictor", "allocator"]

    /// A small fleet of one day: `functions` of a cell, half of them busy by day, half by night.
    ///
    /// - Parameter names: the first functions' names, which may hold anything.
    public static func fill(
        functions: Int = 24, names: [String] = [], into session: inout Session
    ) throws {
        let named = (0..<functions).map { $0 < names.count ? names[$0] : "resize-\($0)" }
        try act(as: "featurizer", &session)
        try session.run(script: featurizerDays)
        try session.execute(featurizerFunctions, .textArray(named))
        try session.execute(featurizerNumbers)
        try session.execute(featurizerLoad)
        try act(as: "learner", &session)
        try session.execute(representations, .textArray(named))
        try act(as: "predictor", &session)
        try session.run(script: predictions)
        try act(as: "allocator", &session)
        try session.execute(assignments, .textArray(named))
        try session.run(script: workers)
        for stage in stages {
            try act(as: stage, &session)
            try session.run(script: progress)
        }
    }

    /// Names without a schema are then the stage's.
    public static func act(as stage: String, _ session: inout Session) throws {
        try session.run(script: "reset role; set role \(stage); set search_path = \(stage);")
    }
}

// 2019-07-15 is the latest day; the fleet's time is 15:42 of it.
extension SeededTables {
    private static let featurizerDays =
        "select prepare_slots(array['2019-07-14', '2019-07-15']::date[]);"

    private static let featurizerFunctions = """
        insert into functions (customer, service, function, cell, trigger, runtime, memory_mb,
            deadline_ms, invocations, success, error, timeout, out_of_memory, throttled, killed,
            unknown, cold_starts, first_seen, last_seen)
        select 'acme', 'images', name, 3, case when i % 3 = 0 then 'timer' else 'http' end,
            'python3.12', 512, 30000, 1000000 / i, 1000000 / i - 40 * i, 25 * i, 10 * i, 5 * i,
            0, 0, 0, 17 * i, '2019-07-14 00:01+00',
            timestamptz '2019-07-15 15:42:10+00' - i * interval '10 s'
        from unnest($1::text[]) with ordinality as n (name, i)
        """

    private static let featurizerNumbers = """
        insert into function_numbers (customer, service, function, cell, number)
        select customer, service, function, cell,
            row_number() over (partition by cell order by customer, service, function) - 1
        from functions
        """

    /// A wave over the day, its top at 14:00 for the odd and at 02:00 for the even.
    private static let featurizerLoad = """
        insert into slots (day, cell, block, slot, invocations, cpu_ms)
        select d.day, n.cell, n.number / 128, s,
            array_agg((invocations / 500 * wave)::int order by n.number),
            array_agg((invocations / 500 * wave * 60)::float4 order by n.number)
        from (select *, row_number() over (order by invocations desc) as i from functions) f
            join function_numbers n using (customer, service, function),
            (values (date '2019-07-14', 0.9), (date '2019-07-15', 1.0)) d (day, size),
            generate_series(0, 287) s,
            lateral (select d.size * (1 + 0.1 * sin(s * 1.7 + i)) * (0.1 + power(
                greatest(0, 0.5 + 0.5 * cos((s - case when i % 2 = 1 then 168 else 24 end)
                    * 2 * pi() / 288)), 3)) as wave) w
        where d.day < '2019-07-15' or s <= 188
        group by d.day, n.cell, n.number / 128, s
        """

    /// The next function is in antiphase, the one after it alike.
    private static let representations = """
        insert into representations (customer, service, function, model_version, vector, cluster,
            predictability, slots, mean_milli_cpu, day_profile, nearest, opposite, as_of)
        select 'acme', 'images', name, 2, array_fill(0.1::real, array[32]), i % 2, 0.83, 470,
            100.0 / i, array_fill(1::real, array[24]), near.list, far.list, '2019-07-15 15:40+00'
        from unnest($1::text[]) with ordinality as n (name, i),
            lateral (select jsonb_agg(jsonb_build_object('customer', 'acme', 'service', 'images',
                'function', name, 'score', 0.95 - 0.1 * k)) as list
                from generate_series(1, 3) k, lateral (
                    select ($1::text[])[1 + (i - 1 + 2 * k) % cardinality($1::text[])] as name) x
            ) near,
            lateral (select jsonb_agg(jsonb_build_object('customer', 'acme', 'service', 'images',
                'function', name, 'score', 0.9 - 0.1 * k)) as list
                from generate_series(0, 2) k, lateral (
                    select ($1::text[])[1 + (i + 2 * k) % cardinality($1::text[])] as name) x
            ) far
        """

    private static let predictions = """
        insert into predictions (customer, service, tier, trigger, memory_mb, deadline_ms,
            success_rate, success_low, success_high, success_samples, success_level,
            success_baseline, invocations_per_day, invocations_per_day_low,
            invocations_per_day_high, demand_samples, forecast_from, invocations_per_hour,
            milli_cpu, hour_of_day, day_of_week, canary_gain, canary_why, as_of)
        values ('acme', 'images', 'burstable', 'http', 512, 30000, 0.9912, 0.9874, 0.9941, 48123,
            'service', 0.962, 512000, 430000, 610000, 470, '2019-07-15 16:00+00', '{}', '{}',
            '[]', '[]', 0.02, 'its rate is known, its time-outs are not', '2019-07-15 15:40+00');
        """

    /// Five workers; the last function waits.
    private static let assignments = """
        insert into assignments (customer, service, function, cell, tier, placements, reason,
            decided_at, revision)
        select 'acme', 'images', name, 3, 'burstable',
            case when i = count then '[]'::jsonb
                when i = 1 then
                    '[{"worker": "w3-0", "share": 0.5}, {"worker": "w3-1", "share": 0.5}]'
                else jsonb_build_array(
                    jsonb_build_object('worker', 'w3-' || (i / 2) % 4, 'share', 1.0))
            end,
            case when i = count then 'waits: needs 900 mCPU, the roomiest of 5 workers has 800'
                else 'worker w3-' || (i / 2) % 4 || ': peak rises by 12 of 4000 mCPU, because '
                    || 'acme/images/resize-1 there is in antiphase to it' end,
            '2019-07-15 15:40+00', 3
        from unnest($1::text[]) with ordinality as n (name, i),
            lateral (select cardinality($1::text[]) as count) c
        """

    private static let workers = """
        insert into workers
        select 3, 'w3-' || w, 'ready', 600, 16384,
            (select count(*) from assignments, jsonb_array_elements(placements) p
                where p ->> 'worker' = 'w3-' || w),
            case w when 4 then 0 else 640 - 120 * w end, 4096, 100, 512,
            case w when 4 then 0 else 130.5 end, '[]', '2019-07-15 15:40+00'
        from generate_series(0, 4) w;
        insert into cells select 3, count(*), 1, 5, 4, 7, 3, 0, '2019-07-15 15:40+00'
        from assignments;
        """

    private static let progress = """
        insert into checkpoints (partition, epoch, owner, lag_messages, checkpointed_at)
        select p, 1, 'host-1:' || 4000 + p / 8, p, now() from generate_series(0, 15) p;
        """
}
