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
    var functions = FunctionTable()
    /// When the latest invocation started; nil before the first.
    var latestStartMs: Int64?

    /// Functions with a tally of that slot, in the order in which they got it.
    var live: [Int64: [Int32]] = [:]
    /// Those of them that have something to publish.
    var due: [Int64: [Int32]] = [:]
    /// Functions whose entries, or their slots', changed since `takeChanges`.
    var changed: [Int32] = []
    /// Keys of entries that are gone since.
    var removed: [String] = []
    var isWatermarkChanged = false
    /// Functions whose row is not written yet.
    private var rowsDue: [Int32] = []
    private var counted = Counted()

    /// Counted since the last `advance`: naming a counter for each invocation costs more than
    /// folding it.
    private struct Counted: Equatable {
        var folded = 0
        var unknownOutcomes = 0
        var corrections = 0
        var partsTooLate = 0
    }

    public init(partition: Int32, settings: FeaturizerSettings = FeaturizerSettings()) {
        self.partition = partition
        self.settings = settings
    }

    public static func decode(
        _ value: Span<UInt8>, of topic: Topic, headers: Headers
    ) throws(Rejection) -> CompactInvocation {
        let encoding = try InvocationEncoding(
            contentType: headers.contentType, customer: headers.customer,
            service: headers.service, function: headers.function)
        return try CompactInvocation(decoding: value, as: encoding)
    }

    public mutating func process(
        _ invocation: CompactInvocation, nowMs: Int64, _ effects: inout Effects<FeaturizerRow>
    ) throws(Rejection) {
        let parts = ExecutionParts(invocation)
        try check(invocation, lastSlot: parts.lastSlot, nowMs: nowMs)
        let number = try number(of: invocation)
        functions[number].count(invocation)
        markChanged(number)
        if !functions[number].isRowDue {
            functions[number].isRowDue = true
            rowsDue.append(number)
        }
        for part in parts { add(part, of: invocation, to: number, firstSlot: parts.firstSlot) }
        counted.folded += 1
        if invocation.outcome == .unknown { counted.unknownOutcomes += 1 }
        moveWatermark(to: invocation.startedAtMs, &effects)
    }

    public mutating func advance(
        nowMs: Int64, quietMs: Int64, _ effects: inout Effects<FeaturizerRow>
    ) {
        if quietMs >= settings.quietCloseMs { publish(before: .max, &effects) }
        for number in rowsDue {
            functions[number].isRowDue = false
            if let totals = functions[number].totals(partition: partition) {
                effects.save(.function(totals))
            }
        }
        rowsDue.removeAll(keepingCapacity: true)
        guard counted != Counted() else { return }
        effects.count("invocations_folded", by: counted.folded)
        effects.count("unknown_outcomes", by: counted.unknownOutcomes)
        effects.count("late_corrections", by: counted.corrections)
        effects.count("parts_too_late", by: counted.partsTooLate)
        counted = Counted()
    }

    public var gauges: [Gauge] {
        [
            Gauge("functions", Double(functions.count)),
            Gauge("slots", Double(live.values.reduce(0) { $0 + $1.count })),
            Gauge("slots_due", Double(due.values.reduce(0) { $0 + $1.count })),
            Gauge("watermark_seconds", Double(watermarkMs ?? 0) / 1_000),
        ]
    }

    /// Nothing that starts later than `latenessMs` before it is expected any more.
    var watermarkMs: Int64? { latestStartMs.map { $0 - settings.latenessMs } }

    /// The oldest slot that can be corrected.
    private var oldestSlot: Int64 {
        guard let watermarkMs, watermarkMs > settings.horizonMs else { return 0 }
        return (watermarkMs - settings.horizonMs) / FunctionShape.slotMs
    }

    private func check(
        _ invocation: CompactInvocation, lastSlot: Int64, nowMs: Int64
    ) throws(Rejection) {
        let startedAtMs = invocation.startedAtMs
        guard startedAtMs <= nowMs + settings.aheadMs else {
            throw Rejection(
                .inTheFuture,
                "started_at_ms is \(startedAtMs), expected at most \(settings.aheadMs) ahead of "
                    + "the clock's \(nowMs)")
        }
        guard lastSlot >= oldestSlot else {
            throw Rejection(
                .tooLate,
                "started_at_ms is \(startedAtMs), slots before "
                    + "\(oldestSlot * FunctionShape.slotMs) cannot be corrected any more")
        }
    }

    private mutating func number(of invocation: CompactInvocation) throws(Rejection) -> Int32 {
        let path = invocation.path
        if let known = functions.number(of: path, digest: invocation.pathDigest) { return known }
        guard functions.count < FeaturizerLimits.functionsMax else {
            throw Rejection(
                .tooLarge,
                "partition \(partition) has \(FeaturizerLimits.functionsMax) functions, "
                    + "no more fit")
        }
        guard let id = FunctionID(path: String(decoding: path, as: UTF8.self)) else {
            preconditionFailure("a decoded invocation has a function's path, got \(path)")
        }
        return functions.add(id, path: path, digest: invocation.pathDigest)
    }

    private mutating func add(
        _ part: ExecutionPart, of invocation: CompactInvocation, to number: Int32, firstSlot: Int64
    ) {
        guard part.slot >= oldestSlot else {
            counted.partsTooLate += 1
            return
        }
        let (place, isThere) = functions[number].place(ofSlot: part.slot)
        if !isThere {
            let tally = SlotTally(slot: part.slot, setup: FunctionSetup(invocation))
            functions[number].slots.insert(tally, at: place)
            live[part.slot, default: []].append(number)
            due[part.slot, default: []].append(number)
        } else if !functions[number].slots[place].isDue {
            functions[number].slots[place].isDue = true
            due[part.slot, default: []].append(number)
        }
        functions[number].slots[place].isChanged = true
        functions[number].slots[place].add(part, of: invocation, starts: part.slot == firstSlot)
    }

    private mutating func moveWatermark(
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
    }

    /// Publishes what is due of the slots before that one.
    private mutating func publish(before slot: Int64, _ effects: inout Effects<FeaturizerRow>) {
        for closed in due.keys.filter({ $0 < slot }).sorted() {
            for number in due.removeValue(forKey: closed) ?? [] {
                let (place, isThere) = functions[number].place(ofSlot: closed)
                precondition(isThere, "slot \(closed) is due and gone")
                let id = functions[number].id
                let shape = functions[number].slots[place].shape(of: id)
                if shape.correction > 0 { counted.corrections += 1 }
                effects.publish(shape)
                effects.save(
                    .slot(
                        FunctionSlot(
                            function: id, partition: partition, slot: closed,
                            invocations: shape.counts.total, cpuMs: shape.cpuMs)))
                functions[number].slots[place].nextCorrection += 1
                functions[number].slots[place].isDue = false
                functions[number].slots[place].isChanged = true
                markChanged(number)
            }
        }
    }

    private mutating func removeSlots(before slot: Int64) {
        for gone in live.keys.filter({ $0 < slot }).sorted() {
            for number in live.removeValue(forKey: gone) ?? [] {
                let (place, isThere) = functions[number].place(ofSlot: gone)
                precondition(isThere, "slot \(gone) is live and gone")
                functions[number].slots.remove(at: place)
                removed.append(Self.key(functions[number].path, slot: gone))
            }
        }
    }

    private mutating func markChanged(_ number: Int32) {
        guard !functions[number].isChanged else { return }
        functions[number].isChanged = true
        changed.append(number)
    }
}
