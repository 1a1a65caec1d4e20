internal import Numerics
internal import Processing
internal import Topics

/// 1 had executions' beginnings and ends netted, and the slot and its publication in front; 1 and 2 did
/// not tell which successes were late.
let tallyVersion: UInt8 = 3

extension FunctionStore {
    mutating func written(_ number: Int32) -> [UInt8] {
        var writer = StateWriter(version: tallyVersion)
        write(tally: number, to: &writer)
        return writer.bytes
    }

    /// What follows the version.
    mutating func write(tally number: Int32, to writer: inout StateWriter) {
        write(tallies[number].setup, to: &writer)
        tallies[number].outcomeCounts.write(to: &writer)
        for minute in 0..<5 { writer.write(Int(tallies[number].perMinute[minute])) }
        writer.write(tallies[number].cpuNs)
        writer.write(tallies[number].gbNanoseconds)
        tallies[number].durationMs.write(to: &writer, in: &arena)
        for place in [
            tallies[number].memoryPeakMb, tallies[number].deadlineUsed, tallies[number].initMs,
        ] {
            if place >= 0 {
                sketches[place].write(to: &writer, in: &arena)
            } else {
                // No bins.
                writer.write(UInt64(0))
            }
        }
        tallies[number].moments.write(to: &writer, in: &arena)
        writer.write(Int(tallies[number].late))
    }

    mutating func readTally(_ bytes: [UInt8]) throws(CorruptState) -> Int32 {
        var reader = try StateReader(bytes, newest: tallyVersion)
        let number = tallies.add(SlotTally())
        tallies[number].setup = try readSetup(&reader)
        try read(&reader, into: number)
        try reader.finish()
        return number
    }

    /// What all versions have alike, the moments, and successes that were late.
    mutating func read(
        _ reader: inout StateReader, into number: Int32
    ) throws(CorruptState) {
        var tally = tallies[number]
        tally.set(try OutcomeCounts(reading: &reader))
        for minute in 0..<5 {
            tally.perMinute[minute] = UInt32(try reader.readInt(in: 0...FieldLimits.countMax))
        }
        tally.cpuNs = try reader.readInt64(in: 0 ... .max)
        tally.gbNanoseconds = try reader.readInt64(in: 0 ... .max)
        tally.durationMs = Sketch(try readSketch(&reader), in: &arena)
        for place in [\SlotTally.memoryPeakMb, \.deadlineUsed, \.initMs] {
            let sketch = try readSketch(&reader)
            guard sketch.count > 0 else { continue }
            tally[keyPath: place] = sketches.add(Sketch(sketch, in: &arena))
        }
        let isNetted = reader.version == 1
        var before = 0
        let entries = try reader.readArray { reader throws(CorruptState) in
            let step = try reader.readUInt()
            let moment = isNetted ? step : step >> 2
            guard moment <= UInt64(FunctionShape.slotMs) - UInt64(before) else {
                throw CorruptState("a change lies \(moment) ms behind another, outside its slot")
            }
            before += Int(moment)
            guard !isNetted else {
                let by = try reader.readInt(in: -FieldLimits.countMax...FieldLimits.countMax)
                return (before, by < 0 ? Moments.Kind.end : .arrival, abs(by))
            }
            guard let kind = Moments.Kind(rawValue: UInt32(step & 3)) else {
                throw CorruptState("a moment is neither an end nor a beginning")
            }
            return (before, kind, try reader.readInt(below: FieldLimits.countMax))
        }
        guard entries.reduce(0, { $0 + $1.2 }) <= 2 * FieldLimits.countMax else {
            throw CorruptState("a slot has more than \(FieldLimits.countMax) executions")
        }
        for (moment, kind, times) in entries {
            tally.moments.add(moment, kind, times: times, in: &arena)
        }
        tally.late = try readLate(&reader, of: tally)
        tallies[number] = tally
    }

    private func readLate(
        _ reader: inout StateReader, of tally: SlotTally
    ) throws(CorruptState) -> Int32 {
        guard reader.version > 2 else { return -1 }
        return Int32(try reader.readInt(in: -1...min(Int(tally.counts[0]), FieldLimits.countMax)))
    }

    private func readSketch(_ reader: inout StateReader) throws(CorruptState) -> LogSketch {
        let sketch = try LogSketch(reading: &reader)
        guard sketch.count <= FieldLimits.countMax else {
            throw CorruptState("a sketch has \(sketch.count) values, more than a slot")
        }
        return sketch
    }

    func write(_ setup: Setup, to writer: inout StateWriter) {
        writer.write(setup.saidAtMs)
        writer.write(setup.memoryMb)
        writer.write(words.text(setup.trigger))
        writer.write(words.text(setup.runtime))
        writer.write(setup.deadlineMs < 0 ? nil : setup.deadlineMs)
    }

    mutating func readSetup(_ reader: inout StateReader) throws(CorruptState) -> Setup {
        Setup(
            saidAtMs: try reader.readInt64(in: StateLimits.timesMs),
            memoryMb: try reader.readDouble(in: 0...FieldLimits.memoryMbMax),
            trigger: words.number(of: try reader.readOptionalWord()),
            runtime: words.number(of: try reader.readOptionalWord()),
            deadlineMs: try reader.readOptionalDouble(in: 0...FieldLimits.durationMsMax) ?? -1)
    }
}

extension Setup {
    init(
        saidAtMs: Int64, memoryMb: Double, trigger: Int32, runtime: Int32, deadlineMs: Double
    ) {
        self.init(
            saidAtMs: saidAtMs, memoryMb: memoryMb, deadlineMs: deadlineMs, trigger: trigger,
            runtime: runtime)
    }
}

extension StateReader {
    fileprivate mutating func readInt(below limit: Int) throws(CorruptState) -> Int {
        let value = try readUInt()
        guard value > 0, value <= UInt64(limit) else {
            throw CorruptState("a moment is given \(value) times")
        }
        return Int(value)
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
