internal import Processing
internal import Topics

/// State of version 1: entries of their own for functions, with the totals of all their slots, and
/// for slots. What was read so is written anew as a segment, and its entries are removed.
extension FeaturizerStage {
    mutating func restoreUnsegmented(
        _ key: String, _ parts: [String], _ value: [UInt8]
    ) throws(CorruptState) {
        let path = parts.prefix(3).joined(separator: "/")
        guard parts.count == 3 || parts.count == 4, FunctionID(path: path) != nil else {
            throw CorruptState("state entry \(key) is of no function")
        }
        let bytes = Array(path.utf8)
        let hash = InvocationBatch.hash(ofPath: bytes, key: hashKey)
        let number: Int32
        if let known = store.functions.number(of: bytes.span, hash: hash) {
            number = known
        } else {
            guard store.functions.count < FeaturizerLimits.functionsMax else {
                throw CorruptState(
                    "more than \(FeaturizerLimits.functionsMax) functions, \(path) the first")
            }
            number = Int32(store.functions.count)
            store.functions.addUnnamed(upTo: number)
            try store.name(number, bytes, hashKey)
        }
        var reader = try StateReader(value, newest: 1)
        if parts.count == 3 {
            let setup = try store.readSetup(&reader)
            let past = Past(
                counts: try OutcomeCounts(reading: &reader),
                coldStarts: try reader.readInt(in: StateLimits.counts),
                lastSeenMs: 0, setup: setup)
            store.functions[number].firstSeenMs = try reader.readInt64(in: StateLimits.timesMs)
            let place = store.past(of: number)
            store.pasts[place] = past
            store.pasts[place].lastSeenMs = try reader.readInt64(in: StateLimits.timesMs)
            try reader.finish()
        } else {
            try restoreSlot(named: parts[3], &reader, to: number)
        }
        unsegmented.append(number)
        removedKeys.append(key)
    }

    private mutating func restoreSlot(
        named name: String, _ reader: inout StateReader, to number: Int32
    ) throws(CorruptState) {
        let slot = try reader.readInt64(in: StateLimits.slots)
        guard Int64(name) == slot, store.node(of: number, slot: Int32(slot)) == nil else {
            throw CorruptState(
                "state entry of slot \(name) holds slot \(slot), or is not the first")
        }
        let nextCorrection = try reader.readInt(in: 0...FieldLimits.versionMax)
        let isDue = try reader.readBool()
        let tally = store.tallies.add(SlotTally())
        store.tallies[tally].setup = try store.readSetup(&reader)
        try store.read(&reader, into: tally)
        try reader.finish()
        let node = store.addNode(of: number, slot: Int32(slot), tally: tally)
        store.nodes[node].nextCorrection = Int32(nextCorrection)
        store.nodes[node].isDue = isDue
    }

    mutating func completeUnsegmented() throws(CorruptState) {
        for number in Set(unsegmented).sorted() {
            let row = store.functions[number]
            guard row.past >= 0 else {
                throw CorruptState("function \(number) has slots and no entry of its own")
            }
            var next = row.newest
            while next >= 0 {
                let node = store.nodes[next]
                let tally = store.tallies[node.tally]
                store.pasts[row.past].counts.subtract(tally.outcomeCounts)
                store.pasts[row.past].coldStarts -= store.coldStarts(tally)
                next = node.older
            }
            let past = store.pasts[row.past]
            guard past.counts.all.allSatisfy({ $0 >= 0 }), past.coldStarts >= 0 else {
                throw CorruptState("function \(number) did more in its slots than in all")
            }
            store.functions[number].isChanged = true
            markChanged(number)
        }
        unsegmented = []
    }
}
