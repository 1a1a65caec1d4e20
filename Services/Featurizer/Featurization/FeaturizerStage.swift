public import Processing
public import Topics

/// Invocations in, shapes out: a function's slot is published when it closes, and again when an
/// invocation comes late.
///
/// Time is the invocations' own. The watermark lies `latenessMs` behind the start of the latest
/// one; a slot closes when the watermark passes its end, and stays correctable for `horizonMs`
/// more. Slots are published when the watermark enters another minute, so a correction gathers up
/// to a minute of late invocations; and early, open or not, when the partition has gone quiet by
/// the wall clock: what comes after that supersedes it. An invocation belongs to the slot it starts
/// in and is felt in all that it runs in; it is too late when none of those can be corrected.
public struct FeaturizerStage: Stage {
    public static let inputs = [Topic.invocations]

    let partition: Int32
    let settings: FeaturizerSettings
    let hashKey: UInt64
    var store = FunctionStore()
    /// When the latest invocation started; nil before the first.
    var latestStartMs: Int64?

    /// Nodes of that slot, in the order in which they were made.
    var live: [Int64: [Int32]] = [:]
    /// Those of them that have something to publish.
    var due: [Int64: [Int32]] = [:]
    /// Functions whose entries, or their slots', changed since `takeChanges`.
    var changed: [Int32] = []
    /// Functions whose row is not written yet.
    var rowsDue: [Int32] = []
    private var rowsTakenMs: Int64?
    // As `advance` was told last.
    private var nowMs: Int64 = 0
    private var isQuiet = false
    private static let rowsEveryMs: Int64 = 30_000
    private static let quietRowsMs: Int64 = 1_000
    /// So many do not wait.
    private static let rowsAtOnce = 1_000
    var segments = StateSegments()
    /// Keys of entries that are gone since the state was last taken.
    var removedKeys: [String] = []
    /// Functions that were restored from entries of version 1.
    var unsegmented: [Int32] = []
    var isWatermarkChanged = false

    var seen = SeenInvocations()
    /// Kept with what it hashed.
    var seenHashKey: UInt64
    var isSeenKeyChanged: Bool

    var batch: InvocationBatch
    var counted = Counted()

    /// Counted since the last `advance`: naming a counter for each invocation costs more than
    /// folding it.
    struct Counted: Equatable {
        var folded = 0
        var unknownOutcomes = 0
        var corrections = 0
        var partsTooLate = 0
        var duplicates = 0
    }

    /// - Parameter hashKey: what names are hashed with; changes nothing but who can foresee it.
    public init(
        partition: Int32, settings: FeaturizerSettings = FeaturizerSettings(), hashKey: UInt64 = 0
    ) {
        self.partition = partition
        self.settings = settings
        self.hashKey = hashKey
        seenHashKey = hashKey
        isSeenKeyChanged = settings.deduplicates
        batch = InvocationBatch(hashKey: hashKey, keepsIDs: settings.deduplicates)
    }

    public static func decode(
        _ value: Span<UInt8>, of topic: Topic, headers: Headers
    ) throws(Rejection) -> Invocation {
        try Invocation(decoding: value, as: InvocationEncoding(headers))
    }

    public mutating func process(
        _ invocation: Invocation, nowMs: Int64, _ effects: inout Effects<FeaturizerRow>
    ) throws(Rejection) {
        batch.removeAll()
        batch.append(invocation)
        try fold(batch.invocations[0], batch.texts, known: nil, nowMs: nowMs, &effects)
    }

    public mutating func advance(
        nowMs: Int64, quietMs: Int64, _ effects: inout Effects<FeaturizerRow>
    ) {
        if quietMs >= settings.quietCloseMs { publish(before: .max, &effects) }
        self.nowMs = nowMs
        if rowsTakenMs == nil { rowsTakenMs = nowMs }
        isQuiet = quietMs >= Self.quietRowsMs
        guard counted != Counted() else { return }
        effects.count("invocations_folded", by: counted.folded)
        effects.count("unknown_outcomes", by: counted.unknownOutcomes)
        effects.count("late_corrections", by: counted.corrections)
        effects.count("parts_too_late", by: counted.partsTooLate)
        effects.count("duplicates_left_out", by: counted.duplicates)
        counted = Counted()
    }

    /// Many rows wait for half a minute: while a fleet is busy each of its functions changes all the
    /// time, and writing that costs more than folding it.
    public mutating func takeRows() -> [FeaturizerRow] {
        let isTime = nowMs - (rowsTakenMs ?? nowMs) >= Self.rowsEveryMs
        guard rowsDue.count <= Self.rowsAtOnce || isTime || isQuiet else { return [] }
        rowsTakenMs = nowMs
        var rows: [FeaturizerRow] = []
        rows.reserveCapacity(rowsDue.count)
        for number in rowsDue {
            store.functions[number].isRowDue = false
            if let totals = totals(of: number) { rows.append(.function(totals)) }
        }
        rowsDue.removeAll(keepingCapacity: true)
        return rows
    }

    public var gauges: [Gauge] {
        [
            Gauge("functions", Double(store.functions.count)),
            Gauge("slots", Double(store.nodes.count)),
            Gauge("slots_due", Double(due.values.reduce(0) { $0 + $1.count })),
            Gauge("invocations_remembered", Double(seen.count)),
            Gauge("state_bytes", Double(store.bytes + seen.bytes)),
            Gauge("watermark_seconds", Double(watermarkMs ?? 0) / 1_000),
        ]
    }

    /// Nothing that starts later than `latenessMs` before it is expected any more.
    var watermarkMs: Int64? { latestStartMs.map { $0 - settings.latenessMs } }
    var watermarkMinute: Int64 { max(0, watermarkMs ?? 0) / 60_000 }

    /// The oldest slot that can be corrected.
    var oldestSlot: Int64 {
        guard let watermarkMs, watermarkMs > settings.horizonMs else { return 0 }
        return (watermarkMs - settings.horizonMs) / FunctionShape.slotMs
    }

    func id(of number: Int32) -> FunctionID { store.functions.id(of: number) }

    private func totals(of number: Int32) -> FunctionTotals? {
        guard let (sum, firstSeenMs) = store.totals(of: number) else { return nil }
        let setup = sum.setup
        return FunctionTotals(
            function: id(of: number), partition: partition,
            trigger: store.words.text(setup.trigger), runtime: store.words.text(setup.runtime),
            memoryMb: setup.memoryMb, deadlineMs: setup.deadlineMs < 0 ? nil : setup.deadlineMs,
            counts: sum.counts, coldStarts: sum.coldStarts, firstSeenMs: firstSeenMs,
            lastSeenMs: sum.lastSeenMs)
    }

    mutating func moveWatermark(
        to startedAtMs: Int64, _ effects: inout Effects<FeaturizerRow>
    ) {
        let before = latestStartMs
        guard startedAtMs > before ?? -1 else { return }
        latestStartMs = startedAtMs
        isWatermarkChanged = true
        let minuteMs: Int64 = 60_000
        guard let watermarkMs, let before,
            watermarkMs / minuteMs > (before - settings.latenessMs) / minuteMs
        else { return }
        publish(before: watermarkMs / FunctionShape.slotMs, &effects)
        removeSlots(before: oldestSlot)
        seen.forget(before: watermarkMinute)
    }

    /// Slots that are read into the cache together.
    private static let prefetched = 32

    /// Publishes what is due of the slots before that one.
    private mutating func publish(before slot: Int64, _ effects: inout Effects<FeaturizerRow>) {
        let closing = due.keys.filter { $0 < slot }
        guard !closing.isEmpty else { return }
        var gaps = GapCounts()
        for closed in closing.sorted() {
            let numbers = due.removeValue(forKey: closed) ?? []
            for (place, number) in numbers.enumerated() {
                if place.isMultiple(of: Self.prefetched) {
                    store.prefetch(numbers[place...].prefix(Self.prefetched))
                }
                let node = store.nodes[number]
                let id = store.functions.id(of: node.function)
                let shape = store.shape(
                    of: id, slot: node.slot, correction: node.nextCorrection, tally: node.tally,
                    &gaps)
                if shape.correction > 0 { counted.corrections += 1 }
                effects.publish(shape)
                effects.save(
                    .slot(
                        FunctionSlot(
                            function: id, partition: partition, slot: closed,
                            invocations: shape.counts.total, cpuMs: shape.cpuMs)))
                store.nodes[number].nextCorrection += 1
                store.nodes[number].isDue = false
                store.nodes[number].isChanged = true
                markChanged(node.function)
            }
        }
    }

    private mutating func removeSlots(before slot: Int64) {
        for gone in live.keys.filter({ $0 < slot }).sorted() {
            for number in live.removeValue(forKey: gone) ?? [] {
                let node = store.nodes[number]
                segments.forget(node.storedBytes, in: node.segment)
                store.removeNode(number)
                markChanged(node.function)
            }
        }
    }

    /// Its entry, or a slot's of it, is to be written.
    mutating func markChanged(_ number: Int32) {
        guard !store.functions[number].isListed else { return }
        store.functions[number].isListed = true
        changed.append(number)
    }
}

extension InvocationEncoding {
    init(_ headers: Headers) throws(Rejection) {
        try self.init(
            contentType: headers.contentType, customer: headers.customer,
            service: headers.service, function: headers.function)
    }
}
