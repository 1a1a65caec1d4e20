internal import Foundation
internal import Postgres
internal import RepresentationLearning
internal import Topics

/// Writes the learner's tables, inside the transaction of a checkpoint.
struct LearnerTables {
    /// Functions that are written with one statement at most.
    static let rowsMax = 1_000
    static let modelRetentionDays = 30

    func write(_ rows: [LearnerStage.Row], to session: inout Session) throws {
        var newest: [FunctionID: RepresentationRow] = [:]
        for row in rows {
            switch row {
            case .representation(let row): newest[row.representation.functionID] = row
            case .model(let released):
                try write(released, to: &session)
                try ClusterTable.write(released, to: &session)
            }
        }
        let sorted = newest.sorted { $0.key < $1.key }.map(\.value)
        for start in stride(from: 0, to: sorted.count, by: Self.rowsMax) {
            try write(sorted[start..<min(start + Self.rowsMax, sorted.count)], to: &session)
        }
    }

    private func write(
        _ rows: ArraySlice<RepresentationRow>, to session: inout Session
    ) throws {
        let told = rows.map(\.representation)
        try session.execute(
            """
            insert into representations (
                customer, service, function, model_version, vector, cluster, predictability, slots,
                mean_milli_cpu, day_profile, nearest, opposite, as_of)
            select customer, service, function, model_version, vector::real[], cluster,
                predictability, slots, mean_milli_cpu, day_profile::real[], nearest, opposite, as_of
            from unnest(
                $1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::real[],
                $8::int[], $9::float8[], $10::text[], $11::jsonb[], $12::jsonb[],
                $13::timestamptz[])
                as n(customer, service, function, model_version, vector, cluster, predictability,
                    slots, mean_milli_cpu, day_profile, nearest, opposite, as_of)
            on conflict (customer, service, function) do update set
                model_version = excluded.model_version, vector = excluded.vector,
                cluster = excluded.cluster, predictability = excluded.predictability,
                slots = excluded.slots, mean_milli_cpu = excluded.mean_milli_cpu,
                day_profile = excluded.day_profile, nearest = excluded.nearest,
                opposite = excluded.opposite, as_of = excluded.as_of
            """,
            .textArray(told.map(\.customer)), .textArray(told.map(\.service)),
            .textArray(told.map(\.function)), .int4Array(told.map { Int32($0.modelVersion) }),
            .textArray(told.map { arrayText($0.vector) }),
            .int4Array(told.map { Int32($0.cluster) }),
            .float4Array(told.map { Float($0.predictability) }),
            .int4Array(told.map { Int32($0.slots) }), .float8Array(rows.map(\.meanMilliCpu)),
            .textArray(rows.map { arrayText($0.dayProfile) }),
            .jsonArray(try told.map { try json($0.nearest) }),
            .jsonArray(try told.map { try json($0.opposite) }),
            .timestampMsArray(rows.map(\.asOfMs)))
    }

    private func write(_ released: ModelReleased, to session: inout Session) throws {
        try session.execute("select keep_model_days($1)", .int4(Int32(Self.modelRetentionDays)))
        try session.execute(
            """
            insert into models (
                name, version, digest, metrics, seed, fitted_from, fitted_to, parameters)
            select $1, $2, $3, $4, $5, $6, $7, $8
            where not exists (
                select from models where name = $1 and version = $2 and digest = $3)
            """,
            .text(released.name), .int4(Int32(released.version)), .text(released.digest),
            .json(try json(released.metrics)), .int8(Int64(bitPattern: released.seed)),
            .timestampMs(released.fittedFromMs), .timestampMs(released.fittedToMs),
            .bytes(Array(released.parameters)))
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

}

/// An array of arrays cannot be unnested row by row: each goes as its text.
func arrayText(_ values: [Float]) -> String {
    "{" + values.map(\.description).joined(separator: ",") + "}"
}
