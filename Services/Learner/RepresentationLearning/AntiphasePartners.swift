internal import Numerics

/// Chooses, of each function of a fleet, the one whose load would share a worker best with its own.
///
/// n: functions; T: slots. What counts is what two functions would need together against what they
/// would need apart, `max_t (a + b) / (max a + max b)`, and what the past tells of it. The peak of a
/// whole history is one moment, which will not come back; so the ratio is taken of every day, in
/// slots and in hours (peaks that a worker rides out and peaks that it does not), and averaged.
/// Correlation tells less: by it noise chooses (raw Pearson captures less than random does).
///
/// Functions that rise together are no partners whatever their ratio: where all do, nothing is in
/// antiphase, and none is sold as such (`CorrelationShrinkage`).
public struct AntiphasePartners: Sendable {
    /// Shrunk hourly correlation above which two functions rise together. Less of it leaves fewer to
    /// choose among than a real fleet's loose common day warrants (PlanetLab: 0.11 on average).
    public static let correlationMax: Float = 0.15

    /// (n) nil: nothing among the others is in antiphase to it.
    public let partners: [Int?]

    /// - Parameter demand: (n, T) not negative, of one length; what is left of a day at the end is
    ///   left out, unless there is no whole day at all.
    /// - Complexity: 2 n² T additions.
    public init(demand: [[Float]], slotsPerDay: Int) {
        precondition(slotsPerDay > 0, "\(slotsPerDay) slots a day")
        let all = demand.map(\.count).min() ?? 0
        let length = all < slotsPerDay ? all : all / slotsPerDay * slotsPerDay
        let clean = demand.map {
            SeriesCleaning.filled(Array($0.prefix(length))).map { max(0, $0) }
        }
        let loads = clean.map { SharedLoad(startSlot: 0, values: $0, slotsPerDay: slotsPerDay) }
        let hours = loads.map { Array($0.hours.values[$0.hours.known]) }
        let perDay = loads.first?.hours.perDay ?? 24
        let count = hours.first?.count ?? 0
        let days = (0..<max(1, count / perDay)).map { day in
            min(count, day * perDay)..<min(count, (day + 1) * perDay)
        }
        let shrinkage = CorrelationShrinkage(hours: hours, days: days)
        let together = correlations(of: hours, over: [0..<count])
        var best: [(partner: Int?, ratio: Float)] = demand.map { _ in (nil, .infinity) }
        for i in demand.indices {
            for j in demand.indices.dropFirst(i + 1)
            where shrinkage.shrunk(together[i, j]) <= Self.correlationMax {
                guard let ratio = loads[i].ratio(with: loads[j])?.ratio else { continue }
                if ratio < best[i].ratio { best[i] = (j, ratio) }
                if ratio < best[j].ratio { best[j] = (i, ratio) }
            }
        }
        partners = best.map(\.partner)
    }
}
