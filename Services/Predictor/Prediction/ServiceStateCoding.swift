internal import Processing
internal import Topics

extension ServiceState {
    /// The second has outcomes by each way of forgetting, and each of the last hours; the third success in
    /// time, and what services like it say.
    static let layout: UInt8 = 3

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
            writer.write(entry.value.nearest) { writer, near in
                writer.write(near.service.customer)
                writer.write(near.service.service)
                writer.write(near.score)
            }
        }
        writer.write(voted)
        writer.write(inTime)
        writer.write(votedInTime)
        writer.write(claimed)
        writer.write(kin)
        return writer.bytes
    }

    init(decoding bytes: [UInt8], of id: ServiceID) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: Self.layout)
        if try reader.readBool() { announced = try reader.readAnnounced(of: id) }
        functions = try reader.readArray { reader throws(CorruptState) in try reader.readWord() }
        guard functions.count <= Limits.functionsPerService else {
            throw CorruptState("service of \(functions.count) functions")
        }
        recent = try reader.readArray { reader throws(CorruptState) in
            try reader.readRecentSlot()
        }
        guard recent.allSatisfy({ functions.indices.contains($0.function) }) else {
            throw CorruptState("slot of a function beyond the \(functions.count) there are")
        }
        outcomes = try reader.readOutcomes()
        if try reader.readBool() { demand = try reader.readDemand() }
        if try reader.readBool() {
            newest = Facts(
                slotStartMs: try reader.readInt64(in: StateLimits.timesMs),
                trigger: try reader.readOptionalWord(),
                memoryMb: try reader.readDouble(in: 0...FieldLimits.memoryMbMax),
                deadlineMs: try reader.readOptionalDouble(in: 0...FieldLimits.durationMsMax))
        }
        for _ in 0..<(try reader.readUInt()) {
            let function = try reader.readWord()
            clusters[function] = Membership(
                cluster: Cluster(
                    modelVersion: try reader.readInt(in: 0...FieldLimits.versionMax),
                    number: try reader.readInt(in: 0...FieldLimits.versionMax)),
                slots: try reader.readInt(in: StateLimits.counts),
                nearest: reader.version > 2 ? try reader.readNearest() : [])
        }
        voted = Votes(
            successes: try reader.readDouble(in: StateLimits.amounts),
            weight: try reader.readDouble(in: StateLimits.amounts))
        if reader.version > 2 {
            inTime = try reader.readOutcomes()
            votedInTime = try reader.readVotes()
            claimed = try reader.readClaims()
            kin = try reader.readVotes()
        }
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
        write(slot.foretold.rate)
        write(slot.foretold.strength)
        for way in OutcomeMemory.Way.allCases { write(slot.foretold.byWay[way.rawValue]) }
        write(slot.foretold.ownStrength)
        write(slot.baseline)
        write(slot.isNew)
        write(slot.inTime != nil)
        guard let inTime = slot.inTime else { return }
        write(inTime)
        for way in OutcomeMemory.Way.allCases { write(slot.foretold.inTimeByWay[way.rawValue]) }
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
        write(demand.hours.codes) { $0.write(UInt64($1)) }
        for loss in demand.hours.skill.losses { write(loss) }
        write(demand.hours.skill.count)
    }
}

extension StateReader {
    fileprivate mutating func readAnnounced(
        of id: ServiceID
    ) throws(CorruptState) -> ServiceAnnounced {
        let trigger = try readWord()
        let runtime = try readWord()
        let memoryMb = try readDouble(in: 0...FieldLimits.memoryMbMax)
        let deadlineMs = try readDouble(in: 0...FieldLimits.durationMsMax)
        let expected = try readOptionalDouble(in: StateLimits.amounts)
        let tier = try readString()
        guard let tier = Tier(rawValue: tier) else {
            throw CorruptState("tier \"\(tier)\" of a service is none we know")
        }
        return ServiceAnnounced(
            customer: id.customer, service: id.service, trigger: trigger, runtime: runtime,
            memoryMb: memoryMb, deadlineMs: deadlineMs, expectedInvocationsPerDay: expected,
            tier: tier, successTarget: try readOptionalDouble(in: 0...1))
    }

    fileprivate mutating func readRecentSlot() throws(CorruptState) -> ServiceState.RecentSlot {
        var slot = ServiceState.RecentSlot(
            startMs: try readInt64(in: StateLimits.timesMs),
            function: try readInt(in: 0...Limits.functionsPerService),
            correction: try readInt(in: 0...FieldLimits.versionMax),
            successes: try readInt(in: StateLimits.counts),
            outcomes: try readInt(in: StateLimits.counts),
            cpuMs: try readDouble(in: StateLimits.amounts), foretold: try readForetold(),
            baseline: try readDouble(in: 0...1), isNew: try readBool())
        try check(slot.successes, outOf: slot.outcomes)
        guard version > 2, try readBool() else { return slot }
        let inTime = try readInt(in: StateLimits.counts)
        try check(inTime, outOf: slot.successes)
        slot.inTime = inTime
        for way in OutcomeMemory.Way.allCases {
            slot.foretold.inTimeByWay[way.rawValue] = try readFloat(in: 0...1)
        }
        return slot
    }

    private mutating func readForetold() throws(CorruptState) -> ServiceState.Foretold {
        let rate = try readDouble(in: 0...1)
        var foretold = ServiceState.Foretold(
            rate: rate, strength: 1, byWay: SIMD4(repeating: 0.5), ownStrength: 2)
        // Layout 1 held no more.
        guard version > 1 else { return foretold }
        foretold.strength = try readFloat(in: Self.strengths)
        for way in OutcomeMemory.Way.allCases {
            foretold.byWay[way.rawValue] = try readFloat(in: 0...1)
        }
        foretold.ownStrength = try readFloat(in: Self.strengths)
        return foretold
    }

    private static var strengths: ClosedRange<Float> { 0...1e12 }

    fileprivate mutating func readNearest() throws(CorruptState) -> [ServiceState.Near] {
        let nearest = try readArray { reader throws(CorruptState) in
            ServiceState.Near(
                service: ServiceID(
                    customer: try reader.readWord(), service: try reader.readWord()),
                score: try reader.readFloat(in: -1...1))
        }
        guard nearest.count <= Limits.nearestPerFunction else {
            throw CorruptState("\(nearest.count) services like a function's")
        }
        return nearest
    }

    fileprivate mutating func readDemand() throws(CorruptState) -> DemandHistory {
        var demand = DemandHistory(firstSlotMs: 0)
        demand.openHour = try readInt64(in: 0...StateLimits.timesMs.upperBound / Clock.hourMs)
        demand.openCount = try readAmount()
        demand.openExposure = try readAmount()
        demand.levelCount = try readAmount()
        demand.levelExposure = try readDoubles(24)
        demand.profileCount = try readDoubles(24)
        demand.profileExposure = try readDoubles(24)
        demand.weekCount = try readDoubles(7)
        demand.weekExposure = try readDoubles(7)
        demand.cpuMs = try readAmount()
        demand.cpuInvocations = try readAmount()
        demand.hourly = try readDispersion()
        demand.daily = try readDispersion()
        demand.dayCount = try readAmount()
        demand.dayExpected = try readAmount()
        demand.hoursSeen = try readAmount()
        demand.slots = try readInt(in: StateLimits.counts)
        if version >= 2 { demand.hours = try readHours() }
        return demand
    }

    private mutating func readHours() throws(CorruptState) -> HourlyDemand {
        var hours = HourlyDemand()
        let codes = try readArray { reader throws(CorruptState) in try reader.readUInt() }
        guard codes.count <= hours.slotsKept, codes.allSatisfy({ $0 <= UInt16.max }) else {
            throw CorruptState("\(codes.count) hours, or one beyond \(UInt16.max) steps")
        }
        hours.codes = codes.map { UInt16($0) }
        let amounts: ClosedRange<Float> = 0...1e9
        for i in hours.skill.losses.indices {
            hours.skill.losses[i] = try readFloat(in: amounts)
        }
        hours.skill.count = try readFloat(in: amounts)
        return hours
    }

    private mutating func readDispersion() throws(CorruptState) -> Dispersion {
        // Squares of amounts; what strays less than chance would is negative.
        Dispersion(
            strayed: try readDouble(in: -1e40...1e40), squares: try readDouble(in: 0...1e40),
            count: try readAmount())
    }

    private mutating func readAmount() throws(CorruptState) -> Double {
        try readDouble(in: StateLimits.amounts)
    }

    private mutating func readDoubles(_ count: Int) throws(CorruptState) -> [Double] {
        var values: [Double] = []
        for _ in 0..<count { values.append(try readAmount()) }
        return values
    }
}
