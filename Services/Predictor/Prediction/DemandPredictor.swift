public import Topics

/// The stage's demand by day without the line: counts by hour of services of one class, in one partition
/// that holds them all. What `evaluate` judges.
public struct DemandPredictor {
    private var services: [ServiceState]
    private var demand = DemandContribution()
    private var prior = FleetPrior([])

    public init(services count: Int) {
        services = Array(repeating: ServiceState(), count: count)
    }

    /// - Parameters:
    ///   - service: its number, from 0.
    ///   - hour: since 1970; the service begins with the first, and hours come in order.
    public mutating func learn(service: Int, hour: Int64, invocations: Int) {
        let startMs = hour * Clock.hourMs
        if services[service].demand == nil {
            services[service].demand = DemandHistory(firstSlotMs: startMs)
        }
        services[service].demand?.learn(invocations: invocations, cpuMs: 0, slotStartMs: startMs)
    }

    /// A day is over: what the fleet says is fitted anew.
    /// - Parameter hour: the first that is not known, at a day's beginning.
    public mutating func closeDay(before hour: Int64) {
        let known = services.indices.filter { services[$0].demand != nil }
        for index in known { services[index].demand?.learnHours(before: hour) }
        var taught = known.compactMap { index in
            services[index].demand.map { (trigger: Self.trigger, demand: $0) }
        }
        demand.learnDay(before: hour, of: &taught, model: prior.hourly)
        for (index, one) in zip(known, taught) { services[index].demand = one.demand }
        var contribution = PriorContribution(
            of: taught.map { one in
                PriorContribution.Part(
                    group: .init(trigger: Self.trigger, customer: ""), successesEver: 0,
                    outcomesEver: 0, demand: one.demand, cluster: nil)
            }, beside: [])
        contribution.demand = demand
        prior = FleetPrior([contribution])
        prior.take(FleetDemand([demand]))
    }

    /// What is foretold of the 28 days from `hour` on, each with its 90 % interval, and the chance to be
    /// among the busiest tenth after them; nil of services that are as old.
    public func outlook(
        service: Int, hour: Int64
    ) -> (days: Prediction.DailyForecast, popularChance: Double?) {
        let state = services[service]
        let forecast = state.forecast(untilMs: hour * Clock.hourMs, prior: prior)
        let plan = DemandPlan(
            forecast, hourly: state.hours(before: hour), model: prior.hourly, firstHour: hour,
            weekOfYear: prior.weekOfYear(trigger: Self.trigger))
        return (plan.days, state.popularChance(forecast, prior: prior))
    }

    /// Nobody says what invokes them.
    private static let trigger = ""
}
