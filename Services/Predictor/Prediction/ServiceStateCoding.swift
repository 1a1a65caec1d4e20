internal import Processing
internal import Topics

extension ServiceState {
    static let layout: UInt8 = 1

    var encoded: [UInt8] {
        var writer = StateWriter(version: Self.layout)
        writer.write(announced != nil)
        if let announced { writer.write(announced) }
        writer.write(functions) { $0.write($1) }
        writer.write(recent) { $0.write($1) }
        writer.write(outcomes)
        writer.write(demand != nil)
        if let demand { writer.write(demand) }
        writer.write(newest != nil)
        if let newest {
            writer.write(newest.slotStartMs)
            writer.write(newest.trigger)
            writer.write(newest.memoryMb)
            writer.write(newest.deadlineMs)
        }
        writer.write(clusters.sorted { $0.key < $1.key }) { writer, entry in
            writer.write(entry.key)
            writer.write(entry.value.cluster.modelVersion)
            writer.write(entry.value.cluster.number)
            writer.write(entry.value.slots)
        }
        writer.write(voted.successes)
        writer.write(voted.weight)
        return writer.bytes
    }

    init(decoding bytes: [UInt8], of id: ServiceID) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: Self.layout)
        if try reader.readBool() { announced = try reader.readAnnounced(of: id) }
        functions = try reader.readArray { reader throws(CorruptState) in try reader.readString() }
        recent = try reader.readArray { reader throws(CorruptState) in
            try reader.readRecentSlot()
        }
        outcomes = try reader.readOutcomes()
        if try reader.readBool() { demand = try reader.readDemand() }
        if try reader.readBool() {
            newest = Facts(
                slotStartMs: try reader.readInt64(), trigger: try reader.readOptionalString(),
                memoryMb: try reader.readDouble(), deadlineMs: try reader.readOptionalDouble())
        }
        for _ in 0..<(try reader.readUInt()) {
            let function = try reader.readString()
            clusters[function] = Membership(
                cluster: Cluster(
                    modelVersion: try reader.readInt(), number: try reader.readInt()),
                slots: try reader.readInt())
        }
        voted = Votes(successes: try reader.readDouble(), weight: try reader.readDouble())
        try reader.finish()
    }
}

extension StateWriter {
    fileprivate mutating func write(_ announced: ServiceAnnounced) {
        write(announced.trigger)
        write(announced.runtime)
        write(announced.memoryMb)
        write(announced.deadlineMs)
        write(announced.expectedInvocationsPerDay)
        write(announced.tier.rawValue)
        write(announced.successTarget)
    }

    fileprivate mutating func write(_ slot: ServiceState.RecentSlot) {
        write(slot.startMs)
        write(slot.function)
        write(slot.correction)
        write(slot.successes)
        write(slot.outcomes)
        write(slot.cpuMs)
        write(slot.foretold)
        write(slot.baseline)
        write(slot.isNew)
    }

    fileprivate mutating func write(_ outcomes: OutcomeHistory) {
        write(outcomes.successes)
        write(outcomes.failures)
        write(outcomes.asOfMs)
        write(outcomes.successesEver)
        write(outcomes.outcomesEver)
        write(outcomes.surprise)
        write(outcomes.slots)
    }

    fileprivate mutating func write(_ demand: DemandHistory) {
        write(demand.openHour)
        write(demand.openCount)
        write(demand.openExposure)
        write(demand.levelCount)
        for values in [
            demand.levelExposure, demand.profileCount, demand.profileExposure, demand.weekCount,
            demand.weekExposure,
        ] {
            for value in values { write(value) }
        }
        write(demand.cpuMs)
        write(demand.cpuInvocations)
        for dispersion in [demand.hourly, demand.daily] {
            write(dispersion.strayed)
            write(dispersion.squares)
            write(dispersion.count)
        }
        write(demand.dayCount)
        write(demand.dayExpected)
        write(demand.hoursSeen)
        write(demand.slots)
    }
}

extension StateReader {
    fileprivate mutating func readAnnounced(
        of id: ServiceID
    ) throws(CorruptState) -> ServiceAnnounced {
        let trigger = try readString()
        let runtime = try readString()
        let memoryMb = try readDouble()
        let deadlineMs = try readDouble()
        let expected = try readOptionalDouble()
        let tier = try readString()
        guard let tier = Tier(rawValue: tier) else {
            throw CorruptState("tier \"\(tier)\" of a service is none we know")
        }
        return ServiceAnnounced(
            customer: id.customer, service: id.service, trigger: trigger, runtime: runtime,
            memoryMb: memoryMb, deadlineMs: deadlineMs, expectedInvocationsPerDay: expected,
            tier: tier, successTarget: try readOptionalDouble())
    }

    fileprivate mutating func readRecentSlot() throws(CorruptState) -> ServiceState.RecentSlot {
        ServiceState.RecentSlot(
            startMs: try readInt64(), function: try readInt(), correction: try readInt(),
            successes: try readInt(), outcomes: try readInt(), cpuMs: try readDouble(),
            foretold: try readDouble(), baseline: try readDouble(), isNew: try readBool())
    }

    fileprivate mutating func readOutcomes() throws(CorruptState) -> OutcomeHistory {
        OutcomeHistory(
            successes: try readDouble(), failures: try readDouble(), asOfMs: try readInt64(),
            successesEver: try readInt(), outcomesEver: try readInt(),
            surprise: try readDouble(), slots: try readDouble())
    }

    fileprivate mutating func readDemand() throws(CorruptState) -> DemandHistory {
        var demand = DemandHistory(firstSlotMs: 0)
        demand.openHour = try readInt64()
        demand.openCount = try readDouble()
        demand.openExposure = try readDouble()
        demand.levelCount = try readDouble()
        demand.levelExposure = try readDoubles(24)
        demand.profileCount = try readDoubles(24)
        demand.profileExposure = try readDoubles(24)
        demand.weekCount = try readDoubles(7)
        demand.weekExposure = try readDoubles(7)
        demand.cpuMs = try readDouble()
        demand.cpuInvocations = try readDouble()
        demand.hourly = try readDispersion()
        demand.daily = try readDispersion()
        demand.dayCount = try readDouble()
        demand.dayExpected = try readDouble()
        demand.hoursSeen = try readDouble()
        demand.slots = try readInt()
        return demand
    }

    private mutating func readDispersion() throws(CorruptState) -> Dispersion {
        Dispersion(
            strayed: try readDouble(), squares: try readDouble(), count: try readDouble())
    }

    mutating func readDoubles(_ count: Int) throws(CorruptState) -> [Double] {
        var values: [Double] = []
        for _ in 0..<count { values.append(try readDouble()) }
        return values
    }
}
