public import Processing
internal import Topics

// Entries: `watermark`; `/seen` with the key that invocations seen are hashed with; and segments,
// with a record for each function and each slot that changed. Before there were segments a function
// had an entry under its path and a slot under `path/slot`: those are still read.

/// Of entries and of records of functions and slots.
let stateVersion: UInt8 = 2
private let watermarkKey = "watermark"
private let seenKey = "/seen"

extension FeaturizerStage {
    public mutating func takeChanges() -> [StateEntry] {
        var entries: [StateEntry] = []
        if isWatermarkChanged, let latestStartMs {
            var writer = StateWriter(version: stateVersion)
            writer.write(latestStartMs)
            entries.append(StateEntry(key: watermarkKey, value: writer.bytes))
            isWatermarkChanged = false
        }
        if isSeenKeyChanged {
            var writer = StateWriter(version: stateVersion)
            writer.write(seenHashKey)
            entries.append(StateEntry(key: seenKey, value: writer.bytes))
            isSeenKeyChanged = false
        }
        if let last = segments.lastToEmpty(minute: watermarkMinute) { touchEntries(upTo: last) }
        writeSegment(&entries)
        removedKeys += segments.takeDead(minute: watermarkMinute)
        for key in removedKeys { entries.append(StateEntry(key: key, value: nil)) }
        removedKeys = []
        if store.words.count > WordTable.wordsMax { store.renumberWords() }
        return entries
    }

    /// What lives in those segments counts as changed.
    private mutating func touchEntries(upTo last: UInt32) {
        for number in 0..<Int32(store.functions.count) {
            let row = store.functions[number]
            var isTouched = row.segment > 0 && row.segment <= last
            if isTouched { store.functions[number].isChanged = true }
            var next = row.newest
            while next >= 0 {
                let node = store.nodes[next]
                if node.segment > 0, node.segment <= last {
                    store.nodes[next].isChanged = true
                    isTouched = true
                }
                next = node.older
            }
            if isTouched { markChanged(number) }
        }
    }

    private mutating func writeSegment(_ entries: inout [StateEntry]) {
        let number = segments.next
        var writer = SegmentWriter()
        let closed = Int32(clamping: (watermarkMs ?? 0) / FunctionShape.slotMs)
        for function in changed {
            store.functions[function].isListed = false
            var next = store.functions[function].newest
            while next >= 0 {
                let node = store.nodes[next]
                if !node.isDue, node.slot < closed { store.pack(next) }
                if store.nodes[next].isChanged {
                    let bytes = writer.append(.slot) { store.write(slot: next, to: &$0) }
                    segments.forget(node.storedBytes, in: node.segment)
                    segments.addLive(bytes, in: number)
                    store.nodes[next].segment = number
                    store.nodes[next].storedBytes = UInt32(bytes)
                    store.nodes[next].isChanged = false
                }
                next = node.older
            }
            guard store.functions[function].isChanged else { continue }
            let row = store.functions[function]
            let bytes = writer.append(.function) { store.write(function: function, to: &$0) }
            segments.forget(row.storedBytes, in: row.segment)
            segments.addLive(bytes, in: number)
            store.functions[function].segment = number
            store.functions[function].storedBytes = UInt32(bytes)
            store.functions[function].isChanged = false
        }
        changed.removeAll(keepingCapacity: true)
        for (minute, digests) in seen.takeUnkept() {
            _ = writer.append(.seen) { record in
                record.write(minute)
                record.write(digests) { $0.write($1) }
            }
            segments.addSeen(minute: minute, in: number)
        }
        writer.finishPiece()
        for (piece, bytes) in writer.pieces.enumerated() {
            segments.addPiece(piece, of: number, bytes: bytes.count)
            entries.append(StateEntry(key: StateSegments.key(number, piece), value: bytes))
        }
    }

    public mutating func restore(_ entry: StateEntry) throws(CorruptState) {
        guard let value = entry.value else {
            throw CorruptState("state entry \(entry.key) has no value")
        }
        let parts = entry.key.parts
        if entry.key == watermarkKey {
            var reader = try StateReader(value, newest: stateVersion)
            latestStartMs = try reader.readInt64(in: StateLimits.timesMs)
            try reader.finish()
        } else if entry.key == seenKey {
            var reader = try StateReader(value, newest: stateVersion)
            seenHashKey = try reader.readUInt()
            isSeenKeyChanged = false
            try reader.finish()
        } else if let (number, piece) = StateSegments.place(parts) {
            segments.addPiece(piece, of: number, bytes: value.count)
            try restore(piece: value, of: number)
        } else {
            try restoreUnsegmented(entry.key, parts, value)
        }
    }

    private mutating func restore(
        piece bytes: [UInt8], of number: UInt32
    ) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: stateVersion)
        while !reader.isAtEnd {
            let before = reader.position
            let kind = try reader.readUInt()
            let record = try reader.readBytes()
            let size = reader.position - before
            switch SegmentWriter.Record(rawValue: kind) {
            case .function:
                try store.restoreFunction(record, size, number, hashKey, &segments)
            case .slot: try store.restoreSlot(record, size, number, &segments)
            case .seen: try restoreSeen(record, number)
            case nil: throw CorruptState("a record is of kind \(kind), expected 0 to 2")
            }
        }
    }

    private mutating func restoreSeen(
        _ record: [UInt8], _ number: UInt32
    ) throws(CorruptState) {
        var reader = try StateReader(record, newest: stateVersion)
        let minute = try reader.readInt64(in: 0...FieldLimits.timeMsMax / 60_000)
        let digests = try reader.readArray { reader throws(CorruptState) in
            try reader.readUInt()
        }
        try reader.finish()
        seen.restore(digests, minute: minute)
        segments.addSeen(minute: minute, in: number)
    }

    public mutating func completeRestore() throws(CorruptState) {
        try completeUnsegmented()
        for number in 0..<Int32(store.functions.count) {
            let row = store.functions[number]
            guard row.pathCount > 0 else {
                throw CorruptState("function \(number) has slots and no entry of its own")
            }
            guard store.isPastPlausible(of: number) else {
                throw CorruptState("function \(number) did more in packed slots than in all")
            }
            guard store.totals(of: number) != nil else {
                throw CorruptState("function \(number) has neither slots nor a past")
            }
            // Whether the rows of those that were active lately were written is not known.
            var isRowDue = row.isRowDue
            var next = row.newest
            while next >= 0 {
                let node = store.nodes[next]
                live[Int64(node.slot), default: []].append(next)
                if node.isDue { due[Int64(node.slot), default: []].append(next) }
                isRowDue = isRowDue || node.tally >= 0
                next = node.older
            }
            store.functions[number].isRowDue = isRowDue
            if isRowDue { rowsDue.append(number) }
        }
        seen.forget(before: watermarkMinute)
    }
}
