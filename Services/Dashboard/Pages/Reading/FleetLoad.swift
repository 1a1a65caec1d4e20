internal import Postgres

/// What the whole fleet did in the 24 hours that end with its latest slot, a slot each.
///
/// It is a sum over every function, so it is read in pieces: the oldest first, then the end that
/// grows, and all of it again and again, for a partition that is behind fills its slots later.
struct FleetLoad: Sendable, Equatable {
    private(set) var startMs: Int64
    /// (288) nil where it is not read yet.
    private(set) var invocations: [Double?]
    /// Up to here everything was read once.
    private(set) var readToMs: Int64
    /// From here on it is read again, once all was read.
    private(set) var againFromMs: Int64
    private var wasComplete = false

    /// How much one piece holds.
    static let pieceMs: Int64 = 24 * Times.slotMs
    /// What is read again with every growth.
    static let tailMs: Int64 = 6 * Times.slotMs

    var endMs: Int64 { startMs + Times.dayMs }
    var isComplete: Bool { readToMs >= endMs }

    init(endMs: Int64) {
        startMs = endMs - Times.dayMs
        invocations = Array(repeating: nil, count: Times.slotsPerDay)
        readToMs = startMs
        againFromMs = startMs
    }

    /// The window moves on with the fleet's time, or starts anew where that went back.
    mutating func move(toEndMs endMs: Int64) {
        let slots = Int((endMs - self.endMs) / Times.slotMs)
        guard slots >= 0, slots < Times.slotsPerDay else {
            self = FleetLoad(endMs: endMs)
            return
        }
        startMs += Int64(slots) * Times.slotMs
        invocations = Array(invocations.dropFirst(slots)) + Array(repeating: nil, count: slots)
        readToMs = max(readToMs, startMs)
        if againFromMs < startMs || againFromMs >= readToMs { againFromMs = startMs }
    }

    /// What to read next.
    var pieces: [Range<Int64>] {
        guard wasComplete else { return [readToMs..<min(endMs, readToMs + Self.pieceMs)] }
        let from = max(startMs, readToMs - Self.tailMs)
        return [
            from..<min(endMs, from + Self.pieceMs),
            againFromMs..<min(max(againFromMs, readToMs), againFromMs + Self.pieceMs),
        ]
    }

    mutating func took(_ piece: Range<Int64>, _ counts: [Int64: Double]) {
        for atMs in stride(from: piece.lowerBound, to: piece.upperBound, by: Int(Times.slotMs)) {
            invocations[Int((atMs - startMs) / Times.slotMs)] = counts[atMs] ?? 0
        }
        if wasComplete, piece.lowerBound == againFromMs { againFromMs = piece.upperBound }
        readToMs = max(readToMs, piece.upperBound)
        wasComplete = wasComplete || isComplete
    }
}

extension Views {
    /// Reads the next piece of the fleet's load.
    ///
    /// - Returns: nil while there is none.
    mutating func fleetLoad(after known: FleetLoad?) throws(PostgresError) -> FleetLoad? {
        guard has("functions"), has("slots"), let seenMs = try fleetLastSeenMs() else {
            return nil
        }
        // The latest slot is still filling.
        let endMs = seenMs / Times.slotMs * Times.slotMs
        var load = known ?? FleetLoad(endMs: endMs)
        load.move(toEndMs: endMs)
        for piece in load.pieces { load.took(piece, try counts(in: piece)) }
        return load
    }

    /// Invocations by the start of their slot.
    private mutating func counts(
        in piece: Range<Int64>
    ) throws(PostgresError) -> [Int64: Double] {
        var counts: [Int64: Double] = [:]
        var fromMs = piece.lowerBound
        // Day by day: slots count from 0 in each.
        while fromMs < piece.upperBound {
            let dayMs = fromMs / Times.dayMs * Times.dayMs
            let toMs = min(piece.upperBound, dayMs + Times.dayMs)
            let rows = try rows(
                """
                select slot::bigint, invocations::float8 from slots
                where day = (to_timestamp($1::bigint / 1000) at time zone 'UTC')::date
                    and slot between $2::bigint and $3::bigint
                """, .int8(dayMs), .int8((fromMs - dayMs) / Times.slotMs),
                .int8((toMs - 1 - dayMs) / Times.slotMs))
            for row in rows { counts[dayMs + row[0] * Times.slotMs] = row[1] as Double }
            fromMs = toMs
        }
        return counts
    }
}
