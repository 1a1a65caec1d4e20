internal import Numerics
internal import Processing
internal import Topics

extension FunctionStore {
    func write(function number: Int32, to writer: inout StateWriter) {
        let row = functions[number]
        writer.write(Int64(number))
        functions.writePath(of: number, to: &writer)
        writer.write(row.firstSeenMs)
        writer.write(row.isRowDue)
        writer.write(row.past >= 0)
        if row.past >= 0 {
            let past = pasts[row.past]
            past.counts.write(to: &writer)
            writer.write(past.coldStarts)
            writer.write(past.lastSeenMs)
            write(past.setup, to: &writer)
        }
    }

    mutating func write(slot number: Int32, to writer: inout StateWriter) {
        let node = nodes[number]
        writer.write(Int64(node.function))
        writer.write(Int64(node.slot))
        writer.write(Int64(node.nextCorrection))
        writer.write(node.isDue)
        writer.write(node.tally < 0)
        if node.tally < 0 {
            writer.write(node.packed.copy(in: arena))
        } else {
            writer.writeCounted(version: tallyVersion) { write(tally: node.tally, to: &$0) }
        }
    }

    /// - Parameter segment: that holds it; an entry of the same in a later one counts.
    mutating func restoreFunction(
        _ record: [UInt8], _ size: Int, _ segment: UInt32, _ hashKey: UInt64,
        _ segments: inout StateSegments
    ) throws(CorruptState) {
        var reader = try StateReader(record, newest: stateVersion)
        let number = try readNumber(&reader)
        let path = try reader.readBytes()
        functions.addUnnamed(upTo: number)
        let row = functions[number]
        guard row.segment != segment else {
            throw CorruptState("function \(number) stands twice in segment \(segment)")
        }
        if row.pathCount == 0 {
            try name(number, path, hashKey)
        } else if functions.path(of: number) != path {
            throw CorruptState("function \(number) has two paths")
        }
        let firstSeenMs = try reader.readInt64(in: StateLimits.timesMs)
        let isRowDue = try reader.readBool()
        var past: Past?
        if try reader.readBool() {
            past = Past(
                counts: try OutcomeCounts(reading: &reader),
                coldStarts: try reader.readInt(in: StateLimits.counts),
                lastSeenMs: try reader.readInt64(in: StateLimits.timesMs),
                setup: try readSetup(&reader))
        }
        try reader.finish()
        guard row.segment < segment else { return }
        segments.forget(row.storedBytes, in: row.segment)
        segments.addLive(size, in: segment)
        functions[number].firstSeenMs = firstSeenMs
        functions[number].isRowDue = isRowDue
        functions[number].segment = segment
        functions[number].storedBytes = UInt32(size)
        if let past { pasts[self.past(of: number)] = past }
    }

    mutating func restoreSlot(
        _ record: [UInt8], _ size: Int, _ segment: UInt32, _ segments: inout StateSegments
    ) throws(CorruptState) {
        var reader = try StateReader(record, newest: stateVersion)
        let function = try readNumber(&reader)
        let slot = Int32(try reader.readInt64(in: StateLimits.slots))
        let nextCorrection = Int32(try reader.readInt(in: 0...FieldLimits.versionMax))
        let isDue = try reader.readBool()
        let isPacked = try reader.readBool()
        let bytes = try reader.readBytes()
        try reader.finish()
        functions.addUnnamed(upTo: function)
        let known = node(of: function, slot: slot)
        if let known {
            guard nodes[known].segment != segment else {
                throw CorruptState("slot \(slot) stands twice in segment \(segment)")
            }
            guard nodes[known].segment < segment else { return }
            segments.forget(nodes[known].storedBytes, in: nodes[known].segment)
            if nodes[known].tally >= 0 { releaseTally(nodes[known].tally) }
            nodes[known].packed.release(in: &arena)
        }
        let tally = try readTally(bytes)
        let number = known ?? addNode(of: function, slot: slot, tally: tally)
        nodes[number].tally = tally
        if isPacked {
            releaseTally(tally)
            nodes[number].tally = -1
            nodes[number].packed = ArenaBytes(bytes, in: &arena)
        }
        nodes[number].nextCorrection = nextCorrection
        nodes[number].isDue = isDue
        nodes[number].isChanged = false
        nodes[number].segment = segment
        nodes[number].storedBytes = UInt32(size)
        segments.addLive(size, in: segment)
    }

    mutating func name(
        _ number: Int32, _ path: [UInt8], _ hashKey: UInt64
    ) throws(CorruptState) {
        guard let text = String(validating: path, as: UTF8.self), path.count <= Int(UInt16.max),
            FunctionID(path: text) != nil
        else { throw CorruptState("function \(number) has a path that is none") }
        let hash = InvocationBatch.hash(ofPath: path, key: hashKey)
        guard functions.number(of: path.span, hash: hash) == nil else {
            throw CorruptState("function \(number) has the path of another")
        }
        functions.name(number, path.span, hash: hash)
    }

    /// Whether what its packed slots say is part of what its past says.
    mutating func isPastPlausible(of function: Int32) -> Bool {
        let row = functions[function]
        var counts = OutcomeCounts()
        var coldStarts = 0
        var next = row.newest
        while next >= 0 {
            let node = nodes[next]
            if node.tally < 0 {
                guard let tally = try? readTally(node.packed.copy(in: arena)) else { return false }
                counts.add(tallies[tally].outcomeCounts)
                coldStarts += self.coldStarts(tallies[tally])
                releaseTally(tally)
            }
            next = node.older
        }
        let past = row.past >= 0 ? pasts[row.past] : Past()
        return zip(past.counts.all, counts.all).allSatisfy { $0 >= $1 }
            && past.coldStarts >= coldStarts
    }

    private func readNumber(_ reader: inout StateReader) throws(CorruptState) -> Int32 {
        Int32(try reader.readInt(in: 0...FeaturizerLimits.functionsMax - 1))
    }

    /// Drops words that nobody has any more.
    mutating func renumberWords() {
        let old = words
        words = WordTable()
        func renumber(_ setup: inout Setup, _ words: inout WordTable) {
            setup.trigger = words.number(of: old.text(setup.trigger))
            setup.runtime = words.number(of: old.text(setup.runtime))
        }
        for number in 0..<Int32(functions.count) {
            let row = functions[number]
            if row.past >= 0 { renumber(&pasts[row.past].setup, &words) }
            var next = row.newest
            while next >= 0 {
                let node = nodes[next]
                if node.tally >= 0 { renumber(&tallies[node.tally].setup, &words) }
                next = node.older
            }
        }
    }
}
