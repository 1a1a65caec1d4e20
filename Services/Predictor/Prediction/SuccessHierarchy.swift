internal import Foundation
internal import Numerics

/// Success by group: fleet, then trigger, then customer within the trigger, then service.
///
/// Each level's mean is shrunk to its parent's, and a group's services count about alike, however
/// many requests they had. How far the levels differ is fitted by the marginal likelihood of
/// beta-binomials on a grid.
struct SuccessHierarchy {
    struct Group: Hashable, Comparable {
        var trigger: String
        var customer: String
        static func < (a: Self, b: Self) -> Bool {
            (a.trigger, a.customer) < (b.trigger, b.customer)
        }
    }

    /// Votes that a trigger's mean is shrunk to the fleet's by.
    static let triggerStrength = 5.0
    /// Candidates for the strength of a level: outcomes that the parent's mean is worth.
    static let strengths: [Double] = (0..<15).map { exp(-1.2 + 0.5 * Double($0)) }
    /// Services whose likelihood weighs in every trigger, from the whole fleet.
    private static let sharedServices = 50.0

    /// In nats: two standard errors of the strength.
    private static let nearlyAsLikely = 2.0

    private let fleet: Votes
    private let triggers: [String: Votes]
    private let customers: [Group: Votes]
    /// Votes that a customer's mean within a trigger is shrunk to the trigger's by.
    private let customerStrength: Double
    /// By trigger: outcomes that a customer's mean is worth for one service of it.
    private let serviceStrengths: [String: Double]
    private let sharedStrength: Double

    /// - Parameter likelihood: by trigger (G), as `logLikelihoods` gives it, and of how many
    /// services.
    init(
        triggers: [String: Votes], customers: [Group: Votes],
        likelihood: [String: (logs: [Double], services: Double)]
    ) {
        self.triggers = triggers
        self.customers = customers
        let fleet = triggers.sorted { $0.key < $1.key }.reduce(Votes()) { $0 + $1.value }
        self.fleet = fleet
        customerStrength = Self.best(
            Self.strengths.map { strength in
                customers.sorted { $0.key < $1.key }.reduce(0) { sum, entry in
                    let mean = Self.mean(of: triggers[entry.key.trigger] ?? Votes(), in: fleet)
                    let prior = BetaDistribution(mean: mean, strength: strength)
                    let votes = entry.value
                    return sum
                        + prior.logLikelihood(
                            successes: votes.successes, failures: votes.weight - votes.successes)
                }
            })
        let sorted = likelihood.sorted { $0.key < $1.key }
        let services = sorted.reduce(0) { $0 + $1.value.services }
        let all = sorted.reduce(into: Array(repeating: 0.0, count: Self.strengths.count)) {
            for i in $0.indices { $0[i] += $1.value.logs[i] }
        }
        sharedStrength = Self.best(all, tolerance: Self.nearlyAsLikely)
        let share = services > 0 ? min(1, Self.sharedServices / services) : 0
        serviceStrengths = likelihood.mapValues { trigger in
            Self.best(
                zip(trigger.logs, all).map { $0 + share * $1 }, tolerance: Self.nearlyAsLikely)
        }
    }

    /// What is known of a service's success before its own outcomes.
    ///
    /// - Parameter vote: the service's own in the groups' votes: it must not tell itself what it
    ///   already knows.
    func prior(_ group: Group, without vote: Votes = Votes()) -> SuccessPrior {
        prior(group, without: vote, serviceStrength: serviceStrength(group.trigger))
    }

    /// Outcomes that a customer's mean is worth for one of its services.
    func serviceStrength(_ trigger: String) -> Double {
        serviceStrengths[trigger] ?? sharedStrength
    }

    /// How likely a service's outcomes are, for each candidate of `strengths`.
    func logLikelihoods(
        _ group: Group, without vote: Votes, successes: Double, failures: Double
    ) -> [Double] {
        Self.strengths.map {
            prior(group, without: vote, serviceStrength: $0).distribution
                .logLikelihood(successes: successes, failures: failures)
        }
    }

    private func prior(
        _ group: Group, without vote: Votes, serviceStrength: Double
    ) -> SuccessPrior {
        let ofTrigger = (triggers[group.trigger] ?? Votes()) - vote
        let ofCustomer = (customers[group] ?? Votes()) - vote
        let triggerMean = Self.mean(of: ofTrigger, in: fleet - vote)
        let known = ofCustomer.weight + customerStrength
        let mean = (ofCustomer.successes + customerStrength * triggerMean) / known
        // Total variance: the service's around its customer's mean, and the mean's own. In units of
        // mean (1 - mean) a beta of strength M has variance 1 / (M + 1).
        let within = 1 / (serviceStrength + 1)
        let spread = within + (1 - within) / (known + 1)
        let level: Level =
            ofCustomer.weight >= customerStrength
            ? .customer : ofTrigger.weight >= Self.triggerStrength ? .trigger : .fleet
        let rates = SuccessPrior.rates
        return SuccessPrior(
            distribution: BetaDistribution(
                mean: min(max(mean, rates.lowerBound), rates.upperBound), strength: 1 / spread - 1),
            level: level)
    }

    private static func mean(of trigger: Votes, in fleet: Votes) -> Double {
        // Before anything is known: as good as not, by one vote.
        let fleetMean = (fleet.successes + 0.5) / (fleet.weight + 1)
        return (trigger.successes + triggerStrength * fleetMean)
            / (trigger.weight + triggerStrength)
    }

    /// Of strengths as likely as the likeliest, nearly, the weakest: an interval too wide is the
    /// lesser error. Before any service was seen 2 is likely, give or take a factor of 7.
    private static func best(_ logs: [Double], tolerance: Double = 0) -> Double {
        let scores = zip(strengths, logs).map { strength, likelihood in
            let distance = log(strength / 2) / 2
            return likelihood - distance * distance / 2
        }
        let highest = scores.max() ?? 0
        return strengths[scores.firstIndex { $0 >= highest - tolerance } ?? 0]
    }
}
