internal import Processing
internal import Topics

// How what plans rest on is written and read; the keys are in `CellState`.

private let version: UInt8 = 1

extension NeedHistory {
    private static let amounts = 0...1 << 40

    func encoded() -> [UInt8] {
        var writer = StateWriter(version: version)
        writer.write(firstHour ?? -1)
        writer.write(hours) { writer, need in
            writer.write(need.workers)
            writer.write(need.placed)
            writer.write(need.milliCpu)
            writer.write(need.carbonGPerKwh ?? -1)
        }
        return writer.bytes
    }

    init(_ reader: inout StateReader) throws(CorruptState) {
        self.init()
        let first = try reader.readInt64(in: -1...StateLimits.slots.upperBound)
        let needs = try reader.readArray { reader throws(CorruptState) in
            let workers = try reader.readInt(in: Self.amounts)
            let placed = try reader.readInt(in: Self.amounts)
            let milliCpu = try reader.readInt(in: Self.amounts)
            let carbon = try reader.readInt(in: -1...Limits.carbonMax)
            return HourNeed(
                workers: workers, placed: placed, milliCpu: milliCpu,
                carbonGPerKwh: carbon < 0 ? nil : carbon)
        }
        guard needs.count <= Limits.plannedHistoryHoursMax else {
            throw CorruptState("a history has \(needs.count) hours")
        }
        guard first >= 0 else { return }
        begin(hour: first)
        for (offset, need) in needs.enumerated() { append(need, hour: first + Int64(offset)) }
    }
}

extension Cell {
    /// - Returns: nil when the function's work cannot wait.
    func encodedSlack(of id: FunctionID) -> [UInt8]? {
        guard let hours = slackHours[id] else { return nil }
        var writer = StateWriter(version: version)
        writer.write(hours)
        return writer.bytes
    }

    mutating func restoreSlack(
        of id: FunctionID, _ reader: inout StateReader
    ) throws(CorruptState) {
        slackHours[id] = try reader.readInt(in: 1...Limits.slackHoursMax)
        guard slackHours.count <= Limits.functionsPerCellMax else {
            throw CorruptState("more than \(Limits.functionsPerCellMax) functions are lax")
        }
    }
}
