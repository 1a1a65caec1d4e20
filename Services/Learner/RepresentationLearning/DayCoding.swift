internal import Numerics
internal import Processing

/// A function's day as bytes: runs of slots, three to five bytes a slot that ran something.
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

    static func bytes(milliCpu: DemandWeek.Day, invocations: DemandWeek.Day) -> [UInt8] {
        var writer = StateWriter(version: 1)
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
            }
        }
        return writer.bytes
    }

    static func days(
        _ bytes: [UInt8]
    ) throws(CorruptState) -> (milliCpu: DemandWeek.Day, invocations: DemandWeek.Day) {
        var reader = try StateReader(bytes, newest: 1)
        let perDay = Int64(DemandWeek.slotsPerDay)
        let number = try reader.readInt64(in: 0...StateLimits.slots.upperBound / perDay)
        var demand = [Float](repeating: .nan, count: DemandWeek.slotsPerDay)
        var calls = demand
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
                index += 1
            }
        }
        try reader.finish()
        return (
            DemandWeek.Day(number: number, values: demand),
            DemandWeek.Day(number: number, values: calls)
        )
    }
}
