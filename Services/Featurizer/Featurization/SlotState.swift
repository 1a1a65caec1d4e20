internal import Numerics
internal import Processing
internal import Topics

private let version: UInt8 = 1

extension SlotTally {
    mutating func written() -> [UInt8] {
        var writer = StateWriter(version: version)
        writer.write(slot)
        writer.write(nextCorrection)
        writer.write(isDue)
        setup.write(to: &writer)
        counts.write(to: &writer)
        for count in perMinute { writer.write(Int(count)) }
        writer.write(cpuNs)
        writer.write(gbNanoseconds)
        durationMs.write(to: &writer)
        memoryPeakMb.write(to: &writer)
        deadlineUsed.write(to: &writer)
        initMs.write(to: &writer)
        var before = 0
        writer.write(concurrency.settledChanges()) { writer, change in
            // Neighbouring moments are near each other: the steps are short numbers.
            writer.write(UInt64(change.moment - before))
            writer.write(change.by)
            before = change.moment
        }
        return writer.bytes
    }

    init(reading bytes: [UInt8]) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: version)
        let slot = try reader.readInt64(in: StateLimits.slots)
        let nextCorrection = try reader.readInt(in: 0...FieldLimits.versionMax)
        let isDue = try reader.readBool()
        self.init(slot: slot, setup: try FunctionSetup(reading: &reader))
        self.nextCorrection = nextCorrection
        self.isDue = isDue
        isChanged = false
        counts = try OutcomeCounts(reading: &reader)
        for minute in perMinute.indices {
            perMinute[minute] = Int32(try reader.readInt(in: 0...FieldLimits.countMax))
        }
        cpuNs = try reader.readInt64(in: 0 ... .max)
        gbNanoseconds = try reader.readInt64(in: 0 ... .max)
        durationMs = try LogSketch(reading: &reader)
        memoryPeakMb = try LogSketch(reading: &reader)
        deadlineUsed = try LogSketch(reading: &reader)
        initMs = try LogSketch(reading: &reader)
        var before = 0
        let changes = try reader.readArray { reader throws(CorruptState) in
            let step = try reader.readUInt()
            guard step <= UInt64(FunctionShape.slotMs) - UInt64(before) else {
                throw CorruptState("a change lies \(step) ms behind another, outside its slot")
            }
            before += Int(step)
            return (moment: before, by: try reader.readInt())
        }
        guard let profile = ConcurrencyProfile(settledChanges: changes) else {
            throw CorruptState("slot \(slot) has changes out of order")
        }
        concurrency = profile
        try reader.finish()
    }
}

extension LogSketch {
    fileprivate func write(to writer: inout StateWriter) {
        var before: UInt64 = 0
        writer.write(bins) { writer, bin in
            writer.write(bin >> 48 - before)
            writer.write(bin & (1 << 48 - 1))
            before = bin >> 48
        }
        guard !bins.isEmpty else { return }
        writer.write(sumFixed)
        writer.write(least)
        writer.write(most)
    }

    fileprivate init(reading reader: inout StateReader) throws(CorruptState) {
        var before: UInt64 = 0
        let bins = try reader.readArray { reader throws(CorruptState) in
            let step = try reader.readUInt()
            let count = try reader.readUInt()
            guard step <= 0xFFFF, before + step <= 0xFFFF, count < 1 << 48 else {
                throw CorruptState("a sketch has a bin beyond its last")
            }
            before += step
            return before << 48 | count
        }
        guard !bins.isEmpty else {
            self.init()
            return
        }
        let sumFixed = try reader.readInt64(in: 0 ... .max)
        let least = try reader.readDouble(in: StateLimits.amounts)
        let most = try reader.readDouble(in: StateLimits.amounts)
        guard let sketch = LogSketch(bins: bins, sumFixed: sumFixed, least: least, most: most)
        else { throw CorruptState("a sketch's bins are out of order") }
        self = sketch
    }
}
