public import Processing
internal import Topics

// Entries: `watermark`; one a function under its path, with its totals; one a slot that can still
// change under `path/slot`, so that a checkpoint writes what moved and not the whole hour.

private let version: UInt8 = 1
private let watermarkKey = "watermark"

extension FeaturizerStage {
    static func key(_ path: [UInt8], slot: Int64) -> String {
        String(decoding: path, as: UTF8.self) + "/\(slot)"
    }

    public mutating func takeChanges() -> [StateEntry] {
        var entries: [StateEntry] = []
        if isWatermarkChanged, let latestStartMs {
            var writer = StateWriter(version: version)
            writer.write(latestStartMs)
            entries.append(StateEntry(key: watermarkKey, value: writer.bytes))
        }
        for key in removed { entries.append(StateEntry(key: key, value: nil)) }
        for number in changed {
            entries.append(functions[number].entry())
            for i in functions[number].slots.indices where functions[number].slots[i].isChanged {
                functions[number].slots[i].isChanged = false
                let key = Self.key(functions[number].path, slot: functions[number].slots[i].slot)
                let value = functions[number].slots[i].written()
                entries.append(StateEntry(key: key, value: value))
            }
            functions[number].isChanged = false
        }
        isWatermarkChanged = false
        removed.removeAll()
        changed.removeAll()
        return entries
    }

    public mutating func restore(_ entry: StateEntry) throws(CorruptState) {
        guard let value = entry.value else {
            throw CorruptState("state entry \(entry.key) has no value")
        }
        if entry.key == watermarkKey {
            var reader = try StateReader(value, newest: version)
            latestStartMs = try reader.readInt64(in: StateLimits.timesMs)
            try reader.finish()
            return
        }
        let parts = entry.key.parts
        let path = parts.prefix(3).joined(separator: "/")
        guard parts.count == 3 || parts.count == 4, let id = FunctionID(path: path) else {
            throw CorruptState("state entry \(entry.key) is of no function")
        }
        let number = try number(restoring: id, path: Array(path.utf8))
        if parts.count == 3 {
            try functions[number].read(value)
        } else {
            try restoreSlot(named: parts[3], value, to: number)
        }
    }

    /// A slot whose function has no entry could not be kept again.
    public mutating func completeRestore() throws(CorruptState) {
        for tally in functions.tallies where tally.setup == nil {
            throw CorruptState("function \(tally.id) has slots and no entry of its own")
        }
    }

    /// Entries come in no order: a slot may come before its function.
    private mutating func number(
        restoring id: FunctionID, path: [UInt8]
    ) throws(CorruptState) -> Int32 {
        let digest = CompactInvocation.digest(ofPath: path)
        if let known = functions.number(of: path, digest: digest) { return known }
        guard functions.count < FeaturizerLimits.functionsMax else {
            throw CorruptState(
                "more than \(FeaturizerLimits.functionsMax) functions, \(id) the first")
        }
        return functions.add(id, path: path, digest: digest)
    }

    private mutating func restoreSlot(
        named name: String, _ value: [UInt8], to number: Int32
    ) throws(CorruptState) {
        let tally = try SlotTally(reading: value)
        guard Int64(name) == tally.slot else {
            throw CorruptState("state entry of slot \(name) holds slot \(tally.slot)")
        }
        let (place, isThere) = functions[number].place(ofSlot: tally.slot)
        guard !isThere else { throw CorruptState("slot \(name) is restored twice") }
        functions[number].slots.insert(tally, at: place)
        live[tally.slot, default: []].append(number)
        if tally.isDue { due[tally.slot, default: []].append(number) }
    }
}

extension FunctionTally {
    fileprivate func entry() -> StateEntry {
        var writer = StateWriter(version: version)
        guard let setup else { preconditionFailure("\(id) changed without an invocation") }
        setup.write(to: &writer)
        counts.write(to: &writer)
        writer.write(coldStarts)
        writer.write(firstSeenMs)
        writer.write(lastSeenMs)
        return StateEntry(key: String(decoding: path, as: UTF8.self), value: writer.bytes)
    }

    fileprivate mutating func read(_ value: [UInt8]) throws(CorruptState) {
        var reader = try StateReader(value, newest: version)
        setup = try FunctionSetup(reading: &reader)
        counts = try OutcomeCounts(reading: &reader)
        coldStarts = try reader.readInt(in: StateLimits.counts)
        firstSeenMs = try reader.readInt64(in: StateLimits.timesMs)
        lastSeenMs = try reader.readInt64(in: StateLimits.timesMs)
        try reader.finish()
    }
}

extension FunctionSetup {
    func write(to writer: inout StateWriter) {
        writer.write(saidAtMs)
        writer.write(memoryMb)
        writer.write(trigger)
        writer.write(runtime)
        writer.write(deadlineMs)
    }

    init(reading reader: inout StateReader) throws(CorruptState) {
        self.init(
            saidAtMs: try reader.readInt64(in: StateLimits.timesMs),
            memoryMb: try reader.readDouble(in: 0...FieldLimits.memoryMbMax),
            trigger: try reader.readOptionalWord(), runtime: try reader.readOptionalWord(),
            deadlineMs: try reader.readOptionalDouble(in: 0...FieldLimits.durationMsMax))
    }
}

extension OutcomeCounts {
    func write(to writer: inout StateWriter) {
        for count in [success, error, timeout, outOfMemory, throttled, killed, unknown] {
            writer.write(count)
        }
    }

    init(reading reader: inout StateReader) throws(CorruptState) {
        self.init()
        success = try reader.readInt(in: StateLimits.counts)
        error = try reader.readInt(in: StateLimits.counts)
        timeout = try reader.readInt(in: StateLimits.counts)
        outOfMemory = try reader.readInt(in: StateLimits.counts)
        throttled = try reader.readInt(in: StateLimits.counts)
        killed = try reader.readInt(in: StateLimits.counts)
        unknown = try reader.readInt(in: StateLimits.counts)
    }
}
