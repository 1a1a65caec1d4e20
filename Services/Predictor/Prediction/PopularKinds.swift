internal import Foundation
internal import Processing
internal import Topics

/// When services of a kind are busy: of a trigger, or of a cluster of functions.
public struct KindDemand: Equatable, Sendable {
    public enum Kind: String, Sendable { case trigger, cluster }
    public enum Season: String, Sendable, CaseIterable {
        case hourOfDay = "hour_of_day"
        case dayOfWeek = "day_of_week"
        case weekOfYear = "week_of_year"
    }

    public var partition: Int32
    public var kind: Kind
    /// A trigger's name, or a cluster as `version/number`.
    public var name: String
    public var season: Season
    /// An hour from 0, a day from Monday = 0, a week from 0.
    public var position: Int
    /// Of all its services together.
    public var invocationsPerHour: Double
    public var services: Int
    public var asOfMs: Int64
}

/// Sums over the services of a kind.
private struct KindSums {
    var services = 0
    var hours = Array(repeating: 0.0, count: 24)
    var days = Array(repeating: 0.0, count: 7)
    /// Of the present week, or what there is of it.
    var level = 0.0

    mutating func add(_ demand: DemandHistory) {
        services += 1
        for hour in 0..<24 where demand.profileExposure[hour] > 0 {
            hours[hour] += demand.profileCount[hour] / demand.profileExposure[hour]
        }
        for day in 0..<7 where demand.weekExposure[day] > 0 {
            days[day] += demand.weekCount[day] / demand.weekExposure[day]
        }
        level += demand.hours.lastWeekMean
    }
}

extension HourlyDemand {
    /// Of the last week's hours, or of as many as there were.
    var lastWeekMean: Double {
        let week = codes.suffix(calendar.slotsPerWeek)
        guard !week.isEmpty else { return 0 }
        return week.reduce(0) { $0 + expm1(Double($1) / Self.stepsPerUnit) } / Double(week.count)
    }
}

extension PredictorStage {
    /// Once no hour of a day can change any more: what it taught of foretelling, and who was busy.
    mutating func learnDemand(
        of ids: [ServiceID], _ effects: inout Effects<PredictorRow>
    ) -> DemandContribution {
        var learnt = own.demand
        guard let watermarkMs else { return learnt }
        let hour = (watermarkMs - Clock.correctableForMs) / Clock.hourMs
        guard hour / 24 > learnt.learntDay else { return learnt }
        // Not the prior that predictions share: that may be older than what was read since.
        var parts = others.mapValues(\.contribution.demand)
        parts[partition] = own.demand
        let demand = FleetDemand(parts.sorted { $0.key < $1.key }.map(\.value))
        let voters = ids.filter { services[$0]?.demand != nil }
        var histories = voters.compactMap { id in
            services[id].flatMap { service in
                service.demand.map { (trigger: service.trigger ?? "", demand: $0) }
            }
        }
        learnt.learnDay(before: hour, of: &histories, model: demand.model)
        for (id, history) in zip(voters, histories) {
            services[id]?.demand = history.demand
            changed.insert(Self.key(of: id))
        }
        savePopularKinds(of: voters, hour: hour, &effects)
        return learnt
    }

    private func savePopularKinds(
        of ids: [ServiceID], hour: Int64, _ effects: inout Effects<PredictorRow>
    ) {
        var triggers: [String: KindSums] = [:]
        var clusters: [String: KindSums] = [:]
        for id in ids {
            guard let service = services[id], let demand = service.demand else { continue }
            triggers[service.trigger ?? "", default: KindSums()].add(demand)
            guard let cluster = service.cluster else { continue }
            clusters["\(cluster.modelVersion)/\(cluster.number)", default: KindSums()]
                .add(demand)
        }
        for (kind, all) in [(KindDemand.Kind.trigger, triggers), (.cluster, clusters)] {
            let busiest = all.sorted {
                ($1.value.level, $0.key) < ($0.value.level, $1.key)
            }.prefix(Limits.kinds)
            for (name, sums) in busiest {
                for row in rows(kind, name, sums, hour: hour) { effects.save(.kind(row)) }
            }
        }
    }

    private func rows(
        _ kind: KindDemand.Kind, _ name: String, _ sums: KindSums, hour: Int64
    ) -> [KindDemand] {
        let values: [(KindDemand.Season, Int, Double)] =
            sums.hours.enumerated().map { (.hourOfDay, $0, $1) }
            + sums.days.enumerated().map { (.dayOfWeek, $0, $1) }
            + [(.weekOfYear, Clock.weekOfYear(hour: hour - 1), sums.level)]
        return values.map { season, position, value in
            KindDemand(
                partition: partition, kind: kind, name: name, season: season,
                position: position, invocationsPerHour: significant(value),
                services: sums.services, asOfMs: hour * Clock.hourMs)
        }
    }
}
