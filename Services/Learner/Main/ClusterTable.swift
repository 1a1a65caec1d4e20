internal import Postgres
internal import Processing
internal import RepresentationLearning
internal import Topics

/// Writes what a released encoder knows of its clusters, which its parameters hold in a form that only
/// the stages read.
enum ClusterTable {
    /// A version that is released anew has its clusters replaced.
    static func write(_ released: ModelReleased, to session: inout Session) throws {
        let clusters = try EncoderModel(bytes: Array(released.parameters)).clusters
        let version = Int32(released.version)
        try session.execute(
            """
            delete from clusters where model_version = $1
                or released_at < now() - make_interval(days => $2)
            """, .int4(version), .int4(Int32(LearnerTables.modelRetentionDays)))
        try session.execute(
            """
            insert into clusters (
                model_version, cluster, functions, day_profile, spread_mean, spread_p90,
                success_prior, success_functions)
            select $1, cluster, functions, day_profile::real[], spread_mean, spread_p90,
                success_prior, success_functions
            from unnest(
                $2::int[], $3::int[], $4::text[], $5::real[], $6::real[], $7::real[], $8::int[])
                as n(cluster, functions, day_profile, spread_mean, spread_p90, success_prior,
                    success_functions)
            """, .int4(version), .int4Array(clusters.map { Int32($0.id) }),
            .int4Array(clusters.map { Int32($0.size) }),
            .textArray(clusters.map { arrayText($0.dayProfile) }),
            .float4Array(clusters.map(\.spread.mean)), .float4Array(clusters.map(\.spread.p90)),
            .float4Array(clusters.map { $0.success?.share }),
            .int4Array(clusters.map { Int32($0.success?.functions ?? 0) }))
    }
}
