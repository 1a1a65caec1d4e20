internal import Numerics
internal import Processing
internal import Topics

/// A function's last seven days as they were published, and what was made of them last.
struct FunctionHistory: Sendable, Equatable {
    /// The first slot ever seen of it; nil while none was.
    private(set) var firstSlot: Int64?
    private var milliCpu = DemandWeek()
    private var invocations = DemandWeek()
    private var runs = RunWeek()
    /// As its newest slot said.
    private(set) var trigger: String?
    /// Slots came or changed since it was last encoded.
    var pending = false
    /// nil before the first time.
    var encoding: Encoding?

    struct Encoding: Sendable, Equatable {
        let modelVersion: Int
        /// (D)
        let vector: [Float]
        let meanMilliCpu: Float
        /// Of the vector from its cluster's centroid; nil in state that was kept before it was.
        var distance: Float?
    }

    var lastSlot: Int64? { milliCpu.lastSlot }

    /// From its first slot to its last.
    var ageSlots: Int64 {
        guard let firstSlot, let lastSlot else { return 0 }
        return lastSlot - firstSlot + 1
    }

    /// What a slot's runs took, in milliseconds and megabytes, and how many failed.
    struct Runs {
        var durationMs: Double?
        var memoryMb: Double?
        var failures = 0
        var trigger: String?
    }

    /// - Returns: whether that changed anything.
    mutating func record(
        milliCpu demand: Double, invocations calls: Int, _ told: Runs = Runs(), slot: Int64
    ) -> Bool {
        let demand = DayCoding.kept(milliCpu: Float(demand))
        let calls = DayCoding.kept(invocations: calls)
        let run = RunWeek.Slot(
            duration: RunLevels.code(told.durationMs), memory: RunLevels.code(told.memoryMb),
            failures: UInt32(DayCoding.kept(invocations: told.failures)))
        let isNewest = slot >= lastSlot ?? slot
        guard
            milliCpu.value(slot: slot) != demand || invocations.value(slot: slot) != calls
                || runs.value(slot: slot) != run || isNewest && trigger != told.trigger,
            milliCpu.record(demand, slot: slot)
        else { return false }
        invocations.record(calls, slot: slot)
        runs.record(run, slot: slot)
        if isNewest { trigger = told.trigger }
        firstSlot = min(firstSlot ?? slot, slot)
        pending = true
        return true
    }

    /// What is known before `end`: up to seven calendar days, of which the last is that of the
    /// slot before `end`. Slots that were not published count as zero.
    func view(until end: Int64) -> DemandView {
        guard let firstSlot, firstSlot < end else {
            return DemandView(startSlot: max(0, end), milliCpu: [], invocations: [])
        }
        let perDay = Int64(DemandWeek.slotsPerDay)
        let lastDay = (end - 1) / perDay
        let firstDay = max(0, lastDay - Int64(DemandWeek.days) + 1)
        let start = max(firstSlot, firstDay * perDay)
        return view(of: start..<end)
    }

    private func view(of slots: Range<Int64>) -> DemandView {
        let (durations, memories) = runs.levels(in: slots)
        return DemandView(
            startSlot: slots.lowerBound, milliCpu: Self.values(of: milliCpu, in: slots),
            invocations: Self.values(of: invocations, in: slots), durations: durations,
            memories: memories)
    }

    /// The share of the week's invocations that succeeded; nil where none is known to have ended.
    var successShare: Double? {
        let (successes, total) = runs.outcomes(of: invocations)
        return total > 0 ? successes / total : nil
    }

    /// From its first kept slot to its last; nil without any.
    var ownView: DemandView? {
        guard let lastSlot else { return nil }
        let newest = DemandWeek.day(of: lastSlot).number
        for number in (newest - Int64(DemandWeek.days) + 1)...newest where number >= 0 {
            guard let day = milliCpu.day(number),
                let index = day.values.firstIndex(where: { !$0.isNaN })
            else { continue }
            let start = number * Int64(DemandWeek.slotsPerDay) + Int64(index)
            return view(of: start..<lastSlot + 1)
        }
        return nil
    }

    private static func values(of week: DemandWeek, in slots: Range<Int64>) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(slots.count)
        var slot = slots.lowerBound
        while slot < slots.upperBound {
            let (number, index) = DemandWeek.day(of: slot)
            let count = min(DemandWeek.slotsPerDay - index, Int(slots.upperBound - slot))
            if let day = week.day(number) {
                values += day.values[index..<index + count].map { $0.isNaN ? 0 : $0 }
            } else {
                values += repeatElement(0, count: count)
            }
            slot += Int64(count)
        }
        return values
    }

    /// The state entry of one of its days; nil when that is not kept.
    func day(_ number: Int64) -> [UInt8]? {
        guard let demand = milliCpu.day(number), let calls = invocations.day(number),
            let run = runs.day(number)
        else { return nil }
        return DayCoding.bytes(milliCpu: demand, invocations: calls, runs: run)
    }

    mutating func restore(day bytes: [UInt8]) throws(CorruptState) {
        let days = try DayCoding.days(bytes)
        milliCpu.restore(days.milliCpu)
        invocations.restore(days.invocations)
        runs.restore(days.runs)
    }

    /// Its state entry but for the days.
    var head: [UInt8] {
        var writer = StateWriter(version: Self.headVersion)
        writer.write(firstSlot ?? 0)
        writer.write(pending)
        writer.write(encoding != nil)
        if let encoding {
            writer.write(encoding.modelVersion)
            writer.write(encoding.meanMilliCpu)
            writer.write(encoding.vector) { $0.write($1) }
            writer.write(encoding.distance != nil)
            if let distance = encoding.distance { writer.write(distance) }
        }
        writer.write(trigger)
        return writer.bytes
    }

    /// 1 had no distance, 2 no trigger.
    private static let headVersion: UInt8 = 3

    mutating func restore(head bytes: [UInt8]) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: Self.headVersion)
        firstSlot = try reader.readInt64(in: StateLimits.slots)
        pending = try reader.readBool()
        encoding = nil
        if try reader.readBool() {
            let version = try reader.readInt(in: 0...FieldLimits.versionMax)
            let mean = try reader.readFloat(in: 0...(.greatestFiniteMagnitude))
            let vector = try reader.readArray { reader throws(CorruptState) in
                // Of unit length, but for rounding.
                try reader.readFloat(in: -1.001...1.001)
            }
            guard vector.count == EncoderModel.dimensions else {
                throw CorruptState("vector of \(vector.count) numbers")
            }
            let hasDistance = reader.version == 1 ? false : try reader.readBool()
            encoding = Encoding(
                modelVersion: version, vector: vector, meanMilliCpu: mean,
                // A cosine's, but for rounding.
                distance: hasDistance ? try reader.readFloat(in: -0.001...2.001) : nil)
        }
        trigger = reader.version > 2 ? try reader.readOptionalWord() : nil
        try reader.finish()
    }
}
