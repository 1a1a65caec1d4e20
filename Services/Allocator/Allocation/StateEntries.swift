internal import Numerics
internal import Processing
internal import Topics

// How each part of a cell is written and read; the keys are in `CellState`.

private let version: UInt8 = 1

extension Cell.Clock {
    func encoded() -> [UInt8] {
        var writer = StateWriter(version: version)
        writer.write(newestSlot ?? -1)
        writer.write(window?.day ?? -1)
        writer.write(window?.settledSlot ?? -1)
        writer.write(hour)
        writer.write(moves)
        writer.write(consolidatedHour)
        return writer.bytes
    }

    init(_ reader: inout StateReader) throws(CorruptState) {
        let slots = -1...StateLimits.slots.upperBound
        let newest = try reader.readInt64(in: slots)
        newestSlot = newest < 0 ? nil : newest
        let day = try reader.readInt64(in: slots)
        let settled = try reader.readInt64(in: slots)
        window = day < 0 ? nil : Window(day: day, settledSlot: settled)
        if let window, window != Window(newestSlot: settled + 1) {
            throw CorruptState("slot \(settled + 1) is not of day \(day)")
        }
        hour = try reader.readInt64(in: slots)
        moves = try reader.readInt(in: StateLimits.counts)
        consolidatedHour = try reader.readInt64(in: slots)
    }
}

extension LearnedDeviations {
    func encoded() -> [UInt8] {
        var writer = StateWriter(version: version)
        writer.write(day)
        writer.write(calibrations) { writer, calibration in
            writer.write(calibration.deviations)
            writer.write(calibration.folds)
        }
        return writer.bytes
    }

    init(_ reader: inout StateReader) throws(CorruptState) {
        day = try reader.readInt64(in: StateLimits.slots)
        calibrations = try reader.readArray { reader throws(CorruptState) in
            Calibration(
                deviations: try reader.readDouble(in: 0...Limits.deviationsMax),
                folds: try reader.readInt(in: 0...DemandWeek.days))
        }
        guard calibrations.isEmpty || calibrations.count == Tier.allCases.count else {
            throw CorruptState("\(calibrations.count) calibrations, expected one a tier")
        }
    }
}

extension MeasuredOverload {
    func encoded() -> [UInt8] {
        var writer = StateWriter(version: version)
        writer.write(hour)
        writer.write(slot)
        for counts in [slots, over] { writer.write(counts) { $0.write($1) } }
        return writer.bytes
    }

    init(_ reader: inout StateReader) throws(CorruptState) {
        hour = try reader.readInt64(in: StateLimits.slots)
        slot = try reader.readInt64(in: -1...StateLimits.slots.upperBound)
        slots = try Self.counts(&reader)
        over = try Self.counts(&reader)
        guard zip(over, slots).allSatisfy(<=) else {
            throw CorruptState("of \(slots) slots \(over) are over capacity")
        }
    }

    private static func counts(_ reader: inout StateReader) throws(CorruptState) -> [Int] {
        let counts = try reader.readArray { reader throws(CorruptState) in
            try reader.readInt(in: StateLimits.counts)
        }
        guard counts.count == Tier.allCases.count else {
            throw CorruptState("\(counts.count) counts, expected one a tier")
        }
        return counts
    }
}

extension WorkerReported {
    func encodedState() -> [UInt8] {
        var writer = StateWriter(version: version)
        writer.write(milliCpu)
        writer.write(memoryMb)
        writer.write(state.rawValue)
        writer.write(wattsIdle)
        writer.write(wattsPeak)
        writer.write(carbonGPerKwh)
        return writer.bytes
    }

    init(_ name: String, cell: Int32, _ reader: inout StateReader) throws(CorruptState) {
        let milliCpu = try reader.readDouble()
        let memoryMb = try reader.readDouble()
        guard let state = State(rawValue: try reader.readString()) else {
            throw CorruptState("worker \(name) is in no known state")
        }
        self.init(
            worker: name, cell: cell, milliCpu: milliCpu, memoryMb: memoryMb, state: state,
            wattsIdle: try reader.readOptionalDouble(),
            wattsPeak: try reader.readOptionalDouble(),
            carbonGPerKwh: try reader.readOptionalDouble())
        do throws(Rejection) { try validate() } catch { throw CorruptState("worker: \(error)") }
    }
}

extension KnownService {
    /// nil while no prediction said anything: its functions have entries of their own.
    func encoded() -> [UInt8]? {
        guard let tier else { return nil }
        var writer = StateWriter(version: version)
        writer.write(tier.rawValue)
        writer.write(prior)
        return writer.bytes
    }

    init(_ reader: inout StateReader) throws(CorruptState) {
        tier = try Tier(&reader)
        prior = try Prior?(&reader)
    }
}

extension PlacedFunction {
    var lastSlot: Int64 {
        pending.reduce(demand.week.lastSlot ?? demand.firstSlot) { max($0, $1.slot) }
    }

    func encoded() -> [UInt8] {
        var writer = StateWriter(version: version)
        writer.write(demand.firstSlot)
        writer.write(demand.prior)
        writer.write(tier.rawValue)
        writer.write(placements) { $0.write($1) }
        writer.write(revision)
        writer.write(decidedAtMs)
        writer.write(reason)
        return writer.bytes
    }

    mutating func restoreHead(_ reader: inout StateReader) throws(CorruptState) {
        demand.firstSlot = try reader.readInt64(in: StateLimits.slots)
        demand.prior = try Prior?(&reader)
        tier = try Tier(&reader)
        placements = try reader.readArray { reader throws(CorruptState) in
            try reader.readWord()
        }
        guard placements.count <= Limits.workersPerFunctionMax,
            Set(placements).count == placements.count
        else { throw CorruptState("placed on \(placements)") }
        revision = try reader.readInt(in: StateLimits.counts)
        decidedAtMs = try reader.readInt64(
            in: 0...(StateLimits.slots.upperBound + 1) * FunctionShape.slotMs)
        reason = try reader.readString()
        guard reason.utf8.allSatisfy({ $0 >= 0x20 }) else {
            throw CorruptState("reason holds a control character")
        }
    }

    /// nil while nothing is pending.
    func encodedPending() -> [UInt8]? {
        guard !pending.isEmpty else { return nil }
        var writer = StateWriter(version: version)
        writer.write(pending) { writer, use in
            writer.write(use.slot)
            writer.write(use.correction)
            writer.write(use.milliCpu)
            writer.write(use.memoryMb)
        }
        return writer.bytes
    }
}

extension SlotUse {
    static func read(_ reader: inout StateReader) throws(CorruptState) -> SlotUse {
        SlotUse(
            slot: try reader.readInt64(in: StateLimits.slots),
            correction: try reader.readInt(in: 0...FieldLimits.versionMax),
            milliCpu: try reader.readFloat(in: 0...Limits.demandMax),
            memoryMb: try reader.readFloat(in: 0...Limits.demandMax))
    }
}

extension Demand {
    /// The newest week's day of that number modulo 7; nil when it is not kept. A value takes one to
    /// four bytes: 0 for none, or itself plus 1.
    func encoded(place: Int64) -> [UInt8]? {
        guard let lastSlot = week.lastSlot else { return nil }
        let newest = DemandWeek.day(of: lastSlot).number
        let days = Int64(DemandWeek.days)
        let number = newest - (newest - place + days) % days
        guard number >= 0, let day = week.day(number) else { return nil }
        var writer = StateWriter(version: version)
        writer.write(number)
        for values in [day.milliCpu, day.memoryMb] {
            for value in values { writer.write(UInt64(value + 1)) }
        }
        return writer.bytes
    }

    mutating func restoreDay(_ reader: inout StateReader) throws(CorruptState) {
        let perDay = Int64(DemandWeek.slotsPerDay)
        var day = KeptWeek.Day(
            number: try reader.readInt64(in: 0...StateLimits.slots.upperBound / perDay))
        day.milliCpu = try values(&reader)
        day.memoryMb = try values(&reader)
        restore(day)
    }

    private func values(_ reader: inout StateReader) throws(CorruptState) -> [Int32] {
        var values: [Int32] = []
        values.reserveCapacity(DemandWeek.slotsPerDay)
        for _ in 0..<DemandWeek.slotsPerDay {
            let coded = try reader.readUInt()
            guard coded <= UInt64(Limits.demandMax) + 1 else {
                throw CorruptState("demand \(coded) is beyond \(Limits.demandMax)")
            }
            values.append(Int32(coded) - 1)
        }
        return values
    }
}

extension Tier {
    fileprivate init(_ reader: inout StateReader) throws(CorruptState) {
        let name = try reader.readString()
        guard let tier = Tier(rawValue: name) else {
            throw CorruptState("\"\(name)\" is no tier")
        }
        self = tier
    }
}

extension StateWriter {
    fileprivate mutating func write(_ prior: Prior?) {
        write(prior?.hourly ?? []) { $0.write(Int64($1)) }
        write(prior?.variance ?? 0)
    }
}

extension Prior? {
    fileprivate init(_ reader: inout StateReader) throws(CorruptState) {
        let hourly = try reader.readArray { reader throws(CorruptState) in
            Int32(try reader.readInt64(in: 0...Int64(Limits.demandMax)))
        }
        // (2 x 1.6e7 / 3.29)^2 at most.
        let variance = try reader.readInt(in: 0...100_000_000_000_000)
        guard hourly.isEmpty || hourly.count == 24 else {
            throw CorruptState("a prior has \(hourly.count) hours, expected 24")
        }
        self = hourly.isEmpty ? nil : Prior(hourly: hourly, variance: variance)
    }
}
