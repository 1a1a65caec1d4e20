internal import Foundation
internal import Postgres
internal import Processing
internal import RepresentationLearning
internal import Topics

/// What the tables know of the encoder's releases, and of fits that led to none.
enum EncoderReleases {
    private static let trainingRetentionDays = 30

    static func newest(in session: inout Session) throws -> ModelReleased? {
        try releases("", [], in: &session).first
    }

    /// - Parameter version: nil for the last one before the newest that is another model.
    static func earlier(_ version: Int?, in session: inout Session) throws -> ModelReleased? {
        if let version {
            return try releases("and version = $2", [.int4(Int32(version))], in: &session).first
        }
        guard let newest = try newest(in: &session) else { return nil }
        // A model that was gone back to has its parameters but for the version; the fit is the same.
        return try releases("and version < $2", [.int4(Int32(newest.version))], in: &session)
            .first { $0.fittedToMs != newest.fittedToMs || $0.seed != newest.seed }
    }

    private static func releases(
        _ condition: String, _ parameters: [Parameter], in session: inout Session
    ) throws -> [ModelReleased] {
        try session.execute(
            """
            select version, metrics::text as metrics, seed, fitted_from, fitted_to, parameters
            from models where name = $1 \(condition) order by version desc, released_at desc
            limit 100
            """, [.text(LearnerStage.modelName)] + parameters
        ).map { row in
            let metrics: String = row["metrics"]
            return ModelReleased(
                name: LearnerStage.modelName, version: row["version"],
                metrics: try JSONDecoder().decode(
                    [String: Double].self, from: Data(metrics.utf8)),
                fittedFromMs: row["fitted_from"], fittedToMs: row["fitted_to"],
                seed: UInt64(bitPattern: row["seed"] as Int64), parameters: row["parameters"])
        }
    }

    /// A fit that was repeated, for PostgreSQL was away, is one fit.
    static func keep(
        _ trained: Trainer.Trained, because reason: TrainingSchedule.Reason,
        in session: inout Session
    ) throws {
        let release = trained.release
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let metrics = String(decoding: try encoder.encode(release.metrics), as: UTF8.self)
        try session.execute(
            """
            insert into trainings (version, fitted_to, reason, released, metrics)
            values ($1, $2, $3, $4, $5)
            on conflict (version, fitted_to) do update set
                reason = excluded.reason, released = excluded.released,
                metrics = excluded.metrics, trained_at = now()
            """, .int4(Int32(release.version)), .timestampMs(release.fittedToMs),
            .text(reason.rawValue), .bool(trained.isReleased), .json(metrics))
        let tried = trained.candidates
        try session.execute(
            """
            insert into model_candidates (
                version, fitted_to, kernels, precision, encode_microseconds, bytes, recall_at_1,
                worst_gap, mean_gap, on_front, chosen, worst_group_kind, worst_group)
            select $1, $2, * from unnest(
                $3::int[], $4::text[], $5::float8[], $6::int[], $7::float8[], $8::float8[],
                $9::float8[], $10::bool[], $11::bool[], $12::text[], $13::text[])
            on conflict do nothing
            """, .int4(Int32(release.version)), .timestampMs(release.fittedToMs),
            .int4Array(tried.map { Int32($0.kernels) }),
            .textArray(tried.map(\.precision.rawValue)),
            .float8Array(tried.map(\.encodeMicroseconds)),
            .int4Array(tried.map { Int32($0.bytes) }), .float8Array(tried.map(\.recallAtOne)),
            .float8Array(tried.map(\.worstGap)), .float8Array(tried.map(\.meanGap)),
            .boolArray(tried.map(\.isOnFront)), .boolArray(tried.map(\.isChosen)),
            .textArray(tried.map { $0.worstGroup?.kind.rawValue }),
            .textArray(tried.map { $0.worstGroup?.name }))
        try session.execute(
            "delete from trainings where trained_at < now() - make_interval(days => $1)",
            .int4(Int32(Self.trainingRetentionDays)))
    }
}
