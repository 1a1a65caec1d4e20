public import Topics

/// The stage's success rates without the line: outcomes one by one, of one partition that holds all
/// services. What `evaluate` judges.
public struct SuccessPredictor {
    private var services: [ServiceID: Known] = [:]
    private var losses = MemoryLosses()
    private var contribution = PriorContribution()
    private var prior = FleetPrior([])

    private struct Known {
        var outcomes = OutcomeHistory()
        var trigger: String
        var voted = Votes()
    }

    public init() {}

    /// - Parameters:
    ///   - trigger: the class of the run that ended; services are of that of their last one.
    ///   - foretold: what was said of it at its start.
    public mutating func learn(
        isSuccess: Bool, of id: ServiceID, trigger: String, atMs: Int64, foretold: ForetoldByWay
    ) {
        var known = services[id] ?? Known(trigger: trigger)
        known.trigger = trigger
        losses.add(
            foretold.rates, age: MemoryLosses.age(outcomes: known.outcomes.outcomesEver),
            successes: isSuccess ? 1 : 0, outcomes: 1)
        known.outcomes.learn(successes: isSuccess ? 1 : 0, outcomes: 1, slotStartMs: atMs)
        services[id] = known
    }

    /// What the fleet says is fitted anew, as the stage does every hour of event time.
    /// - Parameter hours: since the last time.
    public mutating func contribute(hours: Double) {
        losses.fade(hours: hours)
        let parts = services.sorted { $0.key < $1.key }.map { id, known in
            PriorContribution.Part(
                group: group(id, known.trigger), successesEver: known.outcomes.successesEver,
                outcomesEver: known.outcomes.outcomesEver, demand: DemandHistory(firstSlotMs: 0),
                cluster: nil)
        }
        contribution = PriorContribution(of: parts, losses: losses, beside: [])
        prior = FleetPrior([contribution])
        let votes = Dictionary(
            uniqueKeysWithValues: contribution.success.triggers.map { ($0.name, $0.voteStrength) })
        for (id, known) in services {
            guard let strength = votes[known.trigger] else { continue }
            services[id]?.voted = Votes(
                ofServiceWith: Double(known.outcomes.successesEver),
                of: Double(known.outcomes.outcomesEver), strength: strength)
        }
    }

    /// - Parameter trigger: the class of the run that starts.
    public func forecast(of id: ServiceID, trigger: String, atMs: Int64) -> SuccessForecast {
        let (prior, known) = known(of: id, trigger)
        let age = MemoryLosses.age(outcomes: known.outcomesEver)
        return SuccessForecast(
            SuccessEstimate(
                prior, known.memory, atMs: atMs, drift: known.drift,
                weights: self.prior.memoryWeights[age]))
    }

    /// What each way of forgetting says by itself, for `learn`.
    public func foretold(of id: ServiceID, atMs: Int64) -> ForetoldByWay {
        let known = services[id]?.outcomes ?? OutcomeHistory()
        return ForetoldByWay(rates: known.memory.rates(atMs: atMs, drift: known.drift))
    }

    private func known(of id: ServiceID, _ trigger: String) -> (SuccessPrior, OutcomeHistory) {
        let known = services[id]
        // Its vote is in the group of its last run.
        let vote = known?.trigger == trigger ? known?.voted : nil
        return (
            prior.success.prior(group(id, trigger), without: vote ?? Votes()),
            known?.outcomes ?? OutcomeHistory()
        )
    }

    private func group(_ id: ServiceID, _ trigger: String) -> SuccessHierarchy.Group {
        .init(trigger: trigger, customer: id.customer)
    }
}

/// What each way of forgetting said of a run at its start.
public struct ForetoldByWay: Sendable {
    let rates: SIMD4<Float>
}

/// A success rate that is foretold, with what is known of it.
public struct SuccessForecast: Sendable {
    /// Of the next run.
    public let rate: Double
    /// By how much one more outcome is expected to lower the log-loss of each later one, in nats.
    public let gainOfOneMore: Double
    private let distribution: RateDistribution

    init(_ estimate: SuccessEstimate) {
        distribution = estimate.distribution
        rate = min(
            max(distribution.mean, SuccessPrior.rates.lowerBound), SuccessPrior.rates.upperBound)
        gainOfOneMore = estimate.gainOfOneMore
    }

    /// How likely at most `successes` of the next `outcomes` are.
    public func cumulative(successes: Int, of outcomes: Int) -> Double {
        distribution.cumulative(successes: successes, of: outcomes)
    }
}
