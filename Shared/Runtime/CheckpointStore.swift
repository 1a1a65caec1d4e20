internal import Foundation
internal import Postgres
internal import Processing
internal import Topics

/// What PostgreSQL keeps of a stage's partitions: claims, positions, state; written last, read first.
struct CheckpointStore<Kept: Stage>: Sendable {
    let owner: String
    let writeRows: @Sendable (_ rows: [Kept.Row], _ session: inout Session) throws -> Void

    /// Makes this process the partition's owner and reads what the last one kept.
    func claim(
        _ partition: Int32, stage: Kept, nowMs: Int64, in session: inout Session
    ) throws -> OwnedPartition<Kept> {
        // Commits by itself: from here on the last owner's checkpoints are refused. An epoch is at
        // least the time, so that a stage whose schema was dropped, or whose last claims a failover
        // lost, is not taken for a former owner.
        let claimed = try session.execute(
            """
            insert into checkpoints as c (partition, epoch, owner)
            values ($1, extract(epoch from now())::bigint, $2)
            on conflict (partition) do update
            set epoch = greatest(c.epoch + 1, excluded.epoch), owner = excluded.owner,
                claimed_at = now()
            returning epoch, positions::text, fences::text, checkpoint
            """, .int4(partition), .text(owner))[0]
        var stage = stage
        let entries = try session.execute(
            "select key, value from state where partition = $1 order by key", .int4(partition))
        for row in entries {
            let entry = StateEntry(key: row[0], value: row[1] as [UInt8])
            do throws(CorruptState) {
                try stage.restore(entry)
            } catch {
                let what = "entry \"\(entry.key)\" of \(entry.value?.count ?? 0) bytes: \(error)"
                throw UnreadableCheckpoint(partition: partition, what: what)
            }
        }
        do throws(CorruptState) {
            try stage.completeRestore()
        } catch {
            throw UnreadableCheckpoint(partition: partition, what: "\(error)")
        }
        var rejections: [RejectionKey: RejectionCount] = [:]
        for row in try session.execute(
            """
            select topic, reason, messages, last_detail, last_offset
            from rejections where partition = $1
            """, .int4(partition))
        {
            rejections[RejectionKey(topic: row[0], reason: row[1])] = RejectionCount(
                messages: row[2], lastDetail: row[3], lastOffset: row[4])
        }
        return OwnedPartition(
            number: partition, epoch: claimed[0], checkpoint: claimed[3], stage: stage,
            positions: try numbers(inJSON: claimed[1], of: partition),
            fences: Fences(try numbers(inJSON: claimed[2], of: partition)),
            rejections: rejections, nowMs: nowMs)
    }

    /// Which of these partitions still have this epoch.
    func stillHeld(
        _ epochs: [Int32: Int64], in session: inout Session
    ) throws -> Set<Int32> {
        let sorted = epochs.sorted { $0.key < $1.key }
        let held = try session.execute(
            """
            select c.partition from checkpoints c
            join unnest($1::int[], $2::bigint[]) as n(partition, epoch) using (partition, epoch)
            """, .int4Array(sorted.map(\.key)), .int8Array(sorted.map(\.value)))
        return Set(held.map { $0[0] as Int32 })
    }

    /// What is to be kept, taken once so that the transaction can be repeated.
    struct Snapshot: Sendable {
        let partition: Int32
        let epoch: Int64
        /// The number of the checkpoint before.
        let follows: Int64
        let positions: [String: Int64]
        let fences: Fences
        let lag: Int64
        let entries: [StateEntry]
        let rows: [Kept.Row]
        let rejections: [(key: RejectionKey, count: RejectionCount)]
    }

    /// Keeps the snapshots in one transaction: state, table rows and positions, all or nothing.
    /// - Returns: the partitions that were refused: another process owns them now, or the database has
    ///   lost the checkpoint that this one follows, as a failover may. One that is kept already, for
    ///   its transaction's end was not heard of, is kept again.
    func commit(_ snapshots: [Snapshot], in session: inout Session) throws -> Set<Int32> {
        guard !snapshots.isEmpty else { return [] }
        return try session.transaction { session in
            // First, for it locks the rows: who claims now waits until this is done.
            let accepted = try session.execute(
                """
                update checkpoints c
                set positions = n.positions, fences = n.fences, lag_messages = n.lag,
                    checkpoint = n.follows + 1, checkpointed_at = now()
                from unnest($1::int[], $2::bigint[], $3::jsonb[], $4::jsonb[], $5::bigint[],
                        $6::bigint[])
                    as n(partition, epoch, positions, fences, lag, follows)
                where c.partition = n.partition and c.epoch = n.epoch
                    and c.checkpoint in (n.follows, n.follows + 1)
                returning c.partition
                """,
                .int4Array(snapshots.map(\.partition)), .int8Array(snapshots.map(\.epoch)),
                .jsonArray(snapshots.map { json($0.positions) }),
                .jsonArray(snapshots.map { json($0.fences.epochs) }),
                .int8Array(snapshots.map(\.lag)), .int8Array(snapshots.map(\.follows)))
            let kept = Set(accepted.map { $0[0] as Int32 })
            let mine = snapshots.filter { kept.contains($0.partition) }
            try keep(mine, in: &session)
            // In order: of a row that comes twice the last one stays.
            let rows = mine.flatMap(\.rows)
            for start in stride(from: 0, to: rows.count, by: Limits.rowsPerWrite) {
                let end = min(start + Limits.rowsPerWrite, rows.count)
                try writeRows(Array(rows[start..<end]), &session)
            }
            return Set(snapshots.map(\.partition)).subtracting(kept)
        }
    }

    private func keep(_ snapshots: [Snapshot], in session: inout Session) throws {
        var part: [(partition: Int32, entry: StateEntry)] = []
        var bytes = 0
        for snapshot in snapshots {
            for entry in snapshot.entries {
                let more = entry.value?.count ?? 0
                if part.count == Limits.entriesPerWrite || bytes + more > Limits.entryBytesPerWrite
                {
                    try keep(part, in: &session)
                    part = []
                    bytes = 0
                }
                part.append((snapshot.partition, entry))
                bytes += more
            }
        }
        try keep(part, in: &session)
        try keepRejections(snapshots, in: &session)
    }

    private func keep(
        _ entries: [(partition: Int32, entry: StateEntry)], in session: inout Session
    ) throws {
        let kept = entries.filter { $0.entry.value != nil }
        let gone = entries.filter { $0.entry.value == nil }
        if !kept.isEmpty {
            try session.execute(
                """
                insert into state (partition, key, value)
                select * from unnest($1::int[], $2::text[], $3::bytea[])
                on conflict (partition, key) do update set value = excluded.value
                """,
                .int4Array(kept.map(\.partition)), .textArray(kept.map(\.entry.key)),
                .bytesArray(kept.compactMap(\.entry.value)))
        }
        if !gone.isEmpty {
            try session.execute(
                """
                delete from state s using unnest($1::int[], $2::text[]) as g(partition, key)
                where s.partition = g.partition and s.key = g.key
                """,
                .int4Array(gone.map(\.partition)), .textArray(gone.map(\.entry.key)))
        }
    }

    private func keepRejections(_ snapshots: [Snapshot], in session: inout Session) throws {
        let counts = snapshots.flatMap { snapshot in
            snapshot.rejections.map { (snapshot.partition, $0.key, $0.count) }
        }
        guard !counts.isEmpty else { return }
        try session.execute(
            """
            insert into rejections (partition, topic, reason, messages, last_detail, last_offset)
            select * from unnest($1::int[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[])
            on conflict (partition, topic, reason) do update
            set messages = excluded.messages, last_detail = excluded.last_detail,
                last_offset = excluded.last_offset, last_rejected_at = now()
            """,
            .int4Array(counts.map(\.0)), .textArray(counts.map(\.1.topic)),
            .textArray(counts.map(\.1.reason)), .int8Array(counts.map(\.2.messages)),
            .textArray(counts.map { storable($0.2.lastDetail) }),
            .int8Array(counts.map(\.2.lastOffset)))
    }
}

/// What a text column takes: no U+0000, and not more than people read. By scalars, for with an
/// accent behind it U+0000 is another character to Swift.
private func storable(_ detail: String) -> String {
    var text = String.UnicodeScalarView()
    for scalar in detail.unicodeScalars.prefix(Limits.detailScalars) {
        text.append(scalar == "\0" ? " " : scalar)
    }
    return String(text)
}

private func json(_ numbers: [String: Int64]) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    do {
        return String(decoding: try encoder.encode(numbers), as: UTF8.self)
    } catch {
        preconditionFailure("encode \(numbers): \(error)")
    }
}

private func numbers(
    inJSON text: String, of partition: Int32
) throws(UnreadableCheckpoint) -> [String: Int64] {
    do {
        return try JSONDecoder().decode([String: Int64].self, from: Data(text.utf8))
    } catch {
        throw UnreadableCheckpoint(
            partition: partition,
            what: "\(text.prefix(256)) where numbers by topic or writer are kept")
    }
}

/// What a partition's last owner kept cannot be read: this process ends, and nothing was changed.
struct UnreadableCheckpoint: Error, Equatable, CustomStringConvertible {
    let partition: Int32
    /// What was read, and what was expected.
    let what: String

    var description: String {
        "read the checkpoint of partition \(partition): \(what). If a newer version wrote it, start "
            + "that one; else put the tables state and checkpoints back from a backup, or delete "
            + "the partition's rows of state and set its positions in checkpoints to '{}': all "
            + "is then made again from what the topics hold"
    }
}
