internal import Numerics
internal import Processing

/// A function's day as bytes: runs of slots, six to nine bytes a slot that ran something and mostly
/// succeeded.
enum DayCoding {
    /// Demand is kept to 11 bits of mantissa, in units of 16 thousandths of a core: from 0.001 to
    /// a thousand cores.
    private static let unit: Float = 16
    private static let invocationsMax = 1 << 24

    /// `demand` as it will be read back, so that a restart changes nothing.
    static func kept(milliCpu demand: Float) -> Float {
        Float(half(demand)) * unit
    }

    /// Float holds whole numbers so far.
    static func kept(invocations: Int) -> Float { Float(max(0, min(invocations, invocationsMax))) }

    private static func half(_ demand: Float) -> Float16 {
        Float16(max(0, min(demand / unit, Float(Float16.greatestFiniteMagnitude))))
    }

    /// 1 knew load alone.
    private static let version: UInt8 = 2

    static func bytes(
        milliCpu: DemandWeek.Day, invocations: DemandWeek.Day, runs: RunWeek.Day
    ) -> [UInt8] {
        var writer = StateWriter(version: version)
        writer.write(milliCpu.number)
        var index = 0
        while index < DemandWeek.slotsPerDay {
            let start = index
            while index < DemandWeek.slotsPerDay, milliCpu.values[index].isNaN { index += 1 }
            let first = index
            while index < DemandWeek.slotsPerDay, !milliCpu.values[index].isNaN { index += 1 }
            writer.write(UInt64(first - start))
            writer.write(UInt64(index - first))
            for slot in first..<index {
                writer.write(half(milliCpu.values[slot]))
                writer.write(UInt64(invocations.values[slot]))
                write(runs[slot], to: &writer)
            }
        }
        return writer.bytes
    }

    private static func write(_ run: RunWeek.Slot, to writer: inout StateWriter) {
        writer.write(UInt64(run.duration))
        writer.write(UInt64(run.memory))
        writer.write(run.failures == RunWeek.unknownFailures ? 0 : UInt64(run.failures) + 1)
    }

    private static func readRun(
        _ reader: inout StateReader
    ) throws(CorruptState) -> RunWeek.Slot {
        guard reader.version > 1 else { return RunWeek.Slot(failures: RunWeek.unknownFailures) }
        let (duration, memory) = (try reader.readUInt(), try reader.readUInt())
        let failures = try reader.readUInt()
        guard duration <= UInt8.max, memory <= UInt8.max, failures <= UInt64(invocationsMax) + 1
        else {
            throw CorruptState("slot of levels \(duration), \(memory) and \(failures) failures")
        }
        return RunWeek.Slot(
            duration: UInt8(duration), memory: UInt8(memory),
            failures: failures == 0 ? RunWeek.unknownFailures : UInt32(failures - 1))
    }

    struct Days {
        var milliCpu: DemandWeek.Day
        var invocations: DemandWeek.Day
        var runs: RunWeek.Day
    }

    static func days(_ bytes: [UInt8]) throws(CorruptState) -> Days {
        var reader = try StateReader(bytes, newest: version)
        let perDay = Int64(DemandWeek.slotsPerDay)
        let number = try reader.readInt64(in: 0...StateLimits.slots.upperBound / perDay)
        var demand = [Float](repeating: .nan, count: DemandWeek.slotsPerDay)
        var calls = demand
        var runs = RunWeek.Day(number: number)
        var index = 0
        while index < DemandWeek.slotsPerDay {
            let (absent, present) = (try reader.readUInt(), try reader.readUInt())
            let left = UInt64(DemandWeek.slotsPerDay - index)
            guard absent <= left, present <= left - absent, absent + present > 0 else {
                throw CorruptState("run of \(absent) and \(present) slots with \(left) left")
            }
            index += Int(absent)
            for _ in 0..<present {
                demand[index] = Float(try reader.readFloat16()) * unit
                let count = try reader.readUInt()
                guard demand[index].isFinite, demand[index] >= 0, count <= UInt64(invocationsMax)
                else {
                    throw CorruptState("slot of \(demand[index]) mCPU, \(count) invocations")
                }
                calls[index] = Float(count)
                runs[index] = try readRun(&reader)
                index += 1
            }
        }
        try reader.finish()
        return Days(
            milliCpu: DemandWeek.Day(number: number, values: demand),
            invocations: DemandWeek.Day(number: number, values: calls), runs: runs)
    }
}
