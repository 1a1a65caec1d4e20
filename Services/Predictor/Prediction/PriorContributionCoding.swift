internal import Processing
internal import Topics

extension PriorContribution {
    /// The second has mixtures of rates, and what the days taught of demand.
    static let layout: UInt8 = 2

    var encoded: [UInt8] {
        var writer = StateWriter(version: Self.layout)
        writer.write(successes)
        writer.write(outcomes)
        writer.write(UInt64(RateGrid.count))
        writer.write(triggers) { writer, trigger in
            writer.write(trigger.name)
            writer.write(trigger.votes)
            writer.write(trigger.mixture.services)
            for value in trigger.mixture.sums { writer.write(value) }
            writer.write(trigger.voteStrength)
            writer.write(trigger.busyness.services)
            writer.write(trigger.busyness.rates)
            writer.write(trigger.busyness.logRates)
            writer.write(trigger.busyness.cpuServices)
            writer.write(trigger.busyness.logCPUMs)
            writer.write(trigger.season)
            for value in trigger.busyness.doublings { writer.write(value) }
        }
        writer.write(customers) { writer, customer in
            writer.write(customer.group.trigger)
            writer.write(customer.group.customer)
            writer.write(customer.votes)
        }
        writer.write(clusters) { writer, cluster in
            writer.write(cluster.cluster.modelVersion)
            writer.write(cluster.cluster.number)
            writer.write(cluster.season)
        }
        writer.write(losses)
        writer.write(demand)
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(CorruptState) {
        var reader = try StateReader(bytes, newest: Self.layout)
        successes = try reader.readInt(in: StateLimits.counts)
        outcomes = try reader.readInt(in: StateLimits.counts)
        guard successes <= outcomes else {
            throw CorruptState("\(successes) successes of \(outcomes) outcomes")
        }
        // Layout 1 held a likelihood for each of these instead of a mixture.
        let grid = Int(clamping: try reader.readUInt())
        let expected = reader.version == 1 ? Self.strengthsOfLayout1 : RateGrid.count
        guard grid == expected else {
            throw CorruptState("prior has \(grid) rates, expected \(expected)")
        }
        triggers = try reader.readArray { reader throws(CorruptState) in
            try reader.readTrigger()
        }
        customers = try reader.readArray { reader throws(CorruptState) in
            Customer(
                group: .init(trigger: try reader.readWord(), customer: try reader.readWord()),
                votes: try reader.readVotes())
        }
        clusters = try reader.readArray { reader throws(CorruptState) in
            ClusterSeason(
                cluster: Cluster(
                    modelVersion: try reader.readInt(in: 0...FieldLimits.versionMax),
                    number: try reader.readInt(in: 0...FieldLimits.versionMax)),
                season: try reader.readSeason())
        }
        if reader.version > 1 { losses = try reader.readLosses() }
        if reader.version >= 2 { demand = try reader.readDemandContribution() }
        try reader.finish()
    }

    fileprivate static let strengthsOfLayout1 = 15
}

extension StateWriter {
    mutating func write(_ losses: MemoryLosses) {
        for sums in losses.sums {
            for way in OutcomeMemory.Way.allCases { write(sums[way.rawValue]) }
        }
    }
}

extension StateReader {
    mutating func readLosses() throws(CorruptState) -> MemoryLosses {
        var losses = MemoryLosses()
        for age in losses.sums.indices {
            for way in OutcomeMemory.Way.allCases {
                losses.sums[age][way.rawValue] = try readInt64(in: MemoryLosses.range)
            }
        }
        return losses
    }
}

extension StateWriter {
    fileprivate mutating func write(_ votes: Votes) {
        write(votes.successes)
        write(votes.weight)
    }

    fileprivate mutating func write(_ season: SeasonVotes) {
        write(season.services)
        for value in season.factors { write(value) }
    }
}

extension StateReader {
    fileprivate mutating func readTrigger() throws(CorruptState) -> PriorContribution.Trigger {
        var trigger = PriorContribution.Trigger(name: try readWord())
        trigger.votes = try readVotes()
        if version == 1 {
            for _ in 0..<PriorContribution.strengthsOfLayout1 { _ = try readSum() }
            _ = try readAmount()
            trigger.voteStrength = try readAmount()
            _ = try readAmount()
        } else {
            trigger.mixture.services = try readAmount()
            for i in trigger.mixture.sums.indices { trigger.mixture.sums[i] = try readAmount() }
            trigger.voteStrength = try readAmount()
        }
        trigger.busyness.services = try readAmount()
        trigger.busyness.rates = try readAmount()
        trigger.busyness.logRates = try readSum()
        trigger.busyness.cpuServices = try readAmount()
        trigger.busyness.logCPUMs = try readSum()
        trigger.season = try readSeason()
        if version >= 2 {
            for i in trigger.busyness.doublings.indices {
                trigger.busyness.doublings[i] = try readAmount()
            }
        }
        return trigger
    }

    fileprivate mutating func readVotes() throws(CorruptState) -> Votes {
        let votes = Votes(successes: try readAmount(), weight: try readAmount())
        guard votes.successes <= votes.weight * (1 + 1e-9) else {
            throw CorruptState("\(votes.successes) votes for success of \(votes.weight)")
        }
        return votes
    }

    fileprivate mutating func readSeason() throws(CorruptState) -> SeasonVotes {
        var season = SeasonVotes()
        season.services = try readAmount()
        for hour in season.factors.indices { season.factors[hour] = try readAmount() }
        return season
    }

    private static let amountMax = 1e18

    /// A number of something; another partition's, so it is not taken on trust.
    private mutating func readAmount() throws(CorruptState) -> Double {
        try readDouble(in: 0...Self.amountMax)
    }

    /// Of logarithms.
    private mutating func readSum() throws(CorruptState) -> Double {
        try readDouble(in: -Self.amountMax...Self.amountMax)
    }
}
