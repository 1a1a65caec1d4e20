import Processing
import Topics

/// Counts announcements by customer: the least that a stage can be.
struct TallyStage: Stage {
    typealias Input = ServiceAnnounced
    struct Row: Sendable, Equatable {
        let customer: String
        let count: Int
    }

    static var inputs: [Topic] { [.services] }

    private(set) var counts: [String: Int] = [:]
    private var changed: Set<String> = []

    static func decode(
        _ value: Span<UInt8>, of topic: Topic, headers: Headers
    ) throws(Rejection) -> ServiceAnnounced {
        try ServiceAnnounced(decoding: value)
    }

    mutating func process(
        _ input: ServiceAnnounced, nowMs: Int64, _ effects: inout Effects<Row>
    ) throws(Rejection) {
        counts[input.customer, default: 0] += 1
        changed.insert(input.customer)
        effects.save(Row(customer: input.customer, count: counts[input.customer] ?? 0))
    }

    mutating func takeChanges() -> [StateEntry] {
        defer { changed = [] }
        return changed.sorted().map { customer in
            var writer = StateWriter(version: 1)
            writer.write(counts[customer] ?? 0)
            return StateEntry(key: customer, value: writer.bytes)
        }
    }

    mutating func restore(_ entry: StateEntry) throws(CorruptState) {
        var reader = try StateReader(entry.value ?? [], newest: 1)
        counts[entry.key] = try reader.readInt()
    }
}
