public import Processing
public import Topics

extension FeaturizerStage {
    /// Messages that are decoded together, and what they need read into the cache together.
    private static let batchMax = 64

    public mutating func process(
        _ run: MessageRun, nowMs: Int64, _ effects: inout Effects<FeaturizerRow>,
        rejecting: (Int, Rejection) -> Void
    ) {
        var places: [Int] = []
        var numbers: [Int32] = []
        places.reserveCapacity(Self.batchMax)
        numbers.reserveCapacity(Self.batchMax)
        var reading = Reading()
        var first = 0
        while first < run.count {
            let end = min(first + Self.batchMax, run.count)
            batch.removeAll()
            places.removeAll(keepingCapacity: true)
            for i in first..<end {
                do throws(Rejection) {
                    try decode(i, of: run, &reading)
                    places.append(i)
                } catch {
                    rejecting(i, error)
                }
            }
            find(&numbers)
            fold(places, numbers, nowMs: nowMs, &effects, rejecting)
            first = end
        }
    }

    /// How messages are to be read, made out anew where headers change.
    private struct Reading {
        var headersNumber = -1
        var usual: UsualEncoding?
        /// Where it is not as usual.
        var encoding: Result<InvocationEncoding, Rejection>?
    }

    @inline(__always)
    private mutating func decode(
        _ place: Int, of run: MessageRun, _ reading: inout Reading
    ) throws(Rejection) {
        let headersNumber = run.headersNumber(at: place)
        if headersNumber != reading.headersNumber {
            reading.headersNumber = headersNumber
            reading.usual = run.withHeaders(at: place) {
                UsualEncoding(contentType: $0, function: $3)
            }
            if reading.encoding != nil { reading.encoding = nil }
        }
        switch reading.usual {
        case .json: try append(place, of: run, as: .json)
        case .protobuf: try append(place, of: run, as: .protobuf)
        case .namedReport:
            let isAppended = try run.withHeaders(at: place) {
                (_, customer, service, function) throws(Rejection) in
                try run.withValue(at: place) { (value) throws(Rejection) in
                    try batch.append(decodingReport: value, of: customer, service, function)
                }
            }
            if !isAppended { try decodeUnusual(place, of: run, &reading) }
        case nil: try decodeUnusual(place, of: run, &reading)
        }
    }

    @inline(never)
    private mutating func decodeUnusual(
        _ place: Int, of run: MessageRun, _ reading: inout Reading
    ) throws(Rejection) {
        let encoding =
            reading.encoding
            ?? Result { () throws(Rejection) in try InvocationEncoding(run.headers(at: place)) }
        reading.encoding = encoding
        try append(place, of: run, as: try encoding.get())
    }

    private mutating func append(
        _ place: Int, of run: MessageRun, as encoding: InvocationEncoding
    ) throws(Rejection) {
        try run.withValue(at: place) { (value) throws(Rejection) in
            try batch.append(decoding: value, as: encoding)
        }
    }

    /// The batch's functions, -1 where one is new; and what of them folding will want is read.
    private func find(_ numbers: inout [Int32]) {
        numbers.removeAll(keepingCapacity: true)
        for i in batch.invocations.indices {
            store.functions.prefetchPlace(batch.invocations[i].pathHash)
        }
        for i in batch.invocations.indices {
            numbers.append(store.functions.likely(batch.invocations[i].pathHash))
        }
        store.prefetch(newestOf: numbers)
        let texts = batch.texts
        for i in batch.invocations.indices {
            let path = texts.span.extracting(batch.invocations[i].path.range)
            let hash = batch.invocations[i].pathHash
            numbers[i] = store.functions.number(of: path, hash: hash) ?? -1
        }
    }

    private mutating func fold(
        _ places: [Int], _ numbers: [Int32], nowMs: Int64,
        _ effects: inout Effects<FeaturizerRow>, _ rejecting: (Int, Rejection) -> Void
    ) {
        let texts = batch.texts
        for i in places.indices {
            do throws(Rejection) {
                try fold(
                    batch.invocations[i], texts, known: numbers[i], nowMs: nowMs, &effects)
            } catch {
                rejecting(places[i], error)
            }
        }
    }

    /// - Parameter known: the function's number, -1 or nil where it is to be looked for.
    mutating func fold(
        _ invocation: BatchedInvocation, _ texts: [UInt8], known: Int32?, nowMs: Int64,
        _ effects: inout Effects<FeaturizerRow>
    ) throws(Rejection) {
        let parts = ExecutionParts(invocation)
        let oldestSlot = oldestSlot
        try Self.check(
            invocation, lastSlot: parts.lastSlot, oldestSlot: oldestSlot, nowMs: nowMs, settings)
        guard isFirst(invocation, texts) else {
            counted.duplicates += 1
            return
        }
        let number =
            if let known, known >= 0 { known } else { try number(of: invocation, texts) }
        let listings = store.functions[number].note(startedAtMs: invocation.startedAtMs)
        if listings.isChanged { changed.append(number) }
        if listings.isRowDue { rowsDue.append(number) }
        if let part = parts.whole {
            // Its slot is the last one, which was checked.
            add(part, of: invocation, texts, to: number, starts: true)
        } else {
            for part in parts {
                guard part.slot >= oldestSlot else {
                    counted.partsTooLate += 1
                    // Counted all the same: in no slot, so in what is past.
                    if part.slot == parts.firstSlot { store.countPast(invocation, of: number) }
                    continue
                }
                add(part, of: invocation, texts, to: number, starts: part.slot == parts.firstSlot)
            }
        }
        counted.folded += 1
        if invocation.outcome == .unknown { counted.unknownOutcomes += 1 }
        moveWatermark(to: invocation.startedAtMs, &effects)
    }

    @inline(__always)
    private mutating func add(
        _ part: ExecutionPart, of invocation: BatchedInvocation, _ texts: [UInt8],
        to number: Int32, starts: Bool
    ) {
        let node = node(of: number, slot: Int32(part.slot))
        store.add(
            part, of: invocation, texts: texts, to: store.nodes[node].tally, starts: starts)
    }

    /// Static, for a method that mutates nothing is given a copy of all that the stage is.
    private static func check(
        _ invocation: BatchedInvocation, lastSlot: Int64, oldestSlot: Int64, nowMs: Int64,
        _ settings: FeaturizerSettings
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

    /// Late ones are not remembered: they count as often as they come.
    private mutating func isFirst(_ invocation: BatchedInvocation, _ texts: [UInt8]) -> Bool {
        guard settings.deduplicates, invocation.startedAtMs >= watermarkMs ?? 0 else {
            return true
        }
        let digest = InvocationBatch.digest(of: invocation, in: texts, key: seenHashKey)
        return seen.insert(digest, minute: invocation.startedAtMs / 60_000)
    }

    private mutating func number(
        of invocation: BatchedInvocation, _ texts: [UInt8]
    ) throws(Rejection) -> Int32 {
        let path = texts.span.extracting(invocation.path.range)
        if let known = store.functions.number(of: path, hash: invocation.pathHash) {
            return known
        }
        guard store.functions.count < FeaturizerLimits.functionsMax else {
            throw Rejection(
                .tooLarge,
                "partition \(partition) has \(FeaturizerLimits.functionsMax) functions, "
                    + "no more fit")
        }
        return store.functions.add(path, hash: invocation.pathHash)
    }

    private mutating func node(of number: Int32, slot: Int32) -> Int32 {
        let node: Int32
        if let known = store.node(of: number, slot: slot) {
            node = known
            if store.nodes[node].tally < 0 { store.unpack(node) }
            if store.nodes[node].note() { return node }
        } else {
            let tally = store.tallies.add(SlotTally())
            node = store.addNode(of: number, slot: slot, tally: tally)
            live[Int64(slot), default: []].append(node)
        }
        due[Int64(slot), default: []].append(node)
        return node
    }
}
