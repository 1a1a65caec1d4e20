internal import Processing
internal import Topics

extension PriorContribution {
    /// The second has mixtures of rates, and what the days taught of demand; the third success in time,
    /// and how claims came out.
    static let layout: UInt8 = 3

    var encoded: [UInt8] {
        var writer = StateWriter(version: Self.layout)
        writer.write(successes)
        writer.write(outcomes)
        writer.write(UInt64(RateGrid.count))
        writer.write(success)
        writer.write(inTime)
        writer.write(triggers) { writer, trigger in
            writer.write(trigger.name)
            writer.write(trigger.busyness)
            writer.write(trigger.season)
        }
        writer.write(clusters) { writer, part in
            writer.write(part.cluster.modelVersion)
            writer.write(part.cluster.number)
            writer.write(part.season)
            writer.write(part.votes)
        }
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
        if reader.version > 2 {
            success = try reader.readRates()
            inTime = try reader.readRates()
            triggers = try reader.readArray { reader throws(CorruptState) in
                Trigger(
                    name: try reader.readWord(), busyness: try reader.readBusyness(),
                    season: try reader.readSeason())
            }
        } else {
            try readTriggersOfLayout2(&reader)
        }
        clusters = try reader.readArray { reader throws(CorruptState) in
            ClusterPart(
                cluster: Cluster(
                    modelVersion: try reader.readInt(in: 0...FieldLimits.versionMax),
                    number: try reader.readInt(in: 0...FieldLimits.versionMax)),
                season: try reader.readSeason(),
                votes: reader.version > 2 ? try reader.readVotes() : Votes())
        }
        if reader.version == 2 { success.losses = try reader.readLosses() }
        if reader.version >= 2 { demand = try reader.readDemandContribution() }
        try reader.finish()
    }

    /// Up to the second, rates and demand of a trigger were beside each other.
    private mutating func readTriggersOfLayout2(_ reader: inout StateReader) throws(CorruptState) {
        for _ in 0..<(try reader.readUInt()) {
            var rates = RateContribution.Trigger(name: try reader.readWord())
            rates.votes = try reader.readVotes()
            if reader.version == 1 {
                for _ in 0..<Self.strengthsOfLayout1 { _ = try reader.readSum() }
                _ = try reader.readAmount()
                rates.voteStrength = try reader.readAmount()
                _ = try reader.readAmount()
            } else {
                rates.mixture = try reader.readMixture()
                rates.voteStrength = try reader.readAmount()
            }
            success.triggers.append(rates)
            var trigger = Trigger(name: rates.name)
            trigger.busyness = try reader.readBusynessOfLayout2()
            trigger.season = try reader.readSeason()
            if reader.version == 2 { trigger.busyness.doublings = try reader.readDoublings() }
            triggers.append(trigger)
        }
        success.customers = try reader.readArray { reader throws(CorruptState) in
            RateContribution.Customer(
                group: .init(trigger: try reader.readWord(), customer: try reader.readWord()),
                votes: try reader.readVotes())
        }
    }

    private static let strengthsOfLayout1 = 15
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
    fileprivate mutating func write(_ rates: RateContribution) {
        write(rates.triggers) { writer, trigger in
            writer.write(trigger.name)
            writer.write(trigger.votes)
            writer.write(trigger.mixture.services)
            for value in trigger.mixture.sums { writer.write(value) }
            writer.write(trigger.voteStrength)
        }
        write(rates.customers) { writer, customer in
            writer.write(customer.group.trigger)
            writer.write(customer.group.customer)
            writer.write(customer.votes)
            writer.write(customer.claims)
        }
        write(rates.losses)
    }

    mutating func write(_ votes: Votes) {
        write(votes.successes)
        write(votes.weight)
    }

    /// Most services have nothing said of them.
    mutating func write(_ claims: ClaimRecord) {
        write(claims != ClaimRecord())
        guard claims != ClaimRecord() else { return }
        for logs in claims.logs {
            for i in logs.indices { write(logs[i]) }
        }
    }

    fileprivate mutating func write(_ busyness: BusynessVotes) {
        write(busyness.services)
        write(busyness.rates)
        write(busyness.logRates)
        write(busyness.cpuServices)
        write(busyness.logCPUMs)
        for value in busyness.doublings { write(value) }
    }

    fileprivate mutating func write(_ season: SeasonVotes) {
        write(season.services)
        for value in season.factors { write(value) }
    }
}

extension StateReader {
    fileprivate mutating func readRates() throws(CorruptState) -> RateContribution {
        var rates = RateContribution()
        rates.triggers = try readArray { reader throws(CorruptState) in
            var trigger = RateContribution.Trigger(name: try reader.readWord())
            trigger.votes = try reader.readVotes()
            trigger.mixture = try reader.readMixture()
            trigger.voteStrength = try reader.readAmount()
            return trigger
        }
        rates.customers = try readArray { reader throws(CorruptState) in
            RateContribution.Customer(
                group: .init(trigger: try reader.readWord(), customer: try reader.readWord()),
                votes: try reader.readVotes(), claims: try reader.readClaims())
        }
        rates.losses = try readLosses()
        return rates
    }

    fileprivate mutating func readMixture() throws(CorruptState) -> RateMixture {
        var mixture = RateMixture()
        mixture.services = try readAmount()
        for i in mixture.sums.indices { mixture.sums[i] = try readAmount() }
        return mixture
    }

    mutating func readClaims() throws(CorruptState) -> ClaimRecord {
        var claims = ClaimRecord()
        guard try readBool() else { return claims }
        for claimant in claims.logs.indices {
            for i in ClaimRecord.worths.indices {
                claims.logs[claimant][i] = try readDouble(in: ClaimRecord.range)
            }
        }
        return claims
    }

    fileprivate mutating func readBusyness() throws(CorruptState) -> BusynessVotes {
        var busyness = try readBusynessOfLayout2()
        busyness.doublings = try readDoublings()
        return busyness
    }

    /// Which had the doublings elsewhere.
    fileprivate mutating func readBusynessOfLayout2() throws(CorruptState) -> BusynessVotes {
        BusynessVotes(
            services: try readAmount(), rates: try readAmount(), logRates: try readSum(),
            cpuServices: try readAmount(), logCPUMs: try readSum())
    }

    fileprivate mutating func readDoublings() throws(CorruptState) -> [Double] {
        var values: [Double] = []
        for _ in 0..<BusynessVotes.doublingsCount { values.append(try readAmount()) }
        return values
    }

    mutating func readVotes() throws(CorruptState) -> Votes {
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
    fileprivate mutating func readAmount() throws(CorruptState) -> Double {
        try readDouble(in: 0...Self.amountMax)
    }

    /// Of logarithms.
    fileprivate mutating func readSum() throws(CorruptState) -> Double {
        try readDouble(in: -Self.amountMax...Self.amountMax)
    }
}
