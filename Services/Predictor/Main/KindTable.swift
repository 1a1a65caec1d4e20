internal import Postgres
internal import Prediction

/// Writes when each kind of service is busy.
struct KindTable {
    /// What a row is about.
    struct Key: Hashable {
        let partition: Int32
        let kind: String
        let name: String
        let season: String
        let position: Int

        init(_ demand: KindDemand) {
            partition = demand.partition
            kind = demand.kind.rawValue
            name = demand.name
            season = demand.season.rawValue
            position = demand.position
        }
    }

    func write(_ kinds: [KindDemand], to session: inout Session) throws {
        guard !kinds.isEmpty else { return }
        try session.execute(
            """
            insert into kind_demand (partition, kind, name, season, position,
                invocations_per_hour, services, as_of)
            select * from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::int[],
                $6::float8[], $7::bigint[], $8::timestamptz[])
            on conflict (partition, kind, name, season, position) do update set
                invocations_per_hour = excluded.invocations_per_hour,
                services = excluded.services, as_of = excluded.as_of
            """,
            .int4Array(kinds.map(\.partition)), .textArray(kinds.map(\.kind.rawValue)),
            .textArray(kinds.map(\.name)), .textArray(kinds.map(\.season.rawValue)),
            .int4Array(kinds.map { Int32($0.position) }),
            .float8Array(kinds.map(\.invocationsPerHour)),
            .int8Array(kinds.map { Int64($0.services) }),
            .timestampMsArray(kinds.map(\.asOfMs)))
        // A kind that is no more has no hours and days; its weeks are kept for a year.
        try session.execute(
            """
            delete from kind_demand using (
                select partition, max(as_of) as newest from kind_demand group by partition
            ) as known
            where kind_demand.partition = known.partition
                and as_of < newest - case when season = 'week_of_year'
                    then interval '400 days' else interval '7 days' end
            """)
    }
}
