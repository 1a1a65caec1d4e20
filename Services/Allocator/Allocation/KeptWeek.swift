internal import Numerics

/// A function's demand over seven days in a few kilobytes at most: a million functions are kept.
///
/// Each day is a run of bytes: changes from slot to slot, and how often a value repeats. What is idle
/// or steady takes next to nothing, what changes by less than 64 every slot takes a byte.
struct KeptWeek: Sendable, Equatable {
    /// Whole mCPU and MB of a day's slots; -1 where nothing was recorded.
    struct Day: Sendable, Equatable {
        /// Days since 1970.
        let number: Int64
        /// (288) each.
        var milliCpu = Array(repeating: Int32(-1), count: DemandWeek.slotsPerDay)
        var memoryMb = Array(repeating: Int32(-1), count: DemandWeek.slotsPerDay)

        init(number: Int64) { self.number = number }
    }

    private struct Packed: Sendable, Equatable {
        let number: Int64
        let bytes: [UInt8]
    }

    /// At most 7, in no order that matters: by day number modulo 7, where one is kept.
    private var days: [Packed] = []
    /// The newest recorded slot, counted from 1970; nil when there is none.
    private(set) var lastSlot: Int64?

    /// The day of that number, if it is kept.
    func day(_ number: Int64) -> Day? {
        days.first { $0.number == number }.map(Self.unpacked)
    }

    func value(slot: Int64) -> Int32? {
        let (number, index) = DemandWeek.day(of: slot)
        guard let value = day(number)?.milliCpu[index], value >= 0 else { return nil }
        return value
    }

    /// - Returns: the slots that were recorded; those older than the week kept change nothing.
    mutating func record(_ uses: [SlotUse]) -> [Int64] {
        var recorded: [Int64] = []
        var day: Day?
        for use in uses {
            let (number, index) = DemandWeek.day(of: use.slot)
            if day?.number != number {
                if let day { put(day) }
                day = room(for: number) ? self.day(number) ?? Day(number: number) : nil
            }
            guard day != nil else { continue }
            day?.milliCpu[index] = Int32(use.milliCpu)
            day?.memoryMb[index] = Int32(use.memoryMb)
            lastSlot = max(lastSlot ?? use.slot, use.slot)
            recorded.append(use.slot)
        }
        if let day { put(day) }
        return recorded
    }

    /// Puts back a day that was kept.
    mutating func restore(_ day: Day) {
        put(day)
        if let index = day.milliCpu.lastIndex(where: { $0 >= 0 }) {
            let slot = day.number * Int64(DemandWeek.slotsPerDay) + Int64(index)
            lastSlot = max(lastSlot ?? slot, slot)
        }
    }

    /// Whether a day is not older than the one kept in its place of the week.
    private func room(for number: Int64) -> Bool {
        let week = Int64(DemandWeek.days)
        return !days.contains { $0.number % week == number % week && $0.number > number }
    }

    private mutating func put(_ day: Day) {
        let week = Int64(DemandWeek.days)
        let packed = Self.packed(day)
        if let place = days.firstIndex(where: { $0.number % week == day.number % week }) {
            days[place] = packed
        } else {
            let place = days.firstIndex { $0.number % week > day.number % week } ?? days.count
            days.insert(packed, at: place)
        }
    }

    // MARK: Bytes

    /// 0 and a count where the last value repeats; else the zigzag of the change, in groups of seven
    /// bits.
    private static func packed(_ day: Day) -> Packed {
        var bytes: [UInt8] = []
        for values in [day.milliCpu, day.memoryMb] {
            var last: Int32 = -1
            var repeats: UInt32 = 0
            for value in values {
                guard value != last else {
                    repeats += 1
                    continue
                }
                append(&repeats, to: &bytes)
                let change = value - last
                append(UInt32(bitPattern: (change << 1) ^ (change >> 31)), to: &bytes)
                last = value
            }
            append(&repeats, to: &bytes)
        }
        // A copy without the room that growing left.
        return Packed(number: day.number, bytes: Array(bytes[...]))
    }

    private static func append(_ repeats: inout UInt32, to bytes: inout [UInt8]) {
        guard repeats > 0 else { return }
        bytes.append(0)
        append(repeats, to: &bytes)
        repeats = 0
    }

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func unpacked(_ packed: Packed) -> Day {
        var day = Day(number: packed.number)
        var at = 0

        func number() -> UInt32 {
            var number: UInt32 = 0
            var shift: UInt32 = 0
            while packed.bytes[at] >= 0x80 {
                number |= UInt32(packed.bytes[at] & 0x7F) << shift
                shift += 7
                at += 1
            }
            number |= UInt32(packed.bytes[at]) << shift
            at += 1
            return number
        }

        func fill(_ values: inout [Int32]) {
            var last: Int32 = -1
            var slot = 0
            while slot < values.count {
                let code = number()
                if code == 0 {
                    let end = slot + Int(number())
                    while slot < end {
                        values[slot] = last
                        slot += 1
                    }
                } else {
                    last += Int32(bitPattern: code >> 1) ^ -Int32(bitPattern: code & 1)
                    values[slot] = last
                    slot += 1
                }
            }
        }

        fill(&day.milliCpu)
        fill(&day.memoryMb)
        return day
    }
}
