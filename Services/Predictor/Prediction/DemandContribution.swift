internal import Processing

/// What a partition's days taught of demand. Unlike the rest of its contribution it cannot be
/// summed anew from its services, so it is carried on.
struct DemandContribution: Equatable {
    var lessons = DemandLessons()
    var years = DemandYears()
    /// The last day that was learnt, since 1970.
    var learntDay: Int64 = 0

    /// - Parameters:
    ///   - services: in order of their names; each learns how well its experts did.
    ///   - hour: all of them know every hour before it.
    mutating func learnDay(
        before hour: Int64, of services: inout [(trigger: String, demand: DemandHistory)],
        model: DemandModel
    ) {
        learntDay = hour / 24
        lessons.fade()
        let week = Clock.weekOfYear(hour: hour - 1)
        let isWeekOver = Clock.weekday(hour: hour - 1) == 6
        if isWeekOver { years.fade(week: week) }
        for i in services.indices {
            services[i].demand.hours.learnDay(by: model, &lessons)
            guard isWeekOver else { continue }
            years.vote(services[i].demand.hours, trigger: services[i].trigger, week: week)
        }
        lessons.round()
    }
}

/// What all partitions' days taught together.
struct FleetDemand {
    let model: DemandModel
    let years: DemandYears

    /// - Parameter parts: in order of their partitions.
    init(_ parts: [DemandContribution]) {
        var lessons = DemandLessons()
        var years = DemandYears()
        for part in parts {
            if !part.lessons.isEmpty { lessons += part.lessons }
            years += part.years
        }
        model = lessons.isEmpty ? .untaught : DemandModel(lessons)
        self.years = years
    }
}

extension StateWriter {
    mutating func write(_ demand: DemandContribution) {
        write(demand.learntDay)
        write(demand.lessons.days)
        write(!demand.lessons.isEmpty)
        if !demand.lessons.isEmpty {
            for number in demand.lessons.numbers.joined() { write(Float(number)) }
        }
        write(demand.years.triggers.sorted { $0.key < $1.key }) { writer, trigger in
            writer.write(trigger.key)
            for value in trigger.value.logs { writer.write(value) }
            for value in trigger.value.counts { writer.write(value) }
        }
    }
}

extension StateReader {
    mutating func readDemandContribution() throws(CorruptState) -> DemandContribution {
        var demand = DemandContribution()
        demand.learntDay = try readInt64(in: 0...StateLimits.timesMs.upperBound / Clock.dayMs)
        demand.lessons.days = try readInt(in: 0...DemandLessons.daysCounted)
        if try readBool() { try readNumbers(of: &demand.lessons) }
        let triggers = try readUInt()
        guard triggers <= UInt64(Limits.contributedTriggers) else {
            throw CorruptState("years of \(triggers) triggers")
        }
        for _ in 0..<triggers {
            let name = try readWord()
            var votes = DemandYears.Votes()
            for week in 0..<DemandYears.weeks { votes.logs[week] = try readDouble(in: -1e9...1e9) }
            for week in 0..<DemandYears.weeks { votes.counts[week] = try readDouble(in: 0...1e9) }
            demand.years.triggers[name] = votes
        }
        return demand
    }
    private mutating func readNumbers(of lessons: inout DemandLessons) throws(CorruptState) {
        var numbers = lessons.numbers
        for i in numbers.indices {
            for j in numbers[i].indices {
                numbers[i][j] = Double(try readFloat(in: -1e18...1e18))
            }
        }
        lessons.numbers = numbers
    }
}
